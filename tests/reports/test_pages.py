import re
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest

from email_assistant.evaluation.comparison import compare_arms
from email_assistant.evaluation.score_table import best_of
from email_assistant.metrics.copying import TrainingMails, copying
from email_assistant.metrics.formulas import Array
from email_assistant.metrics.mauve_score import MauveSettings, mauve_score
from email_assistant.metrics.per_mail_score import Table, mean_score
from email_assistant.metrics.scores import OWNER, SCORES
from email_assistant.metrics.style import style_distances
from email_assistant.metrics.text import text_scores
from email_assistant.reports import plots
from email_assistant.reports.evaluation_page import mark_new_words, write_report

REAL = [f"Ahoy Bo,\nrope number {number} is wet today!\nAda" for number in range(12)]
WRITTEN = {
    "base": [f"Dear Sir, please find the attached document {number}. Kind regards" for number in range(12)],
    "tuned": [f"Ahoy Bo,\nrope number {number} is dry and here!\nAda" for number in range(12)],
}
HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} & </div><img src=x>"
HISTORY = [{"step": 0, "validation/loss": 3.0}, {"step": 1, "train/loss": 2.5}, {"step": 2, "validation/loss": 2.0}]


def measured(texts: list[str]) -> dict[str, Any]:
    def vectors(mails: list[str]) -> Array:
        return np.array(
            [[len(mail), mail.count("e"), mail.count("!"), number] for number, mail in enumerate(mails)], float
        )

    scores = text_scores(texts, REAL) | style_distances(texts, REAL) | copying(texts, TrainingMails(REAL[:3]))
    scores["mauve"] = mauve_score(vectors(texts), vectors(REAL), MauveSettings(5, 5.0, (1, 2)))
    scores["sense"] = mean_score([float("Ahoy" in text) for text in texts])
    return scores | {"authorship": mean_score([float("Ahoy" in text) for text in texts])}


@pytest.fixture(scope="module")
def arms() -> Table:
    return {arm: measured(texts) for arm, texts in WRITTEN.items()} | {OWNER: measured(REAL[::-1])}


@pytest.fixture(scope="module")
def report(arms: Table) -> dict[str, Any]:
    return {
        "mails": 12,
        **compare_arms(arms, "base", "tuned", 200, 1),
        "signatures": {"bleu": "s"},
        "judge": {"accuracy": 0.9, "owner_mails": 30, "other_mails": 40},
        "memorisation": None,
        "warnings": ["MAUVE on 12 mails is a rough hint"],
    }


@pytest.fixture(scope="module")
def page(arms: Table, report: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    lines = [
        {"instruction": HOSTILE, "email": REAL[index], **{arm: texts[index] for arm, texts in WRITTEN.items()}}
        for index in range(12)
    ]
    lines[0]["tuned"] = HOSTILE
    path = tmp_path_factory.mktemp("page") / "r.html"
    sense = {arm: [0.25] * 12 for arm in WRITTEN}
    write_report(path, report, lines, plots.evaluation_figures(report, arms, lines, HISTORY), sense)
    return path.read_text(encoding="utf-8")


def test_text_of_mails_is_escaped(page: str) -> None:
    # The only script is the page's own, allowed by its hash; every image is part of the page.
    assert page.count("<script>") == 1
    assert re.search(r"script-src (&#39;|')sha256-[\w+/=]+(&#39;|')", page)
    assert all('src="data:image/svg+xml;base64,' in image for image in re.findall(r"<img[^>]*>", page))
    assert "&lt;script&gt;alert(1)" in page
    text = re.sub(r"</?ins>", "", page)
    assert "{{ 7 * 7 }} &amp; &lt;/div&gt;" in text
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page


def test_the_page_shows_scores_with_intervals_and_what_differs(page: str, report: dict[str, Any]) -> None:
    low, high = report["intervals"]["tuned"]["bleu"]
    assert f"{report['arms']['tuned']['bleu']:.1f}" in page
    assert f"{low:.1f} to {high:.1f}" in page
    assert report["differences"]["tuned"]["base"]["bleu"]["p"] < 0.05
    assert "≠" in page
    assert "MAUVE on 12 mails is a rough hint" in page
    assert page.count('class="entry"') == 12
    assert page.count("sense 0.25") == 24
    headings = re.findall(r'class="group"><th[^>]*>(\w+)', page)
    assert headings == ["Sense", "Style", "Overlap", "Copying"]


def test_a_report_has_the_closed_gap_to_the_owner(report: dict[str, Any], page: str) -> None:
    gap = report["gaps_closed"]["tuned"]["authorship"]
    assert gap["value"] == gap["low"] == gap["high"] == 1.0
    assert 0 < report["gaps_closed"]["tuned"]["mauve"]["value"] <= 1.5
    assert re.search(r"Tuned closes 100%[^<]+ of the gap", page)
    assert OWNER not in report["arms"]
    assert OWNER not in report["differences"]["tuned"]


def test_words_that_are_not_in_the_real_mail_are_marked() -> None:
    pieces = mark_new_words("the rope is wet today", "the rope is dry, today")
    assert "".join(text for _, text in pieces) == "the rope is dry, today"
    assert [text for new, text in pieces if new] == ["dry,"]
    assert mark_new_words("a", "") == []


def test_the_best_arm_is_the_nearest_to_the_owner_for_some_scores() -> None:
    assert best_of(SCORES["bleu"], {"a": 1.04, "b": 1.0, "c": 0.5}, None) == {"a", "b"}
    assert best_of(SCORES["perplexity"], {"a": 9.0, "b": 7.0}, None) == {"b"}
    assert best_of(SCORES["length_ratio"], {"a": 0.5, "b": 1.2}, 0.4) == {"b"}
    assert best_of(SCORES["facts_invented"], {"a": 0.0, "b": 2.0}, 1.9) == {"b"}


def test_every_plot_is_drawn_on_white(report: dict[str, Any], arms: Table, tmp_path: Path) -> None:
    lines = [{"email": REAL[index], **{arm: texts[index] for arm, texts in WRITTEN.items()}} for index in range(12)]
    figures = plots.evaluation_figures(report, arms, lines, HISTORY)
    assert set(figures) == {"scores", "mauve", "style", "lengths", "loss"}
    plots.write_pngs(tmp_path / "plots", figures)
    for name, figure in figures.items():
        image = matplotlib.image.imread(tmp_path / "plots" / f"{name}.png")
        height, width, _ = image.shape
        assert (width, height) == pytest.approx(figure.get_size_inches() * 120, abs=2)
        white = (image[..., :3] > 0.99).all(axis=-1)
        # Most is background, and every plot has axes, labels and data.
        assert white[[0, -1]].all()
        assert 0.01 < 1 - white.mean() < 0.5
        assert len(np.unique(image[..., :3].reshape(-1, 3), axis=0)) > 50
