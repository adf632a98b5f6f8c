import base64
import re
from hashlib import sha256
from itertools import pairwise
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
from email_assistant.reports.evaluation_page import mark_new_words, write_page

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
    figures = plots.evaluation_figures(report, arms, lines(), HISTORY)
    return written(tmp_path_factory.mktemp("page") / "r.html", report, lines(), figures)


def lines() -> list[dict[str, str]]:
    """The lines of generations.jsonl; the first mail of the tuned model is hostile, and so are all requests."""
    made = [
        {"instruction": HOSTILE, "email": REAL[index], **{arm: texts[index] for arm, texts in WRITTEN.items()}}
        for index in range(12)
    ]
    made[0]["tuned"] = HOSTILE
    return made


def written(path: Path, report: dict[str, Any], generations: list[dict[str, str]], figures: dict[str, Any]) -> str:
    """The page for some lines of generations.jsonl."""
    write_page(path, report, generations, figures, {arm: [0.25] * len(generations) for arm in report["arms"]})
    return path.read_text(encoding="utf-8")


def without_marks(page: str) -> str:
    """A page without the marks of new words."""
    return re.sub(r"</?span[^>]*>", "", page)


def test_the_page_runs_no_script_loads_nothing_and_shows_text_of_mails_as_text(page: str) -> None:
    assert "<script" not in page
    assert all('src="data:image/svg+xml;base64,' in image for image in re.findall(r"<img[^>]*>", page))
    assert page.count("&lt;script&gt;alert(1)") == 13
    assert "{{ 7 * 7 }} &amp; &lt;/div&gt;" in without_marks(page)
    assert "http" not in page.replace("http-equiv", "")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(sha256(style[0].encode()).digest()).decode()
    assert (
        policy == f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r'url\(|@import|style="', page)


def test_mails_come_first_then_a_verdict_then_scores_and_plots(page: str) -> None:
    page = without_marks(page)
    order = ["Dear Sir, please find the attached document", 'class="verdict"', "MAUVE on 12 mails", "<table", "<img"]
    assert sorted(order, key=page.index) == order
    assert re.search(
        r'class="verdict">On 12 test mails, the tuned model [^<]+ than the base model\. 12 mails are few', page
    )
    first = page[page.index("The owner's own mail") : page.index("</article>")]
    arms = ["The owner's own mail", "rope number 0 is wet", "<h4>Tuned", "alert(1)&lt;/script&gt; {{", "document 0"]
    assert sorted(arms, key=first.index) == arms


def test_all_of_a_hundred_mails_are_on_the_page(report: dict[str, Any], tmp_path: Path) -> None:
    many = [line | {"instruction": f"request no. {number}."} for number, line in enumerate(lines() * 9)][:100]
    page = written(tmp_path / "r.html", report, many, {})
    assert page.count("<article") == 100
    assert all(f">request no. {number}.<" in page for number in range(100))
    # The first ones are open, one click opens all others.
    assert page.index("The other 97 mails") < page.index("request no. 3.")
    assert page.index("request no. 2.") < page.index("The other 97 mails") < page.index('class="verdict"')


def test_a_page_can_be_read_without_seeing_it(page: str) -> None:
    assert '<html lang="en">' in page
    assert re.findall(r"<h1", page) == ["<h1"]
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all('scope="' in cell for cell in re.findall(r"<th\b[^>]*>", page))
    assert all(re.search(r'alt="[^"]{20,}"', image) for image in re.findall(r"<img[^>]*>", page))
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:aria-labelledby|href)="#?([^"]+)"', page)) <= set(ids)
    assert set(re.findall(r'href="([^"]*)"', page)) == {"#mails", "#verdict", "#scores", "#plots", "#method"}


def test_a_russian_mail_is_marked_as_russian(report: dict[str, Any], tmp_path: Path) -> None:
    russian = lines()[1] | {"email": "Салют, Мирон! Верёвка мокрая."}
    page = written(tmp_path / "r.html", report, [russian], {})
    assert re.search(r'lang="ru">Салют', page)
    assert 'lang="">Ahoy Bo' in without_marks(page)


def test_the_page_shows_scores_with_intervals_and_what_differs(page: str, report: dict[str, Any]) -> None:
    low, high = report["intervals"]["tuned"]["bleu"]
    assert f"{report['arms']['tuned']['bleu']:.1f}" in page
    assert f"{low:.1f} to {high:.1f}" in page
    assert report["differences"]["tuned"]["base"]["bleu"]["p"] < 0.05
    assert "≠" in page
    assert "MAUVE on 12 mails is a rough hint" in page
    assert page.count("sense 0.25") == 24
    headings = re.findall(r'<h3 id="group-\d+">(\w+)', page)
    assert headings == ["Sense", "Style", "Overlap", "Copying"]


def test_a_report_has_the_closed_gap_to_the_owner(report: dict[str, Any], page: str) -> None:
    gap = report["gaps_closed"]["tuned"]["authorship"]
    assert gap["value"] == gap["low"] == gap["high"] == 1.0
    assert 0 < report["gaps_closed"]["tuned"]["mauve"]["value"] <= 1.5
    assert "Attributed to the owner, Tuned: as close to the owner as" in page
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
    figures = plots.evaluation_figures(report, arms, lines(), HISTORY)
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
