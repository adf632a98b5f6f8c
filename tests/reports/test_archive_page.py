from pathlib import Path

from email_assistant.archive.report_examples import UNCHANGED, ReportExample, ReportExamples
from email_assistant.reports.archive_page import removed_lines, write_page

REPORT = {
    "messages": 3,
    "kept": 1,
    "dropped": {"not_by_owner": 1, "bounce": 1},
    "owner": {"addresses": ["ada@x.example"], "names": [], "grounds": "data.owner"},
    "kinds": {"bounce": 1},
    "cuts": {"quote": 1},
    "signature": {"lines": ["<b>tel</b>"], "sign_offs": {"Ada": 3}, "boilerplate": []},
    "redactions": {},
    "languages": {"en": 1},
    "months": {"2024-05": 1},
    "words": {"up to 10": 1},
    "domains": {"y.example": 1},
    "formats": {"mbox": 1},
    "files_passed_over": [],
    "repairs": {},
}


def test_the_page_shows_reasons_and_originals_as_text(tmp_path: Path) -> None:
    example = ReportExample("s1", "Ada", "<script>alert(1)</script>", "Mine.\n> quoted <img src=x>", "Mine.")
    write_page(tmp_path / "report.html", REPORT, {"cut: quote": [example]}, [("s9", "no header")])
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "bounce (data.drop)" in page
    assert "by someone else" in page
    assert "data:image/svg+xml;base64," in page
    assert "Mine.\n<del>&gt; quoted &lt;img src=x&gt;</del>" in page
    assert "default-src 'none'" in page


def test_kept_mails_come_first_then_counts_then_what_was_dropped(tmp_path: Path) -> None:
    cut = ReportExample("s1", "Ada", "Rope", "Mine.\n> quoted", "Mine.")
    examples = {
        "bounce": [ReportExample("s2", "Daemon", "Failed", "Undelivered.", "")],
        "cut: quote": [cut],
        UNCHANGED: [ReportExample("s3", "Ada", "", "As it was.", "As it was.")],
    }
    write_page(tmp_path / "report.html", REPORT, examples, [])
    page = (tmp_path / "report.html").read_text()
    order = [
        "1 of 3 messages kept",
        "<del>&gt; quoted</del>",
        "As it was.",
        "<caption>",
        "Undelivered.",
        "&lt;b&gt;tel",
    ]
    assert sorted(order, key=page.index) == order


def test_removed_lines_are_found_where_paragraphs_were_joined() -> None:
    assert removed_lines(["one two", "three four", "> no"], ["one two three four"]) == [False, False, True]
    assert removed_lines(["all of it", ""], [""]) == [True, False]


def test_examples_do_not_depend_on_the_order() -> None:
    examples = [ReportExample(f"s{n}", "", "", f"text {n}", "") for n in range(50)]
    forwards, backwards = ReportExamples(), ReportExamples()
    for example in examples:
        forwards.offer("x", example)
    for example in reversed(examples):
        backwards.offer("x", example)
    assert forwards.by_label() == backwards.by_label()
    assert len(forwards.by_label()["x"]) == 3
