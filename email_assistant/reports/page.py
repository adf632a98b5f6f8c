"""The shell and the styles of all HTML pages. A page is one file, and runs no script but this project's."""

import base64
from hashlib import sha256
from typing import Any

from jinja2 import DictLoader, Environment
from markupsafe import Markup

# A page may load nothing and run only this project's script, which it allows by its hash.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
# The style of all pages.
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .7rem 0; padding: .6rem .9rem; }
summary { cursor: pointer; }
table { border-collapse: collapse; }
"""
# The style of score tables, and a cell of one as `score_table.rows` returns it.
SCORES_STYLE = """
th, td { border-bottom: 1px solid var(--line); padding: .35rem .65rem .35rem 0; text-align: right; white-space: nowrap }
td small, p small { opacity: .7; }
.best { font-weight: 700; }
.wide { overflow-x: auto; }
.note { border-left: .25rem solid #f58518; padding: .2rem .8rem; }
.plots img { max-width: 100%; }
"""
SCORES = """{% macro td(cell) %}
<td data-value="{{ cell.value }}"{% if cell.best %} class="best"{% endif %}>{{ cell.value }}\
{% if cell.interval %}<br><small>{{ cell.interval }}{{ cell.mark }}</small>{% endif %}</td>
{% endmacro %}"""
SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width">
<title>{% block title %}{% endblock %}</title>
<style>{{ shared_style }}{% block style %}{% endblock %}</style>
</head>
<body>
{% block body %}{% endblock %}
{% if script %}<script>{{ script }}</script>{% endif %}
</body>
</html>
"""


def render(template: str, script: str = "", **values: Any) -> str:
    """Render a self-contained page. Text from mails is escaped.

    Args:
        template: A jinja template that extends "shell".
        script: The script that the page may run.
        values: Values for the template.
    """
    environment = Environment(
        autoescape=True, loader=DictLoader({"shell": SHELL, "scores": SCORES, "scores.css": SCORES_STYLE})
    )
    policy = POLICY
    if script:
        digest = base64.b64encode(sha256(script.encode()).digest()).decode("ascii")
        policy += f"; script-src 'sha256-{digest}'"
    return environment.from_string(template).render(policy=policy, shared_style=STYLE, script=Markup(script), **values)
