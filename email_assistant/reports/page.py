"""What all pages share: they need no file beside them, and run no script but ours."""

import base64
from hashlib import sha256
from typing import Any

from jinja2 import DictLoader, Environment
from markupsafe import Markup

# Opened from a file, a page may load nothing, and run nothing but a script of ours, known by its hash.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
# What all pages share.
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .7rem 0; padding: .6rem .9rem; }
summary { cursor: pointer; }
table { border-collapse: collapse; }
"""
# What pages of scores share: a table's looks, and its cell as `score_table.rows` gives it.
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
    """A self-contained page: a template that extends "shell"; whatever a mail holds is shown as text.

    Args:
        template: Of jinja.
        script: What the page may run, of ours.
        values: For the template.
    """
    environment = Environment(
        autoescape=True, loader=DictLoader({"shell": SHELL, "scores": SCORES, "scores.css": SCORES_STYLE})
    )
    policy = POLICY
    if script:
        digest = base64.b64encode(sha256(script.encode()).digest()).decode("ascii")
        policy += f"; script-src 'sha256-{digest}'"
    return environment.from_string(template).render(policy=policy, shared_style=STYLE, script=Markup(script), **values)
