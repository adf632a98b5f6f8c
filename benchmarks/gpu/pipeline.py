"""The whole pipeline on the demo archive: `run.py` in a process of its own, with the bundled model where it is."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from benchmarks.gpu import models
from benchmarks.gpu.loading import save
from benchmarks.gpu.session import Session
from benchmarks.gpu.sizes import FULL
from benchmarks.settings import ROOT

BUNDLED = ROOT / "models" / "smollm2_135m"
# Where the kit keeps the tokenizer of the bundled model; its weights would be too large for a kit.
TOKENIZER = "smollm2_tokenizer"
OUTPUT_CHARACTERS = 3000


def measure(session: Session) -> None:
    """All stages, from the archive to the scores."""
    session.measure("run.py", lambda: _run(session), 20)


def _run(session: Session) -> dict[str, Any]:
    folder, weights = _model(session)
    outputs = session.scratch / "outputs"
    shutil.rmtree(outputs, ignore_errors=True)
    values = [
        *session.sizes.pipeline,
        "tracking=none",
        f"paths.outputs={outputs}",
        f"model.path={folder}",
        f"model.device={session.device.type}",
    ]
    seconds: list[float] = []
    done: list[subprocess.CompletedProcess[str]] = []

    def call() -> None:
        command = [sys.executable, str(ROOT / "run.py"), *values]
        done.append(
            subprocess.run(
                command,
                cwd=session.scratch,
                capture_output=True,
                text=True,
                check=False,
                timeout=max(1.0, session.seconds_left),
            )
        )

    seconds.append(session.seconds_of(call))
    result = {"weights": weights, "exit_code": done[0].returncode, "seconds": seconds[0]}
    if done[0].returncode:
        raise RuntimeError(f"run.py ended with {done[0].returncode}: {done[0].stderr[-OUTPUT_CHARACTERS:]}")
    return {**result, "stages": stage_seconds(outputs), **_found(outputs)}


def _model(session: Session) -> tuple[Path, str]:
    """The folder of the bundled model, or one of its shape; and what its weights are."""
    is_full = session.sizes == FULL
    if is_full and (BUNDLED / "config.json").exists():
        return BUNDLED, "bundled"
    folder = session.scratch / "pipeline model"
    if not folder.exists():
        base = models.random_base(session.sizes.small, session.sizes.plain, session.device)
        save(base.model, folder)
        kept = next((Path(path) / TOKENIZER for path in sys.path if (Path(path) / TOKENIZER).is_dir()), None)
        if is_full and kept:
            AutoTokenizer.from_pretrained(kept, local_files_only=True).save_pretrained(folder)
    return folder, "random"


def stage_seconds(outputs: Path) -> dict[str, float]:
    """The seconds of each stage, by its artifact."""
    manifests = [json.loads(path.read_text()) for path in outputs.glob("artifacts/*/*/manifest.json")]
    return {manifest["stage"]: manifest["seconds"] for manifest in manifests}


def _found(outputs: Path) -> dict[str, Any]:
    """What shows that the run was whole."""
    mails = (outputs / "latest" / "evaluate" / "generations.jsonl").read_text().splitlines()
    adapter = (outputs / "latest" / "train" / "adapter" / "adapter_model.safetensors").stat().st_size
    return {"mails_written": len(mails), "adapter_bytes": adapter}
