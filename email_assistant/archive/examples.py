"""A few messages to look at for each reason, drawn so that they come from all over the archive."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import Any
from zlib import crc32

SHOWN_EACH = 3


@dataclass(frozen=True)
class Example:
    """A message before and after.

    Attributes:
        source: Where it lies.
        sender: Who it is from.
        subject: Its subject.
        original: Its text as it lies there, cut at some length.
        result: What was kept of it; empty when it was dropped.
    """

    source: str
    sender: str
    subject: str
    original: str
    result: str


def drawn(sources: Iterable[tuple[int, str]]) -> frozenset[int]:
    """The numbers of the messages that would be drawn as examples of one label, by their names."""
    lowest = nsmallest(SHOWN_EACH, ((_rank(source), number) for number, source in sources))
    return frozenset(number for _, number in lowest)


def _rank(source: str) -> int:
    return crc32(source.encode("utf-8", "surrogatepass"))


class Examples:
    """The examples so far: those whose names hash lowest, so that the same archive shows the same ones."""

    def __init__(self) -> None:
        """Begin without any."""
        self._drawn: dict[str, list[tuple[int, Example]]] = {}

    def offer(self, label: str, record: dict[str, Any], result: str) -> None:
        """Keep a message as an example if it is drawn.

        Args:
            label: A reason, or what was cut.
            record: The message's source, sender, subject and original.
            result: What was kept of it.
        """
        drawn = self._drawn.setdefault(label, [])
        rank = _rank(record["source"])
        if len(drawn) < SHOWN_EACH or rank < drawn[-1][0]:
            fields = (record["source"], record["sender"], record["subject"], record["original"])
            drawn.append((rank, Example(*fields, result)))
            drawn.sort(key=lambda pair: pair[0])
            del drawn[SHOWN_EACH:]

    def by_label(self, hide: Callable[[str], str] = str) -> dict[str, list[Example]]:
        """The examples of each label, after `hide` has gone over their texts."""
        return {label: [_hidden(example, hide) for _, example in drawn] for label, drawn in sorted(self._drawn.items())}


def _hidden(example: Example, hide: Callable[[str], str]) -> Example:
    shown = {name: hide(getattr(example, name)) for name in ("sender", "subject", "original", "result")}
    return replace(example, **shown)
