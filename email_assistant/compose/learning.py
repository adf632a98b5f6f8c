"""Whether edits of drafts are kept to learn from: as configured, or as the person answered on the page."""

from pathlib import Path
from typing import Literal

from email_assistant.archive import edits
from email_assistant.storage.atomic import write_private
from email_assistant.storage.records import Edit

ANSWER_FILE = "learn"
Learns = Literal["ask", "yes", "no"]


class Learning:
    """Keeps edits if it may.

    Attributes:
        is_fixed: Whether the configuration decides, so that the page does not ask.
    """

    def __init__(self, outputs: Path, configured: Literal["ask"] | bool) -> None:
        """Use the file of edits in a folder.

        Args:
            outputs: The folder of everything that runs write.
            configured: compose.learn.
        """
        self._outputs, self._configured = outputs, configured
        self._answer = outputs / edits.FOLDER / ANSWER_FILE
        self.is_fixed = configured != "ask"

    @property
    def state(self) -> Learns:
        """Whether edits are kept; 'ask' if nobody has said so yet."""
        if self._configured != "ask":
            return "yes" if self._configured else "no"
        answer = self._answer.read_text(encoding="utf-8").strip() if self._answer.exists() else ""
        return "yes" if answer == "yes" else "no" if answer == "no" else "ask"

    def answer(self, learns: bool) -> None:
        """Keep the person's answer, readable only by its owner; a later one replaces it."""
        self._answer.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self._answer, "yes\n" if learns else "no\n")

    def keep(self, edit: Edit) -> bool:
        """Keep an edit if that is allowed. Returns whether it was kept.

        Raises:
            DataError: If the file of edits is corrupt.
            OSError: If it cannot be written.
        """
        return self.state == "yes" and edits.keep(self._outputs, edit)
