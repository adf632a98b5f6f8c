"""."""

from email_assistant.config import Config
from email_assistant.context import Context


def check(config: Config) -> None:
    """."""


def run(context: Context) -> None:
    """."""
