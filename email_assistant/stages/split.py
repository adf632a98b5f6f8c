"""Training, validation and test mails; no conversation and no near-duplicates are divided between them."""

import itertools
import random
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from email_assistant.archive.duplicates import near_duplicates
from email_assistant.archive.edits import EDITS_FILE
from email_assistant.archive.threads import UnionFind
from email_assistant.configuration.schema import MOST, Split
from email_assistant.console import StageLogger
from email_assistant.errors import DataError
from email_assistant.metrics.copying import copied_share
from email_assistant.pipeline.context import StageInputs
from email_assistant.stages import edits_in_split
from email_assistant.stages.edits_in_split import LearnedEdits
from email_assistant.storage import jsonl
from email_assistant.storage.records import Pair

log = StageLogger(__name__, "split")
MIN_TRAINING = 2
MIN_SCORED = 2


def run(inputs: StageInputs, folder: Path) -> dict[str, Any]:
    """Write train.jsonl, validation.jsonl, test.jsonl and report.json."""
    settings = inputs.config.split
    pairs = jsonl.Lines(inputs.artifacts["summarize"].path("pairs.jsonl"), Pair)
    groups = group_related(pairs, settings.near_duplicate_similarity)
    timestamps = [_timestamp(pair) for pair in pairs] if settings.method == "time" else []
    splits = assign_groups(groups, timestamps, settings, inputs.config.seed)
    learned = _learned_edits(inputs, pairs, splits)
    training = (edits_in_split.typed(pairs[index], learned.requests.get(index)) for index in splits["train"])
    counts = {"train": jsonl.write(folder / "train.jsonl", itertools.chain(training, learned.added))}
    for name in ("validation", "test"):
        counts[name] = jsonl.write(folder / f"{name}.jsonl", (pairs[index] for index in splits[name]))
    report = {
        "pairs": len(pairs),
        "groups": len(groups),
        "largest_group": max(map(len, groups)),
        **counts,
        "left_out": len(pairs) - sum(map(len, splits.values())),
        **{f"{name}_copied_share": _copied_share(folder / f"{name}.jsonl") for name in splits},
        **({"edits": learned.counts()} if inputs.config.data.edits else {}),
    }
    jsonl.write_json(folder / "report.json", report)
    _log(report)
    return report


def _learned_edits(inputs: StageInputs, pairs: Sequence[Pair], splits: Mapping[str, Sequence[int]]) -> LearnedEdits:
    """The edits of the compose page that are trained on; none unless `data.edits` asks for them."""
    config = inputs.config
    if not config.data.edits:
        return edits_in_split.NONE
    edits = jsonl.read(inputs.artifacts["data"].path(EDITS_FILE), Pair)
    return edits_in_split.join(
        edits, pairs, splits, config.data.duplicate_similarity, config.split.near_duplicate_similarity
    )


def _log(report: Mapping[str, Any]) -> None:
    splits = ("train", "validation", "test")
    counts = [f"{report[name]} {name}" for name in splits]
    counts += [f"{report['left_out']} left out"] if report["left_out"] else []
    log.info("%s", ", ".join(counts))
    copied = ", ".join(f"{report[f'{name}_copied_share']:.0%} {name}" for name in splits)
    log.info("share of a mail's words that are in its request: %s", copied)
    if "edits" in report:
        edits = report["edits"]
        log.info(
            "edited drafts: %d added to the training mails, %d give a training mail its request, %d left out "
            "(their mails are not trained on)",
            edits["added"],
            edits["joined"],
            edits["left_out"],
        )


def _copied_share(path: Path) -> float:
    """The mean share of a mail's words that are in its request."""
    pairs = jsonl.Lines(path, Pair)
    return round(copied_share(jsonl.Field(pairs, "instruction"), jsonl.Field(pairs, "email")), 4)


def group_related(pairs: Sequence[Pair], similarity: float) -> list[list[int]]:
    """Indices of pairs that belong together: of one thread, or near-duplicates of one another."""
    groups = UnionFind()
    for index, pair in enumerate(pairs):
        groups.union(f"thread {pair['thread']}", index)
    for later, earlier in near_duplicates(jsonl.Field(pairs, "email"), similarity):
        groups.union(earlier, later)
    members: dict[Any, list[int]] = {}
    for index in range(len(pairs)):
        members.setdefault(groups.find(index), []).append(index)
    return list(members.values())


def assign_groups(
    groups: list[list[int]], timestamps: Sequence[float], settings: Split, seed: int
) -> dict[str, list[int]]:
    """Give whole groups to the test set, then to validation, the rest or `max_train_mails` of it to training.

    The training mails of a lower `max_train_mails` are among those of a higher one.

    Args:
        groups: Indices of pairs.
        timestamps: The time of each pair, in seconds; used only by `split.method=time`.
        settings: The split group.
        seed: The seed of the groups' order.

    Raises:
        DataError: when there are too few mails, or too few groups, for three sets.
    """
    count = sum(map(len, groups))
    test, validation = sizes(count, settings)
    if test < MIN_SCORED or validation < MIN_SCORED or count - test - validation < MIN_TRAINING:
        raise DataError(
            f"{count} mails are too few to split: with split.test_fraction={settings.test_fraction} and "
            f"split.validation_fraction={settings.validation_fraction} at least {min_mails(settings)} are needed; "
            f"add mails, or {'lower' if test + validation > count / 2 else 'raise'} these fractions"
        )
    if settings.method == "time":
        # Newest last; a mail without a date counts as old.
        ordered = sorted(groups, key=lambda group: max(timestamps[index] for index in group))
    else:
        ordered = list(groups)
        random.Random(seed).shuffle(ordered)
    splits: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for name, size in (("test", test), ("validation", validation)):
        splits[name] = _flat(_take(ordered, size, settings.method == "time"))
    if settings.max_train_mails is not None:
        ordered = _take(ordered, settings.max_train_mails, by_time=False)[::-1]
    splits["train"] = _flat(ordered)
    scored = min(len(splits["test"]), len(splits["validation"]))
    if scored < MIN_SCORED or len(splits["train"]) < MIN_TRAINING:
        raise DataError(
            f"{count} mails cannot be split: threads and near-duplicates stay together, which leaves too few groups "
            f"({len(groups)}, the largest of {max(map(len, groups))} mails); add mails or raise "
            "split.near_duplicate_similarity"
        )
    return splits


def _timestamp(pair: Pair) -> float:
    """Seconds since 1970; a date without a zone counts as UTC."""
    if not pair["date"]:
        return 0.0
    date = datetime.fromisoformat(pair["date"])
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def _take(ordered: list[list[int]], size: int, by_time: bool) -> list[list[int]]:
    """Take groups off the end until they have `size` mails; unless by time, skip a group that is too large."""
    taken: list[list[int]] = []
    missing = size
    index = len(ordered) - 1
    while index >= 0 and missing > 0:
        if by_time or len(ordered[index]) <= missing:
            taken.append(ordered.pop(index))
            missing -= len(taken[-1])
        index -= 1
    return taken


def _flat(groups: list[list[int]]) -> list[int]:
    return [index for group in groups for index in group]


def sizes(count: int, settings: Split) -> tuple[int, int]:
    """The number of test mails, and of validation mails among the rest."""
    test = round(count * settings.test_fraction)
    return test, round((count - test) * settings.validation_fraction)


def min_mails(settings: Split) -> int:
    """The smallest number of mails that can be split."""

    def is_enough(count: int) -> bool:
        test, validation = sizes(count, settings)
        return min(test, validation) >= MIN_SCORED and count - test - validation >= MIN_TRAINING

    # All three sets grow with the count.
    return bisect_left(range(MOST), True, key=is_enough)
