from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from email_assistant.configuration.schema import Split
from email_assistant.errors import DataError
from email_assistant.stages.split import assign_groups, group_related, min_mails, sizes


def split(**values: Any) -> Split:
    usual = {"method": "random", "test_fraction": 0.1, "validation_fraction": 0.1, "near_duplicate_similarity": 0.6}
    return Split(**(usual | {"max_train_mails": None} | values))


def pairs(count: int, threads: int | None = None) -> list[dict[str, Any]]:
    return [
        {
            "id": str(number),
            "thread": f"t{number % (threads or count)}",
            "email": f"word{number} other{number} third{number}",
            "date": f"2024-01-01T00:{number // 60:02d}:{number % 60:02d}+00:00",
        }
        for number in range(count)
    ]


def divided(given_pairs: list[dict[str, Any]], values: Split, seed: int = 1) -> dict[str, list[dict[str, Any]]]:
    """The pairs of each side."""
    timestamps = [datetime.fromisoformat(pair["date"]).timestamp() for pair in given_pairs]
    sides = assign_groups(group_related(given_pairs, 0.6), timestamps, values, seed)
    return {name: [given_pairs[index] for index in indices] for name, indices in sides.items()}


@settings(max_examples=60)
@given(
    count=st.integers(40, 200),
    threads=st.integers(30, 200),
    seed=st.integers(0, 5),
    method=st.sampled_from(["random", "time"]),
)
def test_every_pair_is_on_one_side_and_no_thread_on_two(count: int, threads: int, seed: int, method: str) -> None:
    given_pairs = pairs(count, threads)
    values = split(method=method)
    sides = divided(given_pairs, values, seed)
    assert sorted(pair["id"] for side in sides.values() for pair in side) == sorted(pair["id"] for pair in given_pairs)
    names = [{pair["thread"] for pair in side} for side in sides.values()]
    assert not (names[0] & names[1] or names[0] & names[2] or names[1] & names[2])


def test_sizes_are_those_of_the_fractions() -> None:
    sides = divided(pairs(200), split())
    assert {name: len(side) for name, side in sides.items()} == {"train": 162, "validation": 18, "test": 20}


@pytest.mark.parametrize("method", ["random", "time"])
def test_fewer_training_mails_leave_the_other_sides_as_they_are(method: str) -> None:
    given_pairs = pairs(200, 150)
    whole = divided(given_pairs, split(method=method))
    few, more = (divided(given_pairs, split(method=method, max_train_mails=limit)) for limit in (50, 100))
    for side in ("validation", "test"):
        assert few[side] == more[side] == whole[side]
    assert [len(few["train"]), len(more["train"])] == [50, 100]
    ids = [{pair["id"] for pair in sides["train"]} for sides in (few, more, whole)]
    assert ids[0] < ids[1] < ids[2]
    assert divided(given_pairs, split(method=method, max_train_mails=1000)) == whole


def test_near_duplicates_stay_together() -> None:
    near = pairs(3)
    near[0]["email"] = "send nine crates of rope to the pier"
    near[2]["email"] = "send nine crates of rope to the quay"
    assert sorted(len(found) for found in group_related(near, 0.6)) == [1, 2]
    assert sorted(len(found) for found in group_related(near, 0.9)) == [1, 1, 1]


def test_the_seed_decides_and_repeats() -> None:
    first, again, other = (divided(pairs(100), split(), seed)["test"] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_by_time_the_newest_are_the_test_set() -> None:
    sides = divided(pairs(100), split(method="time"))
    newest = {name: max(pair["date"] for pair in side) for name, side in sides.items()}
    oldest = {name: min(pair["date"] for pair in side) for name, side in sides.items()}
    assert newest["train"] < oldest["validation"]
    assert newest["validation"] < oldest["test"]


@pytest.mark.parametrize("values", [{}, {"test_fraction": 0.3, "validation_fraction": 0.2}])
def test_too_few_says_how_many_are_needed(values: dict[str, float]) -> None:
    needed = min_mails(split(**values))
    divided(pairs(needed), split(**values))
    with pytest.raises(DataError, match=f"at least {needed} are needed"):
        divided(pairs(needed - 1), split(**values))


@pytest.mark.parametrize(("fraction", "remedy"), [(0.9, "lower"), (0.05, "raise")])
def test_too_few_says_which_way_the_fractions_have_to_go(fraction: float, remedy: str) -> None:
    with pytest.raises(DataError, match=f"or {remedy} these fractions"):
        assign_groups([[n] for n in range(20)], [0.0] * 20, split(test_fraction=fraction), seed=1)


def test_tiny_shares_need_very_many() -> None:
    assert min_mails(split(test_fraction=1e-6, validation_fraction=0.5)) == 1_500_000


def test_one_conversation_cannot_be_split() -> None:
    with pytest.raises(DataError, match=r"split\.near_duplicate_similarity"):
        divided(pairs(100, threads=1), split())


def test_validation_is_a_share_of_the_training_set() -> None:
    assert sizes(1000, split(test_fraction=0.2)) == (200, 80)
