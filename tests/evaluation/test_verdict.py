"""An evaluation in words: who is better, what is not known, and no number where the interval is wide."""

from typing import Any

import pytest

from email_assistant.evaluation.verdict import gap_sentences, meaning, verdict

BETTER, WORSE, SAME = {"value": 0.2, "p": 0.001}, {"value": -0.2, "p": 0.001}, {"value": 0.2, "p": 0.4}


def report(**others: dict[str, dict[str, float]]) -> dict[str, Any]:
    """A report in which the tuned model was compared with others."""
    arms = {arm: {"sense": 0.5, "authorship": 0.25, "perplexity": 12.0} for arm in ("tuned", *others)}
    return {"mails": 100, "arms": arms, "differences": {"tuned": others}, "gaps_closed": {}}


@pytest.mark.parametrize(
    ("sense", "style", "expected"),
    [
        (BETTER, BETTER, "keeps to the request better and writes more like the owner than the base model."),
        (WORSE, WORSE, "keeps to the request worse and writes less like the owner than the base model."),
        (BETTER, WORSE, "keeps to the request better but writes less like the owner than the base model."),
        (
            SAME,
            BETTER,
            "writes more like the owner than the base model; no difference was found in keeping to the request.",
        ),
    ],
)
def test_the_verdict_says_what_is_significant(sense: dict[str, float], style: dict[str, float], expected: str) -> None:
    line = verdict(report(base={"sense": sense, "authorship": style}))
    assert line == f"On 100 test mails, the tuned model {expected}"


def test_the_verdict_says_that_nothing_was_found() -> None:
    line = verdict(report(base={"sense": SAME, "authorship": SAME}))
    assert "no difference was found between the tuned model and the base model in keeping to the request and" in line


def test_similarity_is_open_where_its_two_scores_contradict_one_another() -> None:
    line = verdict(report(base={"sense": BETTER, "authorship": BETTER, "mauve": WORSE}))
    assert line.endswith("the base model; no difference was found in similarity to the owner.")


def test_few_mails_are_called_few() -> None:
    few = report(base={"sense": BETTER, "authorship": BETTER}) | {"mails": 12}
    assert verdict(few).endswith("than the base model. 12 mails are few, so read them yourself.")


def test_a_better_baseline_is_named() -> None:
    line = verdict(report(base={"sense": BETTER, "authorship": BETTER}, few_shot={"sense": SAME, "authorship": WORSE}))
    assert line.endswith("than the base model; “Base + random mails” does better in similarity to the owner.")


def test_a_report_without_the_tuned_model_or_without_others_has_no_verdict() -> None:
    assert "no verdict" in verdict(report() | {"differences": {}})
    assert "nothing to compare it with" in verdict(report())


def test_a_lower_score_that_should_be_low_is_better() -> None:
    text = meaning(report(base={"perplexity": {"value": -3.0, "p": 0.001}}), "model")
    assert text.endswith("12.00 for the tuned model, 12.00 for the base model (a significant difference).")
    assert meaning(report(base={"sense": SAME}), "sense").endswith("(may be due to chance).")


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        ((0.62, 0.50, 0.75), "62% (50% to 75%) of the way from the base model to the owner"),
        ((2.36, 0.97, 29.32), "closer to the owner than the base model; 100 mails are too few to tell how close"),
        ((0.5, -0.4, 1.4), "100 mails are too few to tell whether it is closer"),
        ((1.4, 1.1, 1.7), "as close to the owner as the owner's other mails"),
        ((-0.3, -0.5, -0.1), "no closer to the owner than the base model"),
    ],
)
def test_a_share_of_the_way_is_a_number_only_where_it_is_known(gap: tuple[float, float, float], expected: str) -> None:
    shares = dict(zip(("value", "low", "high"), gap, strict=True))
    (sentence,) = gap_sentences(report() | {"gaps_closed": {"tuned": {"mauve": shares}}})
    assert sentence.startswith(f"MAUVE, Tuned: {expected}")
    assert ("%" in sentence) == ("62%" in expected)
