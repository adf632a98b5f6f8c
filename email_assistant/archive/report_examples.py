"""A few example messages for each reason to drop or cut one, sampled from the whole archive."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from heapq import nsmallest
from zlib import crc32

EXAMPLES_PER_LABEL = 3
# Labels of kept mails: what was cut from them, or that nothing was. Other labels are reasons to drop.
CUT, UNCHANGED = "cut: ", "kept: unchanged"
KEPT_PREFIXES = (CUT, "kept: ")


@dataclass(frozen=True)
class ReportExample:
    """A message before and after cleaning.

    Attributes:
        source: Location of the message.
        sender: Who sent it.
        subject: Its subject.
        original: Its text before cleaning, truncated.
        result: What was kept of it; empty if it was dropped.
    """

    source: str
    sender: str
    subject: str
    original: str
    result: str


def sample_numbers(sources: Iterable[tuple[int, str]]) -> frozenset[int]:
    """The numbers of the messages that `ReportExamples` would keep for one label."""
    lowest = nsmallest(EXAMPLES_PER_LABEL, ((_rank(source), number) for number, source in sources))
    return frozenset(number for _, number in lowest)


def _rank(source: str) -> int:
    return crc32(source.encode("utf-8", "surrogatepass"))


class ReportExamples:
    """Examples by label: the messages with the lowest hashes of their sources, so that samples are reproducible."""

    def __init__(self) -> None:
        """Create an empty collection."""
        self._by_label: dict[str, list[tuple[int, ReportExample]]] = {}

    def offer(self, label: str, example: ReportExample) -> None:
        """Keep an example if it belongs to the sample.

        Args:
            label: The reason to drop the message, or what was cut from it.
            example: The message.
        """
        sample = self._by_label.setdefault(label, [])
        rank = _rank(example.source)
        if len(sample) < EXAMPLES_PER_LABEL or rank < sample[-1][0]:
            sample.append((rank, example))
            sample.sort(key=lambda ranked: ranked[0])
            del sample[EXAMPLES_PER_LABEL:]

    def by_label(self, redact: Callable[[str], str] = str) -> dict[str, list[ReportExample]]:
        """The examples of each label, with `redact` applied to their texts."""
        return {
            label: [_redacted(example, redact) for _, example in sample]
            for label, sample in sorted(self._by_label.items())
        }


def _redacted(example: ReportExample, redact: Callable[[str], str]) -> ReportExample:
    return replace(
        example,
        sender=redact(example.sender),
        subject=redact(example.subject),
        original=redact(example.original),
        result=redact(example.result),
    )
