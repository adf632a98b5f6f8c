"""The HTML pages: one file each, with one style for all of them. They run no script and load nothing."""

import base64
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from email_assistant.archive.language import is_cyrillic

# The style of all pages; the page of stage=compose begins with it, too.
STYLE_FILE = Path(__file__).with_name("page.css")
TEMPLATES = Path(__file__).with_name("templates")
# A page has its own style, which the policy names by its hash, and images inside of it.
POLICY = "default-src 'none'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'"


def render(template: str, **values: Any) -> str:
    """Render a self-contained page. Text from mails is escaped.

    Args:
        template: The file's name in `templates/`.
        values: Values for the template.
    """
    environment = Environment(autoescape=True, loader=FileSystemLoader(TEMPLATES), trim_blocks=True, lstrip_blocks=True)
    environment.filters["language"] = language
    style = STYLE_FILE.read_text(encoding="utf-8")
    digest = base64.b64encode(sha256(style.encode()).digest()).decode("ascii")
    policy = Markup(POLICY.format(digest))
    return environment.get_template(template).render(policy=policy, style=Markup(style), **values)


def language(text: str) -> str:
    """The value of a `lang` attribute for the text of a mail; empty, which means unknown, unless it is Cyrillic."""
    return "ru" if is_cyrillic(text) else ""
