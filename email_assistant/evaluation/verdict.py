"""An evaluation in words: is the tuned model better than the base model, and how close is it to the owner."""

from collections.abc import Mapping, Sequence
from typing import Any

from email_assistant.metrics.bootstrap import SIGNIFICANCE_LEVEL
from email_assistant.metrics.scores import SCORES, Group
from email_assistant.requests.arms import ARMS

# For each group of scores what it means, and the scores that can stand for it: the first that was measured does.
MEANINGS: dict[Group, tuple[str, tuple[str, ...]]] = {
    "sense": (
        "Does a mail say what its request asked for? An estimate by rules: use it to compare columns; it is not the "
        "share of mails that could be sent.",
        ("sense",),
    ),
    "style": (
        "Do the mails look like the owner's? The more similar they are, the higher MAUVE and the share that a "
        "classifier attributes to the owner, and the closer to 0 the distances below.",
        ("authorship", "mauve"),
    ),
    "overlap": (
        "How many words and letters does a mail share with the one that the owner wrote? A good mail that uses other "
        "words scores low.",
        ("chrf", "bleu"),
    ),
    "model": (
        "How likely are the owner's real mails under each model (the lower the perplexity, the likelier), and does the "
        "model finish its own mails?",
        ("perplexity",),
    ),
    "copying": (
        "Do mails repeat training mails word for word? The owner's column shows what is normal; far more is "
        "memorization.",
        ("copied", "longest_copy"),
    ),
}
# What the verdict is about: the scores that can stand for it, its name, and what a better and a worse model does.
CLAIMS = (
    (("sense",), "keeping to the request", "keeps to the request better", "keeps to the request worse"),
    (("authorship", "mauve"), "similarity to the owner", "writes more like the owner", "writes less like the owner"),
)
# With fewer mails, the verdict says that they are few.
MIN_MAILS = 30
# A share of the gap to the owner is given as a number if its interval is at most this wide.
MAX_GAP_WIDTH = 0.5


def verdict(report: Mapping[str, Any]) -> str:
    """One line that says whether the tuned model is better than the base model, or that no difference was found.

    Args:
        report: The content of report.json.
    """
    if not report["differences"]:
        return f"The tuned model did not write these {report['mails']} mails, so there is no verdict on it."
    ((arm, others),) = report["differences"].items()
    if not others:
        return f"Only one model wrote these {report['mails']} mails, so there is nothing to compare it with."
    other = "base" if "base" in others else next(iter(others))
    does, open_questions, beaten = [], [], []
    for names, about, better, worse in CLAIMS:
        outcomes = {each: _outcome(report, arm, each, names) for each in others}
        if outcomes[other]:
            does.append(better if outcomes[other] > 0 else worse)
        else:
            open_questions.append(about)
        beaten += [f"{_quoted(each)} does better in {about}" for each in others if outcomes[each] < 0 and each != other]
    return _line(report["mails"], _named(arm), _named(other), does, open_questions, beaten)


def _line(
    mails: int, arm: str, other: str, does: Sequence[str], open_questions: Sequence[str], beaten: Sequence[str]
) -> str:
    """The verdict's line, from what one model does compared with another."""
    unlike = len({"better" in each or "more" in each for each in does}) > 1
    if does:
        line = f"On {mails} test mails, {arm} {(' but ' if unlike else ' and ').join(does)} than {other}"
        if open_questions:
            line += f"; no difference was found in {' and '.join(open_questions)}"
    else:
        line = f"On {mails} test mails, no difference was found between {arm} and {other} in "
        line += " and ".join(open_questions)
    few = f". {mails} mails are few, so read them yourself" if mails < MIN_MAILS else ""
    return f"{'; '.join([line, *beaten])}{few}."


def meaning(report: Mapping[str, Any], group: Group) -> str:
    """What a group of scores means, and how its most telling score came out.

    Args:
        report: The content of report.json.
        group: The group.
    """
    text, names = MEANINGS[group]
    for arm, others in report["differences"].items():
        name = _measured(report, arm, names)
        for other in ["base"] if name and "base" in others else []:
            score = SCORES[str(name)]
            values = [report["arms"][each][name] for each in (arm, other)]
            sure = "a significant difference" if _is_significant(report, arm, other, name) else "may be due to chance"
            first, second = (f"{value:.{score.digits}f}" for value in values)
            text += f" {score.label}: {first} for {_named(arm)}, {second} for {_named(other)} ({sure})."
    return text


def gap_sentences(report: Mapping[str, Any]) -> list[str]:
    """How much of the way from the base model to the owner each arm goes: a number only where it is known well."""
    return [
        f"{SCORES[name].label}, {ARMS[arm].label}: {_gap_in_words(gap, report['mails'])}."
        for arm, gaps in report["gaps_closed"].items()
        for name, gap in gaps.items()
    ]


def _gap_in_words(gap: Mapping[str, float], mails: int) -> str:
    low, high = gap["low"], gap["high"]
    if low >= 1:
        return "as close to the owner as the owner's other mails"
    if high <= 0:
        return "no closer to the owner than the base model"
    if high - low <= MAX_GAP_WIDTH:
        return f"{gap['value']:.0%} ({low:.0%} to {high:.0%}) of the way from the base model to the owner"
    if low > 0:
        return f"closer to the owner than the base model; {mails} mails are too few to tell how close"
    return f"{mails} mails are too few to tell whether it is closer to the owner than the base model"


def _measured(report: Mapping[str, Any], arm: str, names: Sequence[str]) -> str | None:
    """The first of some scores that an arm has."""
    return next((name for name in names if name in report["arms"][arm]), None)


def _is_significant(report: Mapping[str, Any], arm: str, other: str, name: str | None) -> bool:
    difference = report["differences"][arm][other].get(name)
    return difference is not None and difference["p"] < SIGNIFICANCE_LEVEL


def _outcome(report: Mapping[str, Any], arm: str, other: str, names: Sequence[str]) -> int:
    """1 if an arm is significantly better than another by the first score it has, -1 if it is worse, else 0.

    It is 0, too, where another of these scores says the opposite.
    """
    signs = {
        name: 1 if (report["differences"][arm][other][name]["value"] > 0) == (SCORES[name].better == "high") else -1
        for name in names
        if _is_significant(report, arm, other, name)
    }
    sign = signs.get(_measured(report, arm, names) or "", 0)
    return 0 if -sign in signs.values() else sign


def _named(arm: str) -> str:
    """An arm within a sentence."""
    return {"base": "the base model", "tuned": "the tuned model"}.get(arm, _quoted(arm))


def _quoted(arm: str) -> str:
    return f"“{ARMS[arm].label}”"
