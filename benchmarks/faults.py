"""Fault injection in real processes: how a call fails, and whether a repeated call gives the undisturbed result.

    python -m benchmarks.faults --kills 50

The faults are kills at random moments of every stage, a full and a read-only disk (which need the right to mount a
tmpfs), truncated and changed files, two calls at once, a clock that goes back, and too little memory for a batch. The
model is tiny and random, the archive has 120 synthetic mails, and one MLflow store is used throughout.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks.fault_setup import RESULTS, CallResult, FaultResult, Setup, failed_cleanly, incomplete_artifacts
from benchmarks.scale import random_model
from email_assistant.storage import jsonl

# What the call after a kill does, by stage.
AFTER_KILL = {
    "data": "starts over",
    "summarize": "reuses the {} finished sentences",
    "split": "starts over",
    "train": "resumes after the {} finished steps",
    "evaluate": "reuses the mails that were written",
}
# Stages that save their progress, and the share of their time after the first progress is saved.
RESUMABLE = {"summarize": 0.4, "train": 0.4, "evaluate": 0.3}
TIMEOUT_SECONDS = 300.0


def kills(setup: Setup, count: int, stages: Sequence[str]) -> Iterator[FaultResult]:
    """Kill each stage at random moments, and run it again."""
    for stage in stages:
        row, reused = FaultResult(f"`kill -9` in {stage}"), 0
        for number in range(count):
            row.tries += 1
            outputs = setup.before(stage)
            process = subprocess.Popen(
                setup.command(stage, outputs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
            # Half of the kills come at any moment, the others after progress was saved.
            late = number % 2 == 1 and stage in RESUMABLE
            _wait(partial(_has_begun, process, outputs, stage, late))
            time.sleep(setup.rng.uniform(0, setup.seconds[stage] * (RESUMABLE[stage] if late else 1)))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            row.errors += incomplete_artifacts(outputs)
            finished = _finished_work(outputs, stage)
            done = setup.call(stage, outputs)
            setup.check(row, stage, outputs, done)
            reused += finished
            if finished and not re.search(rf"\b{finished} of|\bstep {finished}\b|cached", done.output):
                row.errors.append(f"{stage}: {finished} were finished and not reused")
            shutil.rmtree(outputs)
        row.reaction = AFTER_KILL[stage].format(reused)
        yield row


def _has_begun(process: "subprocess.Popen[bytes]", outputs: Path, stage: str, has_progress: bool) -> bool:
    """Whether a stage has begun, or with `has_progress` has saved progress, or its call has ended."""
    if process.poll() is not None:
        return True
    if not has_progress:
        return any(outputs.glob(f"artifacts/{stage}/*"))
    if stage == "train":
        return bool(_checkpoints(outputs))
    return any(file.stat().st_size for file in outputs.glob(f"artifacts/{stage}/*.partial/progress/*.jsonl"))


def _finished_work(outputs: Path, stage: str) -> int:
    """The number of sentences or steps that an interrupted stage has saved."""
    if stage == "summarize":
        files = list(outputs.glob("artifacts/summarize/*.partial/progress/sentences.jsonl"))
        return len(jsonl.read_finished(files[0])) if files else 0
    return max((int(checkpoint.name.partition("-")[2]) for checkpoint in _checkpoints(outputs)), default=0) * (
        stage == "train"
    )


def _checkpoints(outputs: Path) -> list[Path]:
    """The checkpoints of an interrupted training."""
    checkpoints = outputs.glob("artifacts/train/*.partial/progress/fit/checkpoint-*")
    return [checkpoint for checkpoint in checkpoints if not checkpoint.suffix]


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.005)


@contextmanager
def disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a file system of a limited size."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=700", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def disks(setup: Setup) -> Iterator[FaultResult]:
    """A disk that fills up at different moments, and one that becomes read-only."""
    full = FaultResult("disk full")
    needed = sum(path.stat().st_size for path in setup.undisturbed.rglob("*") if path.is_file()) // 1024
    for share in (0.05, 0.2, 0.4, 0.6, 0.8, 0.95):
        full.tries += 1
        with disk(setup.folder / f"disk-{share}", max(64, int(needed * share))) as mount:
            outputs = mount / "outputs"
            met = setup.call("evaluate", outputs)
            if not failed_cleanly(met, "No space left"):
                full.errors.append(f"at {share:.0%}: {met.code}, {met.output.strip().splitlines()[-1:]}")
            full.errors += incomplete_artifacts(outputs)
            subprocess.run(["mount", "-o", f"remount,size={needed * 3}k", str(mount)], check=True)
            setup.check(full, "evaluate", outputs, setup.call("evaluate", outputs))
    full.reaction = "fails with one line"
    yield full
    closed = FaultResult("read-only folder", reaction="fails with one line")
    with disk(setup.folder / "closed", needed * 3) as mount:
        for stage in RESULTS:
            closed.tries += 1
            subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
            met = setup.call(stage, mount / "outputs")
            subprocess.run(["mount", "-o", "remount,rw", str(mount)], check=True)
            if not failed_cleanly(met, "Read-only"):
                closed.errors.append(f"{stage}: {met.code}, {met.output.strip().splitlines()[-1:]}")
            setup.check(closed, stage, mount / "outputs", setup.call(stage, mount / "outputs"))
    yield closed


def damaged_files(setup: Setup) -> Iterator[FaultResult]:
    """Truncated and changed files."""
    yield _damaged_artifacts(setup)
    yield _damaged_checkpoints(setup)
    yield _damaged_hashes(setup)
    yield _damaged_store(setup)


def _damaged_artifacts(setup: Setup) -> FaultResult:
    artifact = FaultResult("artifact changed or truncated", reaction="reported; `force=true` rebuilds it")
    for stage, names in RESULTS.items():
        for damage in (_truncate, _flip):
            artifact.tries += 1
            outputs = setup.before("evaluate") if stage != "evaluate" else _copied(setup)
            file = outputs / "latest" / stage / names[0]
            damage(file)
            if not failed_cleanly(setup.call(stage, outputs), file.name):
                artifact.errors.append(f"{stage}: not reported")
            setup.check(artifact, stage, outputs, setup.call(stage, outputs, "force=true"))
            shutil.rmtree(outputs)
    return artifact


def _damaged_checkpoints(setup: Setup) -> FaultResult:
    checkpoint = FaultResult("checkpoint changed or truncated", reaction="reported and not used")
    for damage in (_truncate, _flip):
        for name in ("weights.safetensors", "optimizer.pt", "best.safetensors", "state.json"):
            checkpoint.tries += 1
            outputs = setup.before("train")
            checkpoint_folder = _interrupted(setup, outputs)
            damage(checkpoint_folder / name)
            done = setup.call("train", outputs)
            if not re.search(rf"{checkpoint_folder.name}\b.*(changed|corrupt)", done.output):
                checkpoint.errors.append(f"{name}: not reported")
            setup.check(checkpoint, "train", outputs, done)
            shutil.rmtree(outputs)
    return checkpoint


def _damaged_hashes(setup: Setup) -> FaultResult:
    hashes = FaultResult("cache of hashes truncated", tries=1, reaction="rebuilt")
    outputs = setup.before("train")
    _truncate(outputs / "fingerprints.json")
    setup.check(hashes, "train", outputs, setup.call("train", outputs))
    return hashes


def _damaged_store(setup: Setup) -> FaultResult:
    store = FaultResult("MLflow database truncated", reaction="reported; works once it is moved away")
    for damage in (_truncate, lambda file: file.write_bytes(b"")):
        store.tries += 1
        outputs, runs = setup.before("split"), setup.folder / f"runs-{store.tries}"
        runs.mkdir()
        shutil.copyfile(setup.folder / "mlruns" / "mlflow.db", runs / "mlflow.db")
        damage(runs / "mlflow.db")
        met = setup.call("split", outputs, f"paths.mlruns={runs}")
        if met.code and not failed_cleanly(met, "mlflow.db"):
            store.errors.append(f"{met.code}: {met.output.strip().splitlines()[-1:]}")
        shutil.rmtree(runs)
        setup.check(store, "split", outputs, setup.call("split", outputs, f"paths.mlruns={runs}"))
    return store


def _copied(setup: Setup) -> Path:
    outputs = setup.folder / "copied"
    shutil.copytree(setup.undisturbed, outputs, symlinks=True)
    return outputs


def _interrupted(setup: Setup, outputs: Path) -> Path:
    """Kill a training after some steps, and return its last checkpoint."""
    process = subprocess.Popen(setup.command("train", outputs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait(lambda: _finished_work(outputs, "train") >= 2 or process.poll() is not None)
    process.kill()
    process.wait()
    return max(_checkpoints(outputs))


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def others(setup: Setup) -> Iterator[FaultResult]:
    """Two calls at once, a clock that goes back, and too little memory for a batch."""
    both = FaultResult("two calls of a stage at once", reaction="one runs it, the other waits and uses the result")
    for stage in RESULTS:
        both.tries += 1
        outputs = setup.before(stage)
        processes = [
            subprocess.Popen(setup.command(stage, outputs), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for _ in range(2)
        ]
        ended = [CallResult(process.wait(), process.communicate()[0]) for process in processes]
        for done in ended:
            setup.check(both, stage, outputs, done)
        runs = sum(bool(re.search(rf"{stage} +running", done.output)) for done in ended)
        if runs != 1:
            both.errors.append(f"{stage}: ran {runs} times")
        shutil.rmtree(outputs)
    yield both
    clock = FaultResult("clock goes back a day", reaction="none")
    for stage in RESULTS:
        clock.tries += 1
        outputs = setup.before(stage)
        ahead = time.time() + 86400
        for path in outputs.rglob("*"):
            os.utime(path, (ahead, ahead), follow_symlinks=False)
        setup.check(clock, stage, outputs, setup.call(stage, outputs))
        shutil.rmtree(outputs)
    yield clock
    yield memory(setup)


def memory(setup: Setup) -> FaultResult:
    """A memory limit that is enough for small batches and not for large ones."""
    row = FaultResult("too little memory for a batch", tries=1)
    outputs = setup.folder / "memory"
    peaks = []
    for values in (SMALL_BATCHES, LARGE_BATCHES):
        peaks.append(_peak(setup, outputs, f"model.path={setup.wide}", *values))
        shutil.rmtree(outputs / "artifacts" / "train")
    limit_bytes = sum(peaks) // 2
    limit = partial(resource.setrlimit, resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    done = setup.call("train", outputs, f"model.path={setup.wide}", *LARGE_BATCHES, limit=limit)
    limits = re.findall(r"out of memory\D*(\d+) tokens", done.output)
    row.reaction = f"halves the batch, to {limits[-1]} tokens, and reports it" if limits else "did not run out"
    if done.code or not limits:
        row.errors.append(f"exit code {done.code}, limits {limits}: {done.output.strip().splitlines()[-1:]}")
    return row


# All mails of a step at once, or a few.
LARGE_BATCHES = ["trainer.batch_size=96", "trainer.gradient_checkpointing=false", "trainer.micro_batch_tokens=100000"]
SMALL_BATCHES = [*LARGE_BATCHES[:-1], "trainer.micro_batch_tokens=600"]
# The width of a model for which the difference is large.
WIDE = 1024


def _peak(setup: Setup, outputs: Path, *values: str) -> int:
    """The peak address space of a training, in bytes."""
    process = subprocess.Popen(
        setup.command("train", outputs, *values), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status")
        match = re.search(r"VmPeak:\s+(\d+) kB", status.read_text() if status.exists() else "")
        peak = max(peak, int(match[1]) * 1024 if match else 0)
        time.sleep(0.05)
    return peak


def main() -> None:
    """Inject all faults and print a table in Markdown. The exit code is 1 if there were errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="number of kills over all stages")
    parser.add_argument("--seed", type=int, default=1, help="seed of the moments of kills")
    parser.add_argument("--only", nargs="*", default=["kills", "disks", "damaged", "others"])
    parser.add_argument("--stages", nargs="*", default=list(RESULTS), help="stages to kill")
    arguments = parser.parse_args()
    kinds: dict[str, Callable[[Setup], Iterator[FaultResult]]] = {
        "kills": partial(kills, count=arguments.kills // len(RESULTS), stages=arguments.stages),
        "disks": disks,
        "damaged": damaged_files,
        "others": others,
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own, so that this one stays small.
        with ProcessPoolExecutor(1, get_context("spawn")) as executor:
            model, wide = (executor.submit(random_model, Path(folder), width).result() for width in (64, WIDE))
        setup = Setup(Path(folder), model, wide, arguments.seed)
        for kind in arguments.only:
            for row in kinds[kind](setup):
                rows.append(row)
                print(json.dumps(vars(row)), file=sys.stderr, flush=True)
    print("| fault | tries | what the call does | errors |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row.fault} | {row.tries} | {row.reaction} | {len(row.errors)} |")
    sys.exit(any(row.errors for row in rows))


if __name__ == "__main__":
    main()
