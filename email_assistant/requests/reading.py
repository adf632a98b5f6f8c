"""How prompts word what a person typed: shorthand spelled out, orders as notes, and notes with their subjects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from email_assistant.configuration.schema import Summarizer
from email_assistant.requests.asides import without_asides, without_labels
from email_assistant.requests.orders import ORDERS_VERSION, order_as_note
from email_assistant.requests.request_form import EXAMPLES, TYPED, looks_like_order
from email_assistant.requests.shorthand import SHORTHAND_VERSION, spelled_out
from email_assistant.requests.subjects import SUBJECTS_VERSION, with_subjects
from email_assistant.requests.typed_lines import one_line
from email_assistant.storage.records import Request


@dataclass(frozen=True)
class Reading:
    """Which rules word a request anew for the model.

    Attributes:
        subjects: Whether the subjects that a note leaves out are put back.
        orders: Whether an order that a person typed is read as a note to the recipient.
        shorthand: Whether shorthand that a person typed is spelled out, and what is not for the reader left out.
    """

    subjects: bool = False
    orders: bool = False
    shorthand: bool = False

    @classmethod
    def of(cls, summarizer: Summarizer) -> Self:
        """Select them from the configuration."""
        return cls(summarizer.subjects, summarizer.orders_as_notes, summarizer.spell_out)

    def as_note(self, typed: str) -> str:
        """What a person typed on one line, its shorthand spelled out, and an order as a note, if they are read so."""
        spelled = self._spelled(typed)
        note = self._order_as_note(spelled)
        is_plain = note == spelled and not looks_like_order(note)
        return without_labels(note, self._order_as_note) if self.shorthand and is_plain else note

    def takes_for_order(self, typed: str) -> bool:
        """Whether a person typed an order, as far as the rules can tell."""
        spelled = self._spelled(typed)
        return looks_like_order(spelled) or self._order_as_note(spelled) != spelled

    def leaves(self, typed: str) -> bool:
        """Whether a person typed an order that stays one."""
        spelled = self._spelled(typed)
        return looks_like_order(spelled) and self._order_as_note(spelled) == spelled

    def worded(self, typed: str) -> str:
        """What a person typed, as the model reads it."""
        return self.with_subjects(self.as_note(typed))

    def _spelled(self, typed: str) -> str:
        line = one_line(typed)
        return spelled_out(without_asides(line)) if self.shorthand else line

    def _order_as_note(self, spelled: str) -> str:
        return order_as_note(spelled) if self.orders else spelled

    def with_subjects(self, note: str) -> str:
        """A note with the subjects that it leaves out, if they are put back."""
        return with_subjects(note) if self.subjects else note

    def instruction(self, request: Request) -> str:
        """The instruction of a request, as the model reads it. What rules and models wrote is no order by chance."""
        is_typed = request.get("method", TYPED) == TYPED
        return self.worded(request["instruction"]) if is_typed else self.with_subjects(request["instruction"])

    def versions(self) -> dict[str, int]:
        """What a key needs to know of requests that people typed: the versions of the rules in use."""
        typed = {
            **({"orders": ORDERS_VERSION} if self.orders else {}),
            **({"shorthand": SHORTHAND_VERSION} if self.shorthand else {}),
        }
        return {**typed, **self.versions_of_notes()}

    def versions_of_notes(self) -> dict[str, int]:
        """The same of notes that rules wrote."""
        return {"subjects": SUBJECTS_VERSION} if self.subjects else {}


def order_hint(requests: Iterable[str], forms: Sequence[str], reading: Reading) -> str | None:
    """What to say of orders to an adapter that was trained on rough notes only; None if there is nothing to say.

    Args:
        requests: What was typed.
        forms: The forms of request that the adapter was trained on.
        reading: How the requests are worded for the model.
    """
    orders = [request for request in requests if reading.takes_for_order(request)] if list(forms) == ["rough"] else []
    kept = [order for order in orders if reading.leaves(order)]
    if kept:
        read = "request reads like an order" if len(kept) == 1 else "requests read like orders"
        return (
            f"{len(kept)} {read} to an assistant ('ask Piers to …'). This model expects rough notes to the recipient: "
            f"'{EXAMPLES['rough']}'."
        )
    if not orders:
        return None
    return f"Orders to an assistant are read as notes to the recipient: '{reading.as_note(orders[0])}'"
