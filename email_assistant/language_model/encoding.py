"""Conversations to token ids: the one place for training, evaluation and inference.

Ids are built segment by segment. What the chat template writes is tokenised with its control tokens;
what a person wrote is tokenised as plain text, so that '<|im_end|>' in a mail stays text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from email_assistant.errors import ModelError

# A character of the private use area stands for content while the template is rendered.
MARK = "\ue000"
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")


def request(instruction: str, context: str | None) -> str:
    """What the user's turn says: the instruction and, marked as mail programs mark quotes, the mail to answer."""
    if not context:
        return instruction
    return "\n".join([instruction, "", *(f"> {line}".rstrip() for line in context.split("\n"))])


@dataclass(frozen=True)
class TokenizedExample:
    """One training example: the prompt's ids, then the mail's and the end of its turn.

    The ids from `prompt_length` on are supervised, all others are not.
    """

    ids: list[int]
    prompt_length: int
    cut: bool = False

    @property
    def num_target_tokens(self) -> int:
        """How many ids are supervised."""
        return len(self.ids) - self.prompt_length


class ChatEncoder:
    """A tokenizer with its chat template.

    Attributes:
        end_of_turn: The id that ends the model's turn: the last supervised id of every mail.
        stop_ids: The ids at which generation stops.
        pad_id: What fills up shorter rows of a batch; masked by length, never by id.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, stop_ids: Sequence[int] = ()) -> None:
        """Find out how the template ends a turn.

        Args:
            tokenizer: With a chat template.
            stop_ids: Further ids at which the model stops, from its generation configuration.

        Raises:
            ModelError: when there is no chat template, or it ends turns without a token of its own.
        """
        if not tokenizer.chat_template:
            raise ModelError(f"{tokenizer.name_or_path}: the tokenizer has no chat template; take an instruct model")
        self.tokenizer = tokenizer
        self.end_of_turn = self._find_end_of_turn()
        self.stop_ids = frozenset([self.end_of_turn, *stop_ids])
        self.pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else self.end_of_turn

    def prompt(self, instruction: str, examples: Sequence[tuple[str, str]] = (), start: str = "") -> list[int]:
        """The ids up to where the model begins to write.

        Args:
            instruction: What the user asks for, as `request` puts it where a mail is to be answered.
            examples: Earlier turns: (instruction, mail) each.
            start: How the answer begins, written for the model.
        """
        contents = [text for example in examples for text in example] + [instruction]
        return self._render(contents) + (self.text_ids(start) if start else [])

    def example(
        self,
        instruction: str,
        email: str,
        max_length: int,
        too_long: str,
        examples: Sequence[tuple[str, str]] = (),
    ) -> TokenizedExample | None:
        """A training example of at most `max_length` ids.

        Earlier turns are left out where they leave the mail no room. A longer one is dropped (None) when
        `too_long` is 'drop', or when its prompt alone fills the length; with 'cut' its mail ends earlier,
        at the end of a sentence, and its turn ends there.
        """
        for turns in (examples, ()) if examples else ((),):
            whole = self.completed(self.prompt(instruction, turns), email)
            if len(whole.ids) <= max_length:
                return whole
        prompt = self.prompt(instruction)
        shorter = self._cut(email, max_length - len(prompt) - 1) if too_long == "cut" else []
        return TokenizedExample([*prompt, *shorter, self.end_of_turn], len(prompt), cut=True) if shorter else None

    def completed(self, prompt: list[int], email: str) -> TokenizedExample:
        """A prompt with the mail after it and the end of its turn."""
        return TokenizedExample([*prompt, *self.text_ids(email), self.end_of_turn], len(prompt))

    def text_ids(self, text: str) -> list[int]:
        """The ids of what a person wrote: never a control token."""
        encoded = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)
        return list(encoded["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        """The text of generated ids, without the end of the turn."""
        kept = [token for token in ids if token not in self.stop_ids]
        return str(self.tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _cut(self, email: str, room: int) -> list[int]:
        """The longest run of whole sentences from the mail's start that fits, else as many ids as fit."""
        ends = [match.start() for match in SENTENCE_END.finditer(email)]
        for end in reversed(ends):
            ids = self.text_ids(email[:end])
            if 0 < len(ids) <= room:
                return ids
        return self.text_ids(email)[: max(room, 0)]

    def around_instruction(self) -> tuple[str, str]:
        """What the chat template writes before an instruction, and between it and the answer."""
        before, after = self._pieces(1)
        return before, after

    def _pieces(self, turns: int) -> list[str]:
        """What the chat template writes before, between and after turns that begin with the user's."""
        roles = ("user", "assistant")
        marked = [{"role": roles[place % 2], "content": MARK} for place in range(turns)]
        rendered = self.tokenizer.apply_chat_template(marked, tokenize=False, add_generation_prompt=True)
        pieces = str(rendered).split(MARK)
        if len(pieces) != turns + 1:
            raise ModelError(f"{self.tokenizer.name_or_path}: the chat template does not show every turn as it is")
        return pieces

    def _render(self, contents: Sequence[str]) -> list[int]:
        """Ids of turns that alternate between user and assistant, beginning with the user."""
        pieces = self._pieces(len(contents))
        ids = self._template_ids(pieces[0])
        for content, piece in zip(contents, pieces[1:], strict=True):
            ids += self.text_ids(content) + self._template_ids(piece)
        return ids

    def _template_ids(self, piece: str) -> list[int]:
        return list(self.tokenizer(piece, add_special_tokens=False)["input_ids"]) if piece else []

    def _find_end_of_turn(self) -> int:
        turns = [{"role": "user", "content": MARK}, {"role": "assistant", "content": MARK}]
        rendered = str(self.tokenizer.apply_chat_template(turns, tokenize=False))
        after = self._template_ids(rendered.rpartition(MARK)[2].lstrip())
        end = after[0] if after else self.tokenizer.eos_token_id
        special = set(self.tokenizer.all_special_ids) | set(self.tokenizer.added_tokens_decoder)
        if end is None or end not in special:
            raise ModelError(f"{self.tokenizer.name_or_path}: the chat template ends a turn without a token of its own")
        return int(end)
