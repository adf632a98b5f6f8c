"""A mail that needs an instruction, and what was tried so far."""

from dataclasses import dataclass, field
from functools import cached_property

from email_assistant.configuration.schema import Summarizer
from email_assistant.requests.instruction_prefix import instruction_prefix
from email_assistant.requests.instructions import append_missing_facts
from email_assistant.storage.hashing import hash_of
from email_assistant.storage.records import Email


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
