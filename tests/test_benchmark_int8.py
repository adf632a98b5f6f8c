"""The benchmark of 8-bit weights computes the same products, and times each number of rows."""

import torch

from benchmarks.int8 import in_bfloat16, in_int8, step_times


def test_both_ways_compute_the_product() -> None:
    torch.manual_seed(0)
    weight, inputs = torch.randn(32, 64), torch.randn(5, 64)
    expected = inputs @ weight.T
    for way in (in_bfloat16, in_int8):
        found = way(weight)(inputs.bfloat16()).float()
        assert 0 < (found - expected).norm() / expected.norm() < 0.02


def test_each_number_of_rows_is_timed() -> None:
    found = list(step_times([(32, 64), (64, 32)], (1, 3), rounds=2))
    assert [rows for rows, _, _ in found] == [1, 3]
    assert all(exact > 0 and rounded > 0 for _, exact, rounded in found)
