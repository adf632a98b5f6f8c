"""Compares the cleaner with other libraries: exact matches on three suites of replies, and errors on whole archives.

    python -m benchmarks.cleaning --shared ../shared

Other libraries are included if they are installed: pip install -r benchmarks/peers.txt. Errors on archives are counted
by simple rules that the cleaner does not use. To judge by reading, print mails chosen at random, before and after:

    python -m benchmarks.cleaning --shared ../shared --read robinson_man --mails 150 --seed 101
"""

import argparse
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from email_assistant.archive import cleaning, mime, owner, quotes, readers, signatures
from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.messages import ParsedMessage
from email_assistant.archive.parsing import parse_item

Cleaner = Callable[[str], str]
ARCHIVES: dict[str, tuple[list[str], readers.Columns]] = {
    "leech_usrp": (["patchvonbraun@gmail.com"], {}),
    "robinson_man": (["g.branden.robinson@gmail.com"], {}),
    "koenig_de_locale": (["Christian König", "Koenig, Christian", "christian.koenig@amd.com"], {}),
    "enron_shackleton": (["shackleton-s"], {}),
    "clinton_csv": ([], {"text": "raw_email", "recipient": "Name"}),
    "outlook_apple/enron_lokay.pst": (["lokay", "michelle lokay"], {}),
}
ATTRIBUTION = re.compile(
    r"^.{0,200}(?:\b(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|napisał\(?a?\)?|написала?|"
    r"пишет|писали|написав)\b.{0,80}|\d{4}.{0,80}<\S+@\S+>\s?):\s*$",
    re.IGNORECASE,
)
DATED = re.compile(r"\d{1,2}[./:-]\d{2}|\d{4}|@")
HEADER = re.compile(r"^\s*\*?(From|Von|De|От|Sent|Gesendet|Отправлено)\*?:\s", re.IGNORECASE)
FOOTER = re.compile(r"^(?:_{10,}|-- |--|\*{8,}|Sent from my .{0,30}|-{3,}\s*Original Message.*|-{5,}.*Forwarded.*)$")
WORD = re.compile(r"\w+")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--show", action="store_true", help="print the errors of this project's cleaner")
    parser.add_argument("--read", choices=ARCHIVES, help="print mails of this archive as the data stage cleans them")
    parser.add_argument("--mails", type=int, default=150)
    parser.add_argument("--seed", type=int, default=101)
    arguments = parser.parse_args()
    if arguments.read:
        _print_mails(arguments.shared / "mail", arguments.read, arguments.mails, arguments.seed)
        return
    cleaners = dict(installed())
    _suites(arguments.shared / "fixtures", cleaners, arguments.show)
    _archives(arguments.shared / "mail", cleaners, arguments.show)


def installed() -> Iterator[tuple[str, tuple[Cleaner, Cleaner]]]:
    """Yield the name of each installed cleaner, with its functions for plain text and HTML."""
    yield "email-assistant", (quotes.own_words, lambda html: quotes.own_words(html_to_text(html)))
    for name, load in (
        ("email-reply-parser", _email_reply_parser),
        ("mail-parser-reply", _mail_parser_reply),
        ("quotequail", _quotequail),
        ("talon", _talon),
        ("unquotemail", _unquotemail),
    ):
        try:
            yield name, load()
        except ImportError as error:
            print(f"{name}: not installed ({error})")


def visible(html: str) -> str:
    """The whole text of an HTML mail, quotes included, for cleaners of plain text."""
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(html, preserve_formatting=True, main_content=False, links=False))


def _email_reply_parser() -> tuple[Cleaner, Cleaner]:
    from email_reply_parser import EmailReplyParser

    return EmailReplyParser.parse_reply, lambda html: EmailReplyParser.parse_reply(visible(html))


def _mail_parser_reply() -> tuple[Cleaner, Cleaner]:
    from mailparser_reply import EmailReplyParser
    from mailparser_reply.constants import MAIL_LANGUAGES

    def plain(text: str) -> str:
        return EmailReplyParser(languages=list(MAIL_LANGUAGES)).parse_reply(text=text) or ""

    return plain, lambda html: plain(visible(html))


def _quotequail() -> tuple[Cleaner, Cleaner]:
    import quotequail

    def plain(text: str) -> str:
        parts = quotequail.unwrap(text)
        return text if parts is None else parts.get("text_top") or ""

    def html(source: str) -> str:
        parts = quotequail.unwrap_html(source)
        return visible(source if parts is None else parts.get("html_top") or "")

    return plain, html


def _talon() -> tuple[Cleaner, Cleaner]:
    from talon import quotations

    return quotations.extract_from_plain, lambda html: visible(quotations.extract_from_html(html))


def _unquotemail() -> tuple[Cleaner, Cleaner]:
    from unquotemail import Unquote

    return (lambda text: Unquote("", text).get_text() or ""), (lambda html: visible(Unquote(html, "").get_html() or ""))


@dataclass
class Case:
    """One fixture: a text or HTML, and the expected result."""

    name: str
    source: str
    expected: str
    is_html: bool


def unquotemail_cases(folder: Path) -> Iterator[Case]:
    """Yield the fixtures of unquotemail. Of expected HTML, only the visible text is compared."""
    for path in sorted((folder / "samples").rglob("*.*")):
        expected = folder / "expecteds" / path.name
        if expected.exists():
            is_html = path.suffix == ".html"
            text = expected.read_text(encoding="utf-8", errors="replace")
            source = path.read_text(encoding="utf-8", errors="replace")
            yield Case(path.name, source, visible(text) if is_html else text, is_html)


def talon_cases(folder: Path) -> Iterator[Case]:
    """Yield the fixtures of talon with the replies that its own tests expect."""
    for path in sorted((folder / "html_replies").glob("*.html")):
        yield Case(path.name, path.read_text(encoding="utf-8"), "Hi. I am fine.\n\nThanks,\nAlex", True)
    yield Case("OLK_SRC_BODY_SECTION", (folder / "OLK_SRC_BODY_SECTION.html").read_text(), "Reply", True)
    for path in sorted((folder / "standard_replies").glob("*.eml")):
        reply = path.with_name(f"{path.stem}_reply_text")
        text = mime.parse(path.read_bytes(), path.name).text
        yield Case(path.name, text, reply.read_text() if reply.exists() else "Hello", False)


def discourse_cases(folder: Path) -> Iterator[Case]:
    """Yield the fixtures of email_reply_trimmer, whose replies have no signatures and device lines."""
    for path in sorted((folder / "emails").glob("*.txt")):
        texts = [each.read_text(encoding="utf-8") for each in (path, folder / "trimmed" / path.name)]
        yield Case(path.stem, *(text.replace("\r\n", "\n") for text in texts), is_html=False)


def _without_signature(text: str) -> str:
    """The reply without footers and signature, as the suite of email_reply_trimmer expects it."""
    return signatures.strip_signature(cleaning.strip_quotes_and_footers(text, drop_code=False).text)


def _same(left: str, right: str, is_html: bool) -> bool:
    if is_html:
        return "".join(left.split()) == "".join(right.split())
    return [line.strip() for line in left.splitlines() if line.strip()] == [
        line.strip() for line in right.splitlines() if line.strip()
    ]


def _suites(fixtures: Path, cleaners: dict[str, tuple[Cleaner, Cleaner]], show: bool) -> None:
    suites = {
        "unquotemail": list(unquotemail_cases(fixtures / "replies_unquotemail")),
        "talon": list(talon_cases(fixtures / "replies_talon")),
        "email_reply_trimmer": list(discourse_cases(fixtures / "replies_discourse")),
    }
    for name, cases in suites.items():
        print(f"\nsuite {name}, {len(cases)} replies: exact matches")
        for cleaner_name, (plain, html) in cleaners.items():
            if name == "email_reply_trimmer" and cleaner_name == "email-assistant":
                plain = _without_signature
            wrong = [case.name for case in cases if not _matches(case, html if case.is_html else plain)]
            print(f"  {cleaner_name:<20} {len(cases) - len(wrong):4}")
            if show and cleaner_name == "email-assistant":
                print(f"    not: {', '.join(wrong)}")


def _matches(case: Case, cleaner: Cleaner) -> bool:
    try:
        return _same(cleaner(case.source) or "", case.expected, case.is_html)
    except Exception as error:  # a cleaner that fails on a reply has not cleaned it
        print(f"    {case.name}: {type(error).__name__}")
        return False


def own_lines(text: str) -> list[str]:
    """The author's lines by simple rules: not marked, no attribution, and above any footer or header block."""
    lines = text.split("\n")
    kept: list[str] = []
    for index, line in enumerate(lines):
        following = next((other for other in lines[index + 1 :] if other.strip()), "")
        if FOOTER.match(line.strip() if line.strip() != "--" else "-- ") or _begins_header(lines, index):
            break
        above_quote = following.lstrip().startswith(">")
        if line.lstrip().startswith(">") or (above_quote and line.rstrip().endswith(":") and DATED.search(line)):
            continue
        if ATTRIBUTION.match(line) and DATED.search(line):
            continue
        kept.append(line)
    return kept


def _begins_header(lines: list[str], index: int) -> bool:
    return bool(HEADER.match(lines[index])) and any(HEADER.match(line) for line in lines[index + 1 : index + 3])


@dataclass
class ErrorCounts:
    """Counts over an archive.

    Attributes:
        mails: Mails with text of the author.
        empty: Mails of which nothing is left.
        attributions: Mails with an attribution left.
        quoted: Mails with a marked line left.
        own: Words of the author.
        kept: Words of the author that are left.
    """

    mails: int = 0
    empty: int = 0
    attributions: int = 0
    quoted: int = 0
    own: int = 0
    kept: int = 0

    def add(self, text: str, result: str) -> None:
        """Count one mail."""
        own = Counter(WORD.findall("\n".join(own_lines(text)).casefold()))
        result_words = Counter(WORD.findall(result.casefold()))
        lines = result.split("\n")
        self.mails += 1
        self.empty += sum(own.values()) >= 3 and not result.strip()
        self.attributions += any(ATTRIBUTION.match(line) and DATED.search(line) for line in lines)
        self.quoted += any(line.lstrip().startswith(">") for line in lines)
        self.own += sum(own.values())
        self.kept += sum((own & result_words).values())

    def row(self) -> str:
        """The shares in percent, formatted."""
        shares = [100 * count / max(1, self.mails) for count in (self.empty, self.attributions, self.quoted)]
        return "  ".join(f"{value:6.2f}" for value in [*shares, 100 * self.kept / max(1, self.own)])


def _archives(folder: Path, cleaners: dict[str, tuple[Cleaner, Cleaner]], show: bool) -> None:
    for name, (owners, columns) in ARCHIVES.items():
        mails = list(owned(folder / name, owners, columns))
        print(
            f"\narchive {name}, {len(mails)} mails of its owner, percent: empty, attribution left, '>' left; own words"
        )
        for cleaner_name, (plain, _) in cleaners.items():
            clean = _own_cleaner(mails, owners) if cleaner_name == "email-assistant" else plain
            counts = ErrorCounts()
            for mail in mails:
                result = clean(mail.text) or ""
                counts.add(mail.text, result)
                if show and cleaner_name == "email-assistant":
                    _show(mail, result)
            print(f"  {cleaner_name:<20} {counts.row()}")


def _show(mail: ParsedMessage, result: str) -> None:
    counts = ErrorCounts()
    counts.add(mail.text, result)
    if counts.empty or counts.attributions or counts.quoted or counts.kept < 0.8 * counts.own:
        print(f"--- {mail.source}: {counts}\n{mail.text[:1500]}\n--- becomes\n{result[:800]}")


def owned(path: Path, owners: list[str], columns: readers.Columns) -> Iterator[ParsedMessage]:
    """Yield the owner's messages that have text."""
    archive_owner = owner.parse_owner(owners)
    for item in readers.read([path], "auto", columns):
        mail = parse_item(item)
        if isinstance(mail, ParsedMessage) and archive_owner.wrote(mail) and mail.text.strip():
            yield mail


def _print_mails(folder: Path, name: str, count: int, seed: int) -> None:
    """Print mails chosen at random, without code, each with its text before cleaning."""
    owners, columns = ARCHIVES[name]
    mails = list(owned(folder / name, owners, columns))
    clean = _own_cleaner(mails, owners, drop_code=True)
    for mail in random.Random(seed).sample(mails, min(count, len(mails))):
        print(f"--- {mail.source}\n{mail.text}\n--- becomes\n{clean(mail.text)}")


def _own_cleaner(mails: list[ParsedMessage], owners: list[str], drop_code: bool = False) -> Cleaner:
    """Both steps of this project's cleaner. For counting, code is kept, since its words count as the owner's."""
    authors = {each.casefold() for each in owners}

    def strip(text: str) -> str:
        return cleaning.strip_quotes_and_footers(text, drop_code, authors=authors).text

    profile = signatures.learn((strip(mail.text) for mail in mails), owners)
    return lambda text: cleaning.finish(strip(text), profile)


if __name__ == "__main__":
    main()
