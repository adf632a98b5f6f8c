import pytest

from email_assistant.archive import cleaning
from email_assistant.archive.code_blocks import strip_code

STAT = " lamp.c | 10 ++++++++--\n lamp.h |  2 ++\n 2 files changed, 10 insertions(+), 2 deletions(-)"
DIFF = (
    "diff --git a/lamp.h b/lamp.h\nindex cf622a07e9b6..41cb67db6dbc 100644\n--- a/lamp.h\n+++ b/lamp.h\n"
    "@@ -1,2 +1,4 @@\n int lamp;\n+int wick;\n+int oil;\n int shade;"
)
COMMIT = (
    "commit 5ce2b67f5e4ba0f52291f515bed0891d7a56d2ea\nAuthor: Ann Roe <ann@x.example>\n"
    "Date:   Fri Jul 28 12:28:06 2023 -0500\n\n    lamp.7: fix a word\n\n    Say who lights it."
)
MAILED = (
    "From 5ce2b67f5e4ba0f52291f515bed0891d7a56d2ea Mon Sep 17 00:00:00 2001\nFrom: Ann Roe <ann@x.example>\n"
    "Date: Fri, 28 Jul 2023 12:28:06 -0500\nSubject: [PATCH 6/6] lamp.7: fix a word that many\n readers took amiss"
)
HEAD = "From: Ann Roe <ann@x.example>\nDate: Fri, 28 Jul 2023 12:28:06 -0500\nSubject: [PATCH] lamp.7: fix a word"
TRAILERS = "Reported-by: Sam Poe <sam@x.example>\nSigned-off-by: Ann Roe <ann@x.example>"


def cleaned(text: str, *authors: str) -> str:
    return cleaning.finish(cleaning.strip_quotes_and_footers(text, drop_code=True, authors=authors).text)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (f"A wick.\n\n{TRAILERS}\n---\n{STAT}\n\n{DIFF}\n-- \n2.27.0", f"A wick.\n\n{TRAILERS}"),
        (
            f"A wick.\n---\nv2: a shorter one.\n\n{STAT}\n\n{DIFF}\n--\n2.39.2 (Apple Git-143)",
            "A wick.\n\nv2: a shorter one.",
        ),
        (f"See:\n\n{STAT}\n\nBetter?", "See:\n\nBetter?"),
        (f"See:\n\n{DIFF}\n\nBetter?\n\n- Ann", "See:\n\nBetter?\n\n- Ann"),
        (f"See:\n\n{DIFF}\n- Ann", "See:\n\n- Ann"),
        (
            " a => b/lamp.c | Bin 0 -> 12 bytes\n 1 file changed\n create mode 100644 b\n rename c => d (98%)\n\nIt "
            "is.",
            "It is.",
        ),
        ("Brighter.\n\nAnn Roe (2):\n  lamp: Trim the wick\n  lamp: Add a shade\n\n-- \n2.24.0", "Brighter."),
        ("Brighter.\n\nbase-commit: 5ce2b67f5e4ba0f52291f515bed0891d7a56d2ea\n-- \n2.24.0.rc1", "Brighter."),
        (
            "Brighter.\n\nRange-diff:\n1:  5ce2b67f5 ! 1:  41cb67db6 lamp: Trim\n2:  cf622a07e = 2:  0e7f46661 b",
            "Brighter.",
        ),
        (
            "Brighter.\n\nRange-diff against v1:\n1:  5ce2b67f5 ! 1:  41cb67db6 lamp: Trim\n    @@ lamp.c: int lamp\n"
            "     +int oil;\n    -+int wick;\n2:  cf622a07e = 2:  0e7f46661 b\n\nIs it?",
            "Brighter.\n\nIs it?",
        ),
        (
            "A picture.\n\ndiff --git a/lamp.png b/lamp.png\nnew file mode 100644\nindex 000000000000..41cb67db6dbc\n"
            "GIT binary patch\nliteral 10\nScmZQzU|?WiU|?WiU|?V;00ICM\n\nliteral 0\nHcmV?d00001\n\n-- \n2.39.2",
            "A picture.",
        ),
        (
            f"Like this?\n\n-- >8 --\n{HEAD}\n\nSay it.\n\n{DIFF}\n-- >8 --\n\nOr so?",
            "Like this?\n\nSay it.\n\nOr so?",
        ),
        (
            "Please pull.\n\nThe following changes since commit 5ce2b67f5e4ba0f5:\n\n  Trim (2022-05-03 10:15:00)\n\n"
            "are available in the Git repository at:\n\n  https://git.x.example/lamp.git tags/lamp-1\n\nfor you to "
            f"fetch changes up to 7ce2b67f5e4ba0f5:\n\n  Light (2022-05-04 10:15:00)\n\n{'-' * 64}\nOil for May.\n\n"
            f"{'-' * 64}\nAnn Roe (2):\n      Light\n      Trim\n\n{STAT}",
            "Please pull.\n\nOil for May.",
        ),
        (
            "See:\n\nchangeset:   12:5ce2b67f5e4b\nuser:        Sam Poe <sam@x.example>\ndate:        Fri Jul 28 "
            "12:28:06 2023 -0500\nsummary:     Trim\n\nSo it is done.",
            "See:\n\nSo it is done.",
        ),
        (
            f"See:\n\n{'-' * 72}\nr12 | sam | 2023-07-28 12:28:06 -0500 (Fri, 28 Jul 2023) | 2 lines\n\nTrim\n\n"
            f"{'-' * 72}\n\nSo it is done.",
            "See:\n\nSo it is done.",
        ),
        (f"Like this?\n\n{MAILED}\n\nSay who lights it.\n---\n{STAT}\n\n{DIFF}", "Like this?\n\nSay who lights it."),
        (f"Like this?\n\n-- >8 --\n{HEAD}\n\nSay who lights it.\n\n{DIFF}", "Like this?\n\nSay who lights it."),
        (f"See:\n\n{COMMIT}\n\nSo it is done.", "See:\n\nlamp.7: fix a word\n\nSay who lights it.\n\nSo it is done."),
    ],
)
def test_what_git_writes_is_cut_and_the_message_of_the_author_kept(text: str, own: str) -> None:
    assert cleaned(text) == own
    assert cleaned(text, "ann roe", "ann@x.example") == own


def test_the_message_of_another_authors_commit_is_cut() -> None:
    assert cleaned(f"See:\n\n{COMMIT}\n\nSo it is done.", "sam poe", "sam@x.example") == "See:\n\nSo it is done."
    assert cleaned(f"See:\n\n{MAILED}\n\nSay who.\n---\n{STAT}\n\nGood.", "sam@x.example") == "See:\n\nGood."


def test_a_header_of_git_does_not_begin_a_quote() -> None:
    committer = "\nCommit: Sam <sam@x.example>\nCommitDate: Fri Jul 28 13:28:06 2023 -0500\n\n"
    fuller = COMMIT.replace("Date:  ", "AuthorDate:").replace("\n\n", committer, 1)
    for block in (COMMIT, fuller, fuller.replace("Author:", "Merge: 5ce2b67 cf622a0\nAuthor:"), MAILED, HEAD):
        text = f"See:\n\n{block}\n\nSo it is done."
        assert "So it is done." in cleaning.strip_quotes_and_footers(text, drop_code=False).text


def test_a_patch_with_remarks_between_its_lines_is_cut() -> None:
    text = "@@ -1,4 +1,5 @@\n int lamp;\n+int wick;\n\nOne wick.\n\n+int oil;\n int shade;\n int end;\n\nMuch oil."
    assert cleaned(text) == "One wick.\n\nMuch oil."


def test_a_patch_is_cut_whose_context_is_all_that_is_left_below_a_remark() -> None:
    text = "@@ -1,4 +1,5 @@\n int lamp;\n+int wick;\n\nOne wick.\n\n int oil;\n int shade;\n int end;\n\nMuch oil."
    assert cleaned(text) == "One wick.\n\nMuch oil."


def test_a_blank_line_above_a_remark_is_no_line_of_the_patch() -> None:
    patch = "@@ -1,4 +1,5 @@\n int lamp;\n+int wick;\n\nOne wick.\n\n int oil;\n int shade;\n\nTwo.\n\n int end;\n"
    assert cleaned(f"{patch}\nMuch oil.") == "One wick.\n\nTwo.\n\nMuch oil."


@pytest.mark.parametrize(
    "change",
    [
        " The lamp is lit.\n-.if t \\{\\\n+.if t ft CW\n-\\}\n .TS",
        "-lamp = 1;\n+lamp = 2;",
        "...\n+/* Light the lamp, and\n+   trim the wick. */\n+int\n+light (lamp)\n+{\n...",
    ],
)
def test_a_change_without_a_header_is_cut(change: str) -> None:
    assert cleaned(f"One way:\n\n{change}\n\nOr not.") == "One way:\n\nOr not."


@pytest.mark.parametrize(
    "text", ["-5 degrees\n+3 degrees", "+bright\n-smokes\n-dear", "+1\n+ lamp\n+ oil\n+ wicks\n+ rope"]
)
def test_marks_of_an_opinion_are_not_those_of_a_change(text: str) -> None:
    assert cleaned(f"My view:\n\n{text}\n\nAnn") == f"My view:\n\n{text}\n\nAnn"


@pytest.mark.parametrize(
    "listing",
    [
        "# Light the lamp.\n    light () {\n        trim(wick);\n        fill(oil);\n    }",
        "    void light(int wick, int oil) {\n    // trim(wick);\n        wick = 3;\n        oil++;\n    }",
        '    $ cat light.sh\n    #!/bin/sh\n\n    lamp=$(find pier -name lamp)\n    trim -t "$lamp"',
        '$ cat light.sh\n#!/bin/sh\n\nlamp=$(find pier -name lamp)\n# Trim the wick before it is lit.\ntrim -t "$lamp"',
        "$ cat lit.sh\n#!/bin/sh\n\nfor lamp in $lamps\ndo\n    trim -t $lamp\ndone",
        "$ man lamp\nlamp(1)    Commands    lamp(1)\n\nName\n     lamp - lights it\n\nOil 2    May 2022    lamp(1)",
        "commit 5ce2b67f5e4ba0f52291f515bed0891d7a56d2ea (HEAD -> main)",
        "5ce2b67f5 (HEAD -> main) [lamp]: Light it.\n7ce2b6710 [lamp]: Trim the wick.\ncf622a001 Revise",
        "[1] $ type light\nlight is a function\nlight ()\n{\n    trim;\n    fill;\n}",
        '$ cat lit.sh\n#!/bin/sh\n\ncat <<EOF\nThe lamp is lit now.\nYou may go home.\nEOF\n\ntrim "$lamp"',
        "$ od -c lamp\n0000000   l   a   m   p\n*\n0000120   \\n",
        "lamps/pier.txt:Light the lamp at the end of the pier.\nlamps/mill.txt:None.\n--\nlamps/shed/1.txt-12-Trim.\n"
        "lamps/shed/1.txt:13:The oil is low.",
        "$ man -l lamp.1\nlamp(1)               General Commands Manual               lamp(1)\n\nName\n       lamp\n\n"
        + " " * 60
        + "lamp(1)",
        "[snip]\n$ light --lamp\nThe lamp is lit.",
        f"{DIFF}\n[end of snip]",
        "login: ann\n$ cat note\nthe lamp at the end of the pier is lit when the ship comes home",
    ],
)
def test_a_listing_is_cut_as_a_whole(listing: str) -> None:
    own = cleaned(f"I use this.\n\n{listing}\n\nIt trims the wick.\n\nRegards,\nAnn")
    assert own == "I use this.\n\nIt trims the wick.\n\nRegards,\nAnn"


@pytest.mark.parametrize(
    "text",
    [
        ".TP\n.I lamp\nWhat it is\n.IR <lamp.h> .\n.EX\nstruct lamp {\n    int wick;\n}\n.EE\n.IP\nNotes",
        "Try this:\ntrim(wick);\nfill(oil);\nThanks!",
        "    $ light --lamp\n    lit\n\n    and then the lamp is lit at the end of the pier",
        "    $ light --lamp\n    lit\n\n    What about lamp 2.5 (the old one)?\n\n    $ light --lamp 2.5\n    lit",
    ],
)
def test_words_around_a_listing_are_kept(text: str) -> None:
    own = cleaned(text)
    listing = "What about lamp 2.5 (the old one)?" if "?" in text else "and then the lamp is lit at the end of the pier"
    assert own == {".": text, "T": "Try this:\nThanks!", " ": listing}[text[0]]


@pytest.mark.parametrize(
    "text",
    [
        "Ann Roe (2):\n\nShe is two.",
        "The lamp | the wick\nfiles changed hands",
        "2.27.0\nis the version that I use.",
        "Please commit 5ce2b67 today.",
        "It is gone since the commit\n5ce2b67 (of May), and so is\nthe lamp.",
        "5551234 is Ann's\n5551235 is Sam's",
        "5012345a two lamps\n5012346b one wick",
        "5ce2b67f5 is fine\n7ce2b6710 should be reverted",
        "lamps/pier: light it\nlamps/mill: trim it\nlamps/shed: fill it",
        "12/5:Oil\n12/6:Wicks\n12/7:Lamps",
        "[no lamps]\n[cut glass only]",
        "From: London\nSubject: the fog",
        "- rope\n- oil\n+ a lamp",
        "--- and that was it ---",
    ],
)
def test_own_lines_like_those_of_patches_are_kept(text: str) -> None:
    assert cleaned(text) == text


@pytest.mark.parametrize(
    "session",
    [
        "thelamp /home/ann # tail /var/log/messages\ntail: cannot open '/var/log/messages': No such file or directory",
        "$ grep -A1 wick lamp.txt\nThe wick is new.\n--\nTrim the wick.",
        "ann@thelamp:~$ ls\nlamp.txt  oil.txt",
        "[ann@thelamp lamps]$ make\nmake: Nothing to be done for 'all'.",
        "[root@thelamp ~]# uptime\n 10:15:00 up 3 days",
        "root@thelamp:/etc# cat lamp\nbright",
        "# systemctl status lamp\nlamp.service - The lamp",
        "bash-5.1$ echo lamp\nlamp",
        "    $ lamp --version\n    lamp 2.0",
        "$ ./lamp\nlit",
        "mysql> SELECT wick FROM lamps;\n1 row in set",
        "(gdb) print wick\n$1 = 3",
        "PS C:\\lamps> dir\nlamp.txt",
        "C:\\lamps>dir\nlamp.txt",
        "sqlite> .tables\nlamps  wicks",
    ],
)
def test_a_command_is_cut_with_its_output(session: str) -> None:
    lines, had_code = strip_code(f"Look:\n\n{session}\n\nSo it says it twice.\n\nAnn".split("\n"))
    assert had_code
    assert [line for line in lines if line] == ["Look:", "So it says it twice.", "Ann"]


def test_a_sentence_around_a_command_is_kept() -> None:
    text = "Run\n$ make lamp\n$ make wick\nand tell me what it says."
    assert strip_code(text.split("\n"))[0] == ["Run", "and tell me what it says."]
    assert strip_code(["Run", "$ make lamp", "and tell me what it says."])[1] is False


@pytest.mark.parametrize(
    "text",
    [
        "10:15:00 I lit the lamp.\n10:20:30 It went out, and I lit it again.",
        "2014-10-06 10:15:00 we met at the pier\n2014-10-06 11:00:00 we left it",
        "[10:15:00] I came in\n[10:16:10] and went out again",
        "10:15:00 - я зажёг лампу\n10:20:30 - она погасла",
        "$ 20 for the lamp\n$ 5 for the oil",
        "# Lamps\n# Wicks",
        "50 % of the oil\n20 % of the wicks",
    ],
)
def test_own_lines_that_begin_with_a_moment_or_a_sign_are_kept(text: str) -> None:
    assert strip_code(text.split("\n")) == (text.split("\n"), False)


@pytest.mark.parametrize(
    "log",
    [
        "2014-10-06 10:15:00 INFO lamp: lit\n2014-10-06 10:15:01 ERROR lamp: out",
        "Oct  6 10:15:00 thelamp lampd[123]: lit\nOct  6 10:15:01 thelamp lampd[123]: out",
        "10:15:00.123 [main] lamp.Wick - lit\n10:15:00.124 [main] lamp.Wick - out",
        "[    1.234567] lamp: lit\n[    1.234568] lamp: out",
    ],
)
def test_logs_are_cut(log: str) -> None:
    assert strip_code(f"Look:\n\n{log}\n\nWhy?".split("\n")) == (["Look:", "", "", "Why?"], True)


@pytest.mark.parametrize(
    "text", ["sam@x.example costs $ 50\nand Tom less.", "sam@x.example has 5 % of it\nand I the rest."]
)
def test_an_address_and_a_sum_are_not_a_prompt(text: str) -> None:
    assert strip_code(text.split("\n")) == (text.split("\n"), False)
