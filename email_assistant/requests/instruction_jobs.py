"""Mails that need an instruction by a model, and mails that no model is asked about; imports no torch."""

import re
from dataclasses import dataclass, field
from functools import cached_property

from email_assistant.configuration.schema import Summarizer
from email_assistant.requests.instructions import append_missing_facts, instruction_prefix
from email_assistant.storage.hashing import hash_of
from email_assistant.storage.records import Email

# Prompt injection: mails that try to give a language model instructions (Greshake et al. 2023, arXiv:2302.12173). The
# model is not asked about such a mail. If one is not recognized here, its instruction must still pass the checks that
# apply to every instruction: it may only say what its mail says.
_ORDERS = r"instructions?|prompts?|rules|directions|guidelines|orders|context"
_ORDERS_RU = r"инструкци\w+|указани\w+|правил\w*|промпт\w*|контекст\w*"
_BETWEEN = r"(?:\s+[\w'’]+){0,4}?\s+"
INJECTION = re.compile(
    rf"\b(?:ignore|disregard|forget|override|bypass)\b{_BETWEEN}(?:{_ORDERS})\b"
    rf"|\b(?:игнорир\w+|забудь\w*|отмени\w*|не обращай\w* внимания на)\b{_BETWEEN}(?:{_ORDERS_RU})\b"
    r"|\byou are now (?:a|an|in)\b|\bfrom now on,? you (?:are|will|must)\b"
    r"|\b(?:reveal|print|repeat) (?:your|the) system prompt"
    r"|\bты теперь\b|\bсистемн\w+ (?:промпт|сообщени)"
    # Control tokens and labels of chat templates.
    r"|<\|[a-z_]{2,20}\|>|\[/?INST\]|<</?SYS>>|^\s*#{2,3} ?(?:instruction|system|assistant|user|response)s?\b"
    r"|^\s*(?:system|assistant)\s*:",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass
class InstructionJob:
    """A mail that needs an instruction, and what was tried so far.

    Attributes:
        settings: Prompts and templates.
        email: The mail.
        basis: A hash of everything that the model's answer depends on besides the mail.
        rejections: Why answers of the model were rejected so far.
        attempts: The number of rejected answers.
        done: Whether an answer was accepted, or none will be asked for.
    """

    settings: Summarizer
    email: Email
    basis: str
    rejections: list[str] = field(default_factory=list)
    attempts: int = 0
    done: bool = False

    @cached_property
    def key(self) -> str:
        """A hash of everything that the model's answer depends on."""
        email = self.email
        return hash_of([self.basis, email["text"], email["subject"], email["to"], email["language"]])

    @cached_property
    def language(self) -> str:
        """The language of the prompt: the mail's, or English if that has no prompt."""
        return self.email["language"] if self.email["language"] in self.settings.prompts else "en"

    @cached_property
    def start(self) -> str:
        """The beginning of the instruction."""
        template, email = self.settings.starts[self.language], self.email
        return instruction_prefix(template, email["text"], email["subject"], email["to"])

    def with_missing_facts(self, answer: str, frequent: frozenset[str] = frozenset()) -> str:
        """The whole instruction: an answer, and the facts that it omits.

        Args:
            answer: The model's answer.
            frequent: Facts that are not added: see `append_missing_facts`.
        """
        template = self.settings.mentions[self.language]
        return append_missing_facts(answer, self.email["text"], template, self.settings.facts, frequent)


def speaks_to_model(text: str) -> bool:
    """Whether a mail contains text that addresses a language model rather than a person."""
    return INJECTION.search(text) is not None
