"""What is there, how old and large it is, and what would run and why; nothing is made."""

from datetime import datetime

from email_assistant.configuration.schema import Config
from email_assistant.console import age, screen, size, table
from email_assistant.pipeline.context import Context

# Digits of a key that tell it from others.
KEY_DIGITS = 12


def check(config: Config) -> None:
    """Nothing can be wrong before it is looked for; what is wrong is shown."""


def run(context: Context) -> None:
    """Print a line for every stage that makes an artifact."""
    rows = []
    now = datetime.now().astimezone()
    for one in context.statuses:
        key = (one.key or "")[:KEY_DIGITS]
        if one.artifact:
            made = age(now - datetime.fromisoformat(one.artifact.manifest["made"]))
            rows.append((one.name, "is there", made, size(one.artifact.size), key, ""))
        else:
            rows.append((one.name, "fault" if one.fault else "would run", "", "", key, one.reason))
    screen().print(table(("stage", "", "made", "size", "key", "why"), rows, right=("size",)))
