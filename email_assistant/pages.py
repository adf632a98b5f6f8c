"""The page and the plot of an evaluation."""

from pathlib import Path
from typing import Any

from jinja2 import DictLoader, Environment

SCORES = {
    "bleu": "BLEU",
    "chrf": "chrF",
    "mauve": "MAUVE",
    "length_ratio": "Length (1 = the owner's)",
    "ended": "Ended by itself",
}
ARMS = {"base": "Base model", "few_shot": "Base with the owner's mails", "tuned": "Tuned"}
# Opened from a file, the page may load nothing and run nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
# What all pages share.
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .7rem 0; padding: .6rem .9rem; }
summary { cursor: pointer; }
table { border-collapse: collapse; }
"""
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
</body>
</html>
"""
TEMPLATE = """{% extends "shell" %}
{% block title %}Evaluation on {{ report.mails }} mails{% endblock %}
{% block style %}
th, td { border-bottom: 1px solid var(--line); padding: .4rem 1rem .4rem 0; text-align: right; }
th:first-child, td:first-child { text-align: left; }
.arms { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
.mail { background: var(--soft); border-radius: .4rem; padding: .6rem .8rem; }
.mail { overflow-wrap: anywhere; white-space: pre-wrap; }
h3 { font-size: .85rem; margin: .8rem 0 .3rem; opacity: .75; }
small { opacity: .75; }
{% endblock %}
{% block body %}
<h1>Evaluation on {{ report.mails }} mails</h1>
<table>
<tr><th></th>{% for name in scores.values() %}<th>{{ name }}</th>{% endfor %}</tr>
{% for arm, values in report.arms.items() %}
<tr><td>{{ arms[arm] }}</td>
{% for key in scores %}
<td>{{ ('%.1f' if key in ('bleu', 'chrf') else '%.3f')|format(values[key]) }}</td>
{% endfor %}</tr>
{% endfor %}
</table>
<p><small>{% for name, signature in report.signatures.items() %}{{ name }}: {{ signature }}<br>{% endfor %}</small></p>
<h2>The mails</h2>
{% for line in generations %}
<details{% if loop.first %} open{% endif %}><summary>{{ line.instruction }}</summary>
{% if line.context %}<h3>In answer to</h3><div class="mail">{{ line.context }}</div>{% endif %}
<div class="arms">
<div><h3>The owner wrote</h3><div class="mail">{{ line.email }}</div></div>
{% for arm in report.arms %}<div><h3>{{ arms[arm] }}</h3><div class="mail">{{ line[arm] }}</div></div>
{% endfor %}
</div></details>
{% endfor %}
{% endblock %}
"""


def render(template: str, **values: Any) -> str:
    """A self-contained page: a template that extends "shell"; whatever a mail holds is shown as text."""
    environment = Environment(autoescape=True, loader=DictLoader({"shell": SHELL}))
    return environment.from_string(template).render(policy=POLICY, shared_style=STYLE, **values)


def write_report(path: Path, report: dict[str, Any], generations: list[dict[str, Any]]) -> None:
    """Write the page of an evaluation."""
    page = render(TEMPLATE, report=report, generations=generations, scores=SCORES, arms=ARMS)
    path.write_text(page, encoding="utf-8")


def plot_scores(path: Path, arms: dict[str, dict[str, float]]) -> None:
    """Draw BLEU, chrF and MAUVE of every arm side by side as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), layout="constrained")
    for axes, key in zip(figure.subplots(1, 3), ("bleu", "chrf", "mauve"), strict=True):
        bars = axes.bar([arm.replace("_", "-") for arm in arms], [scores[key] for scores in arms.values()])
        axes.bar_label(bars, fmt="%.2f")
        axes.set_title(SCORES[key])
        axes.margins(y=0.15)
    figure.savefig(path, dpi=120)
