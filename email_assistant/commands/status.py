"""Lists the artifacts with their age and size, and which stages would run and why; runs nothing."""

from datetime import datetime

from email_assistant.configuration.schema import Config
from email_assistant.console import age, screen, size, table
from email_assistant.pipeline.context import Context

# Digits of a key to show.
KEY_DIGITS = 12


def check(config: Config) -> None:
    """Check nothing: the status itself shows what is wrong."""


def run(context: Context) -> None:
    """Print a line for every stage that makes an artifact."""
    rows = []
    now = datetime.now().astimezone()
    for stage in context.statuses:
        key = (stage.key or "")[:KEY_DIGITS]
        if stage.artifact:
            time = stage.artifact.manifest.get("made")
            made = age(now - datetime.fromisoformat(time)) if time else "unknown"
            rows.append((stage.name, "cached", made, size(stage.artifact.size), key, ""))
        else:
            rows.append((stage.name, "error" if stage.is_error else "would run", "", "", key, stage.reason))
    screen().print(table(("stage", "", "made", "size", "key", "why"), rows, right=("size",)))
