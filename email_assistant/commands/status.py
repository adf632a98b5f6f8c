"""What is there, how old and large it is, and what would run and why; nothing is made."""

from datetime import datetime

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from email_assistant.configuration.schema import Config
from email_assistant.pipeline.context import Context
from email_assistant.pipeline.summary import age, size

# Digits of a key that tell it from others.
KEY_DIGITS = 12


def check(config: Config) -> None:
    """Nothing can be wrong before it is looked for; what is wrong is shown."""


def run(context: Context) -> None:
    """Print a line for every stage that makes an artifact."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    for heading in ("stage", "", "made", "size", "key", "why"):
        table.add_column(heading, justify="right" if heading == "size" else "left", overflow="fold")
    now = datetime.now().astimezone()
    for one in context.outlook:
        key = (one.key or "")[:KEY_DIGITS]
        if one.artifact:
            made = age(now - datetime.fromisoformat(one.artifact.manifest["made"]))
            table.add_row(one.name, "is there", made, size(one.artifact.size), key, "")
        else:
            table.add_row(one.name, "fault" if one.fault else "would run", "", "", key, escape(one.reason))
    Console(highlight=False).print(table)
