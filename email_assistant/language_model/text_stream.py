"""The text of a completion while its tokens arrive: whole characters, no stop sequence, no space at its ends."""

from collections.abc import Sequence

from email_assistant.language_model.encoding import ChatEncoder

# What the decoder shows for the bytes of an unfinished character.
UNFINISHED = "\ufffd"


class TextStream:
    """Turns tokens into pieces of text that are final once they are returned.

    Space at the end and what may become a stop sequence are held back until more text follows.

    Attributes:
        num_tokens: Tokens so far.
        is_stopped: Whether a stop sequence was found; it is not part of the text.
    """

    def __init__(self, encoder: ChatEncoder, stop: Sequence[str] = (), continues: bool = False) -> None:
        """Start without text.

        Args:
            encoder: Decodes the tokens.
            stop: Sequences that end the text, none empty.
            continues: Whether the text continues another one, so that space at its start counts.
        """
        self._encoder, self._stop, self._continues = encoder, tuple(stop), continues
        self._ids: list[int] = []
        self._text = ""
        self._sent = 0
        self.is_stopped = False

    @property
    def num_tokens(self) -> int:
        """Tokens so far."""
        return len(self._ids)

    def add(self, token: int, is_last: bool) -> str:
        """Add a token; returns the text that is final now, often a word, sometimes nothing."""
        self._ids.append(token)
        return self._final(self._encoder.decode(self._ids), is_last)

    def add_text(self, more: str, is_last: bool) -> str:
        """Add text that was decoded elsewhere, instead of tokens; returns the text that is final now."""
        self._text += more
        return self._final(self._text, is_last)

    def _final(self, text: str, is_last: bool) -> str:
        if not self._continues:
            text = text.lstrip()
        found = [place for place in map(text.find, self._stop) if place >= 0]
        if found:
            self.is_stopped = True
            return self._send(text[: min(found)].rstrip())
        if is_last:
            return self._send(text.rstrip())
        if text.endswith(UNFINISHED):
            return ""
        return self._send(text[: len(text) - self._held_back(text)].rstrip())

    def _send(self, text: str) -> str:
        piece = text[self._sent :]
        self._sent = max(self._sent, len(text))
        return piece

    def _held_back(self, text: str) -> int:
        """The length of the longest end of the text that begins a stop sequence."""
        return max(
            (size for stop in self._stop for size in range(1, len(stop)) if text.endswith(stop[:size])),
            default=0,
        )
