"""Memory that runs out, and the precision of float32."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import model_settings

from email_assistant.errors import OutOfMemoryError
from email_assistant.language_model.device import in_batches, is_out_of_memory, out_of_memory_named
from email_assistant.language_model.process_settings import configure

CUDA_ERROR = "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call."


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (torch.AcceleratorError(CUDA_ERROR), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."), True),
        (torch.AcceleratorError("CUDA error: an illegal memory access was encountered"), False),
        (RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"), False),
        (ValueError("can't allocate memory"), False),
    ],
)
def test_every_way_of_running_out_of_memory_is_known(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) == expected


def test_what_did_not_fit_is_named() -> None:
    named = out_of_memory_named
    with (
        pytest.raises(OutOfMemoryError, match=r"^not enough memory for the state: use less$"),
        named("the state: use less"),
    ):
        raise RuntimeError("CUBLAS_STATUS_ALLOC_FAILED")
    with pytest.raises(RuntimeError, match="shapes"), named("the state: use less"):
        raise RuntimeError("shapes cannot be multiplied")


def test_batches_are_halved_until_they_fit_and_nothing_is_left_out() -> None:
    sizes = list[int]()

    def work(batch: Any) -> list[int]:
        sizes.append(len(batch))
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [2 * item for item in batch]

    found = list(in_batches(range(20), 8, work, "one"))
    assert [value for batch in found for value in batch] == list(range(0, 40, 2))
    assert sizes[:3] == [8, 4, 2] and set(sizes[2:]) == {2}
    with pytest.raises(OutOfMemoryError, match=r"^not enough memory for one$"):
        list(in_batches([4], 8, lambda batch: (_ for _ in ()).throw(torch.OutOfMemoryError()), "one"))
    with pytest.raises(ZeroDivisionError):
        list(in_batches([4], 8, lambda batch: 1 // 0, "one"))


@pytest.mark.parametrize(("dtype", "expected"), [("float32", "highest"), ("auto", "high"), ("bfloat16", "high")])
def test_float32_that_was_asked_for_is_not_rounded_to_tf32(tmp_path: Path, dtype: str, expected: str) -> None:
    settings: Any = dataclasses.replace(model_settings(tmp_path), dtype=dtype)
    before = torch.get_float32_matmul_precision()
    try:
        configure(settings, torch.device("cuda"))
        assert torch.get_float32_matmul_precision() == expected
    finally:
        torch.set_float32_matmul_precision(before)
