"""The benchmark of products computes the same in every way, and times each number of rows."""

import pytest
import torch

from benchmarks.products import FLOAT32, LOWER, step_times


@pytest.mark.parametrize(("ways", "error"), [(FLOAT32, 1e-5), (LOWER, 0.02)])
def test_every_way_computes_the_product(ways: dict[str, object], error: float) -> None:
    torch.manual_seed(0)
    weight, inputs = torch.randn(32, 64), torch.randn(5, 64)
    expected = inputs @ weight.T
    for way in ways.values():
        found = way(weight)(inputs).float()  # type: ignore[operator]
        assert (found - expected).norm() / expected.norm() < error


def test_each_number_of_rows_is_timed() -> None:
    found = list(step_times([(32, 64), (64, 32)], FLOAT32, (1, 3), rounds=2))
    assert [rows for rows, _ in found] == [1, 3]
    assert all(len(seconds) == len(FLOAT32) and min(seconds) > 0 for _, seconds in found)
