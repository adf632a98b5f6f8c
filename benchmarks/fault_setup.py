"""What the fault injection shares: a project, its undisturbed results, and checks of calls."""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scale import write_archive
from email_assistant.storage import jsonl
from email_assistant.storage.hashing import hash_file

ROOT = Path(__file__).resolve().parents[1]
# The stages in their order, with the files that must be byte for byte those of an undisturbed call.
RESULTS = {
    "data": ("emails.jsonl", "dropped.jsonl"),
    "summarize": ("pairs.jsonl",),
    "split": ("train.jsonl", "validation.jsonl", "test.jsonl"),
    "train": ("adapter/adapter_model.safetensors", "validation_mails.jsonl"),
    "evaluate": ("generations.jsonl", "measured.npz"),
}
MAILS = 120
SETTINGS = [
    "summarizer.max_new_tokens=8", "summarizer.batch_size=2", "generation.max_new_tokens=12", "generation.batch_size=1",
    "trainer.epochs=2", "trainer.scored_mails=2", "trainer.checkpoint_steps=1", "trainer.checkpoint_seconds=0",
    "trainer.max_length=256",
    "trainer.too_long=cut", "lora.r=2", "model.threads=1", "evaluation.arms=[base,tuned]", "evaluation.judge_mails=0",
    "evaluation.extraction_mails=2", "evaluation.resamples=100", "tracking.experiment=faults",
]  # fmt: skip


@dataclass
class FaultResult:
    """The results of one kind of fault.

    Attributes:
        fault: Its name.
        tries: The number of tries.
        reaction: What the call that met the fault did.
        errors: A line per error.
    """

    fault: str
    tries: int = 0
    reaction: str = ""
    errors: list[str] = field(default_factory=list)


@dataclass
class CallResult:
    """The exit code and the output of a call that has ended."""

    code: int
    output: str


class Setup:
    """The folders, the calls, and the results of an undisturbed call."""

    def __init__(self, folder: Path, model: Path, wide: Path, seed: int) -> None:
        """Write an archive, and run all stages on it once."""
        self.folder, self.rng = folder, random.Random(seed)
        self.model, self.wide, self.archive = model, wide, folder / "sent.jsonl"
        write_archive(self.archive, MAILS)
        self.undisturbed = folder / "undisturbed"
        done = self.call("evaluate", self.undisturbed)
        if done.code:
            raise SystemExit(done.output)
        latest = self.undisturbed / "latest"
        self.seconds = {stage: jsonl.read_json(latest / stage / "manifest.json")["seconds"] for stage in RESULTS}
        self.expected = {stage: results(self.undisturbed, stage) for stage in RESULTS}
        self._number = 0

    def command(self, stage: str, outputs: Path, *more: str) -> list[str]:
        """The command that runs a stage."""
        paths = [f"paths.outputs={outputs}", f"paths.mlruns={self.folder}/mlruns"]
        inputs = [f"model.path={self.model}", f"data.path={self.archive}"]
        return [sys.executable, str(ROOT / "run.py"), f"stage={stage}", *inputs, *paths, *SETTINGS, *more]

    def call(self, stage: str, outputs: Path, *more: str, limit: Callable[[], None] | None = None) -> CallResult:
        """Run a stage and wait for its end."""
        done = subprocess.run(
            self.command(stage, outputs, *more), capture_output=True, text=True, check=False, preexec_fn=limit
        )
        return CallResult(done.returncode, done.stdout + done.stderr)

    def before(self, stage: str) -> Path:
        """A new copy of the outputs without the artifacts of a stage and those after it."""
        self._number += 1
        outputs = self.folder / f"outputs-{self._number}"
        shutil.copytree(self.undisturbed, outputs, symlinks=True)
        for later in list(RESULTS)[list(RESULTS).index(stage) :]:
            shutil.rmtree(outputs / "artifacts" / later)
            (outputs / "latest" / later).unlink()
        return outputs

    def check(self, row: FaultResult, stage: str, outputs: Path, done: CallResult) -> None:
        """Note an error if a call failed or its results differ from those of an undisturbed call."""
        if done.code:
            row.errors.append(f"{stage}: exit code {done.code}: {done.output.strip().splitlines()[-1:]}")
        elif results(outputs, stage) != self.expected[stage]:
            row.errors.append(f"{stage}: different result")


def results(outputs: Path, stage: str) -> dict[str, str]:
    """The hashes of the results of a stage."""
    return {name: hash_file(outputs / "latest" / stage / name) for name in RESULTS[stage]}


def incomplete_artifacts(outputs: Path) -> Iterator[str]:
    """Yield the files of finished artifacts that are missing or differ from the manifest."""
    for manifest in outputs.glob("artifacts/*/*/manifest.json"):
        if manifest.parent.suffix:
            continue
        for name, digest in jsonl.read_json(manifest)["files"].items():
            if not (manifest.parent / name).exists() or hash_file(manifest.parent / name) != digest:
                yield f"{manifest.parent / name} is incomplete"


def failed_cleanly(done: CallResult, part: str) -> bool:
    """Whether a call ended with an error message of one line that contains `part`, and no traceback."""
    errors = [line for line in done.output.splitlines() if line.startswith("error: ")]
    return done.code == 1 and "Traceback" not in done.output and any(part in line for line in errors)
