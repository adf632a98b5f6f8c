"""Conversations to token ids, the same for training, evaluation and inference.

Ids are built segment by segment. The text of the chat template is tokenized with its control tokens; text that a person
wrote is tokenized as plain text, so that '<|im_end|>' in a mail remains text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from email_assistant.errors import ModelError, reason_of

# Takes the place of content while the template is rendered: a character of the private use area.
PLACEHOLDER = "\ue000"
# The date that some templates write into every prompt: a fixed one, so that training and writing have the same prompts.
DATE = "26 Jul 2024"
FIXED_DATE = f"{{%- macro strftime_now(format) -%}}{DATE}{{%- endmacro %}}"
# Given to every template. Models that can think before they answer (Qwen3, SmolLM3, Granite) are told not to.
TEMPLATE_VALUES: dict[str, Any] = {"enable_thinking": False, "thinking": False, "date_string": DATE}
THOUGHT = ("<think>", "</think>")
# Of alternating turns.
ROLES = ("user", "assistant")
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")


@dataclass(frozen=True)
class TokenizedExample:
    """One training example: the prompt, the mail and its end-of-turn token.

    Attributes:
        ids: All token ids.
        prompt_length: The length of the prompt; all ids after it are training targets.
        cut: Whether the mail was shortened to fit.
    """

    ids: list[int]
    prompt_length: int
    cut: bool = False

    @property
    def num_target_tokens(self) -> int:
        """Number of ids that are targets of training."""
        return len(self.ids) - self.prompt_length


class ChatEncoder:
    """A tokenizer with its chat template.

    Attributes:
        tokenizer: The tokenizer of the model.
        end_of_turn: The id that ends the model's turn; the last target of every training example.
        stop_ids: Ids that end generation.
        pad_id: Pads shorter rows of a batch. Padding is masked by length, never by id.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, stop_ids: Sequence[int] = ()) -> None:
        """Determine how the template ends a turn.

        Args:
            tokenizer: A tokenizer with a chat template.
            stop_ids: Further ids that end generation, from the model's generation configuration.

        Raises:
            ModelError: when there is no chat template, or it ends turns without a special token.
        """
        if not tokenizer.chat_template:
            raise ModelError(f"{tokenizer.name_or_path}: the tokenizer has no chat template; use an instruct model")
        self.tokenizer = tokenizer
        self.end_of_turn = self._find_end_of_turn()
        self.stop_ids = frozenset([self.end_of_turn, *stop_ids])
        self.pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else self.end_of_turn

    def prompt(self, instruction: str, examples: Sequence[tuple[str, str]] = (), start: str = "") -> list[int]:
        """The ids up to where the model starts to write.

        Args:
            instruction: The user's turn.
            examples: Earlier turns: (instruction, mail) each.
            start: The beginning of the model's turn.
        """
        contents = [text for example in examples for text in example] + [instruction]
        turns = [(ROLES[index % 2], content) for index, content in enumerate(contents)]
        return self._render(turns) + (self.text_ids(start) if start else [])

    def conversation(self, turns: Sequence[tuple[str, str]], start: str = "") -> list[int]:
        """The ids of a conversation, up to where the model starts to write.

        Args:
            turns: (role, content) each; the roles are 'system', at most once and first, 'user' and 'assistant'. If the
                template has no system turn, its content precedes that of the first user's turn.
            start: The beginning of the model's turn.

        Raises:
            ModelError: when the template cannot render these roles in this order.
        """
        try:
            ids = self._render(turns)
        except (ModelError, TemplateError) as error:
            if len(turns) < 2 or turns[0][0] != "system":
                raise ModelError(f"{self.tokenizer.name_or_path}: cannot render this conversation: {error}") from error
            (_, system), (role, first), *rest = turns
            return self.conversation([(role, f"{system}\n\n{first}"), *rest], start)
        return ids + (self.text_ids(start) if start else [])

    def example(
        self,
        instruction: str,
        email: str,
        max_length: int,
        too_long: str,
        examples: Sequence[tuple[str, str]] = (),
    ) -> TokenizedExample | None:
        """A training example of at most `max_length` ids.

        Args:
            instruction: The user's turn.
            email: The model's turn.
            max_length: The maximum length in tokens.
            too_long: What to do with a longer example: 'drop' it, or 'cut' its mail at the end of a sentence.
            examples: Earlier turns: (instruction, mail) each. They are left out if they leave no room for the mail.

        Returns:
            The example; None if it is dropped, or if its prompt already fills `max_length`.
        """
        for turns in (examples, ()) if examples else ((),):
            whole = self.completed(self.prompt(instruction, turns), email)
            if len(whole.ids) <= max_length:
                return whole
        prompt = self.prompt(instruction)
        shorter = self._cut(email, max_length - len(prompt) - 1) if too_long == "cut" else []
        return TokenizedExample([*prompt, *shorter, self.end_of_turn], len(prompt), cut=True) if shorter else None

    def completed(self, prompt: list[int], email: str) -> TokenizedExample:
        """The example of a prompt and the mail that follows it."""
        return TokenizedExample([*prompt, *self.text_ids(email), self.end_of_turn], len(prompt))

    def text_ids(self, text: str) -> list[int]:
        """The ids of text that a person wrote, without control tokens."""
        encoded = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)
        return list(encoded["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        """The text of generated ids, without the end-of-turn token."""
        kept = [token for token in ids if token not in self.stop_ids]
        return str(self.tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _cut(self, email: str, room: int) -> list[int]:
        """The ids of as many whole sentences as fit from the start of the mail, or as many ids as fit."""
        ends = [match.start() for match in SENTENCE_END.finditer(email)]
        for end in reversed(ends):
            ids = self.text_ids(email[:end])
            if 0 < len(ids) <= room:
                return ids
        return self.text_ids(email)[: max(room, 0)]

    def template_around_instruction(self) -> tuple[str, str]:
        """The text of the chat template before an instruction, and between it and the model's turn."""
        before, after = self._template_pieces(["user"])
        return before, after

    def _template_pieces(self, roles: Sequence[str]) -> list[str]:
        """The text of the chat template before, between and after turns of these roles."""
        turns = [{"role": role, "content": PLACEHOLDER} for role in roles]
        pieces = self._rendered(turns, add_generation_prompt=True).split(PLACEHOLDER)
        if len(pieces) != len(roles) + 1:
            raise ModelError(
                f"{self.tokenizer.name_or_path}: the chat template changes or drops turns; use another model"
            )
        return [*pieces[:-1], _closed_thought(pieces[-1])]

    def _render(self, turns: Sequence[tuple[str, str]]) -> list[int]:
        """The ids of turns, (role, content) each."""
        pieces = self._template_pieces([role for role, _ in turns])
        ids = self._template_ids(pieces[0])
        for (_, content), piece in zip(turns, pieces[1:], strict=True):
            ids += self.text_ids(content) + self._template_ids(piece)
        return ids

    def _template_ids(self, piece: str) -> list[int]:
        return list(self.tokenizer(piece, add_special_tokens=False)["input_ids"]) if piece else []

    def _rendered(self, turns: list[dict[str, str]], add_generation_prompt: bool = False) -> str:
        """The text of the chat template with these turns."""
        try:
            template = self.tokenizer.get_chat_template()
            rendered = self.tokenizer.apply_chat_template(
                turns,
                chat_template=f"{FIXED_DATE}{template}" if "strftime_now" in template else template,
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
                **TEMPLATE_VALUES,
            )
            return str(rendered)
        except (TemplateError, TypeError, ValueError, LookupError) as error:
            name = self.tokenizer.name_or_path
            raise ModelError(f"{name}: the chat template cannot be used: {reason_of(error)}") from error

    def _find_end_of_turn(self) -> int:
        turns = [{"role": "user", "content": PLACEHOLDER}, {"role": "assistant", "content": PLACEHOLDER}]
        rendered = self._rendered(turns)
        after = self._template_ids(rendered.rpartition(PLACEHOLDER)[2].lstrip())
        end = after[0] if after else self.tokenizer.eos_token_id
        special = set(self.tokenizer.all_special_ids) | set(self.tokenizer.added_tokens_decoder)
        if end is None or end not in special:
            raise ModelError(
                f"{self.tokenizer.name_or_path}: the chat template ends turns without a special token; "
                "use an instruct model"
            )
        return int(end)


def _closed_thought(end: str) -> str:
    """The end of a prompt; if its template always begins a thought (DeepSeek-R1), with that thought left empty."""
    opening, closing = THOUGHT
    is_open = end.rfind(opening) > end.rfind(closing)
    return f"{end.rstrip()}\n\n{closing}\n\n" if is_open else end
