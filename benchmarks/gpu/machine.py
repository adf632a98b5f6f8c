"""What the machine is, and how fast it copies and multiplies: the two ceilings of everything else."""

import platform
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from benchmarks.gpu.session import Session

PACKAGES = ("torch", "transformers", "peft", "accelerate", "bitsandbytes", "triton", "trl", "liger-kernel", "unsloth")
ROUNDS = 10


def measure(session: Session) -> None:
    """Versions, the card, and both ceilings."""
    session.figure("versions", {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}})
    session.measure("device", partial(_device, session))
    session.measure("copy", partial(_copy, session))
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        session.measure(f"multiplication, {name}", partial(_multiply, session, dtype))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _device(session: Session) -> dict[str, Any]:
    if session.device.type == "cpu":
        return {"name": "CPU", "threads": torch.get_num_threads()}
    free, total = torch.cuda.mem_get_info()
    name, capability = torch.cuda.get_device_name(), ".".join(map(str, torch.cuda.get_device_capability()))
    return {
        "name": name,
        "capability": capability,
        "cuda": torch.version.cuda,
        "free_bytes": free,
        "total_bytes": total,
    }


def _copy(session: Session) -> dict[str, float]:
    """Bytes read and written per second."""
    source = torch.randint(256, (session.sizes.copied_bytes,), dtype=torch.uint8, device=session.device)
    target = torch.empty_like(source)
    best = min(session.seconds_of(lambda: target.copy_(source)) for _ in range(ROUNDS))
    return {"terabytes_per_second": 2 * len(source) / best / 1e12}


def _multiply(session: Session, dtype: torch.dtype) -> dict[str, float]:
    """Operations per second of a product of square matrices."""
    side = session.sizes.square
    left, right = (torch.randn(side, side, device=session.device, dtype=dtype) for _ in range(2))
    best = min(session.seconds_of(lambda: left @ right) for _ in range(ROUNDS))
    return {"teraflops": 2 * side**3 / best / 1e12}
