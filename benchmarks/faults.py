"""Faults in real processes: what a call does, and whether the same call again gives what an undisturbed one gives.

    python -m benchmarks.faults --kills 50

Kills at random moments of every stage; a full disk and a read-only one (they need the right to mount a small tmpfs);
files that were cut off or altered; two calls at once; a clock that went back; no memory for a batch. A tiny random
model, 120 made-up mails, one store of runs that lives through all of it.
"""

import argparse
import json
import os
import random
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
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks.scale import random_model, write_archive
from email_assistant.storage import jsonl
from email_assistant.storage.hashing import hash_file

ROOT = Path(__file__).resolve().parents[1]
# Of each stage, in their order, the files that an undisturbed call would give, byte for byte.
RESULTS = {
    "data": ("emails.jsonl", "dropped.jsonl"),
    "summarize": ("pairs.jsonl",),
    "split": ("train.jsonl", "validation.jsonl", "test.jsonl"),
    "train": ("adapter/adapter_model.safetensors", "validation_mails.jsonl"),
    "evaluate": ("generations.jsonl", "measured.npz"),
}
MAILS = 120
# Stages that keep what they have done, and the share of their time that comes after the first of it.
# What is said of the calls after kills.
MADE_AGAIN = {
    "data": "made anew",
    "summarize": "{} sentences finished before, none of them again",
    "split": "made anew",
    "train": "{} steps finished before, none of them again",
    "evaluate": "goes on after the mails that were written",
}
KEEPING = {"summarize": 0.4, "train": 0.4, "evaluate": 0.3}
WAITED = 300.0
SMALL = [
    "summarizer.max_new_tokens=8", "summarizer.batch_size=2", "generation.max_new_tokens=12", "generation.batch_size=1",
    "trainer.epochs=2", "trainer.scored_mails=2", "trainer.checkpoint_steps=1", "trainer.max_length=256",
    "trainer.too_long=cut", "lora.r=2", "model.threads=1", "evaluation.arms=[base,tuned]", "evaluation.judge_mails=0",
    "evaluation.extraction_mails=2", "evaluation.resamples=100", "tracking.experiment=faults",
]  # fmt: skip


@dataclass
class Row:
    """What came of one kind of fault.

    Attributes:
        fault: Its name.
        tries: How often it was tried.
        noticed: What the call that met it did.
        wrong: What was not as it should be, a line each.
    """

    fault: str
    tries: int = 0
    noticed: str = ""
    wrong: list[str] = field(default_factory=list)


@dataclass
class Done:
    """A call that has ended."""

    code: int
    said: str


class Bench:
    """The folders, the call, and what an undisturbed call gives."""

    def __init__(self, folder: Path, model: Path, wide: Path, seed: int) -> None:
        """Make an archive, and all stages once."""
        self.folder, self.chance = folder, random.Random(seed)
        self.model, self.wide, self.archive = model, wide, folder / "sent.jsonl"
        write_archive(self.archive, MAILS)
        self.whole = folder / "whole"
        done = self.call("evaluate", self.whole)
        if done.code:
            raise SystemExit(done.said)
        latest = self.whole / "latest"
        self.seconds = {stage: jsonl.read_json(latest / stage / "manifest.json")["seconds"] for stage in RESULTS}
        self.expected = {stage: results(self.whole, stage) for stage in RESULTS}
        self._number = 0

    def command(self, stage: str, outputs: Path, *more: str) -> list[str]:
        """The call of a stage."""
        places = [f"paths.outputs={outputs}", f"paths.mlruns={self.folder}/mlruns"]
        named = [f"model.path={self.model}", f"data.path={self.archive}"]
        return [sys.executable, str(ROOT / "run.py"), f"stage={stage}", *named, *places, *SMALL, *more]

    def call(self, stage: str, outputs: Path, *more: str, limit: Callable[[], None] | None = None) -> Done:
        """Call it and wait."""
        done = subprocess.run(
            self.command(stage, outputs, *more), capture_output=True, text=True, check=False, preexec_fn=limit
        )
        return Done(done.returncode, done.stdout + done.stderr)

    def before(self, stage: str) -> Path:
        """Fresh outputs in which everything before a stage is there."""
        self._number += 1
        outputs = self.folder / f"outputs-{self._number}"
        shutil.copytree(self.whole, outputs, symlinks=True)
        for later in list(RESULTS)[list(RESULTS).index(stage) :]:
            shutil.rmtree(outputs / "artifacts" / later)
            (outputs / "latest" / later).unlink()
        return outputs

    def check(self, row: Row, stage: str, outputs: Path, done: Done) -> None:
        """Note what is wrong with a call that should have given what an undisturbed one gives."""
        if done.code:
            row.wrong.append(f"{stage}: exit code {done.code}: {done.said.strip().splitlines()[-1:]}")
        elif results(outputs, stage) != self.expected[stage]:
            row.wrong.append(f"{stage}: another result")


def results(outputs: Path, stage: str) -> dict[str, str]:
    """The hashes of what a stage gave."""
    return {name: hash_file(outputs / "latest" / stage / name) for name in RESULTS[stage]}


def half_written(outputs: Path) -> Iterator[str]:
    """Artifacts that look whole and are not."""
    for manifest in outputs.glob("artifacts/*/*/manifest.json"):
        if manifest.parent.suffix:
            continue
        for name, digest in jsonl.read_json(manifest)["files"].items():
            if not (manifest.parent / name).exists() or hash_file(manifest.parent / name) != digest:
                yield f"{manifest.parent / name} is not whole"


def one_line(done: Done, part: str) -> bool:
    """Whether a call ended by saying in a line what was wrong."""
    errors = [line for line in done.said.splitlines() if line.startswith("error: ")]
    return done.code == 1 and "Traceback" not in done.said and any(part in line for line in errors)


def kills(bench: Bench, count: int, stages: Sequence[str]) -> Iterator[Row]:
    """Kill -9 at random moments of each stage, and call again."""
    for stage in stages:
        row, kept = Row(f"`kill -9` in {stage}"), 0
        for number in range(count):
            row.tries += 1
            outputs = bench.before(stage)
            process = subprocess.Popen(
                bench.command(stage, outputs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
            # At any moment; every other time of those after the first work was kept.
            late = number % 2 == 1 and stage in KEEPING
            _wait(partial(_has_begun, process, outputs, stage, late))
            time.sleep(bench.chance.uniform(0, bench.seconds[stage] * (KEEPING[stage] if late else 1)))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            row.wrong += half_written(outputs)
            finished = _progress(outputs, stage)
            done = bench.call(stage, outputs)
            bench.check(row, stage, outputs, done)
            kept += finished
            if finished and not re.search(rf"\b{finished} of|from step {finished}\b|cached", done.said):
                row.wrong.append(f"{stage}: {finished} were finished and were not taken up")
            shutil.rmtree(outputs)
        row.noticed = MADE_AGAIN[stage].format(kept)
        yield row


def _has_begun(process: "subprocess.Popen[bytes]", outputs: Path, stage: str, kept: bool) -> bool:
    """Whether a stage has begun, or has kept its first work, or its call has ended."""
    if process.poll() is not None:
        return True
    if not kept:
        return any(outputs.glob(f"artifacts/{stage}/*"))
    if stage == "train":
        return bool(_checkpoints(outputs))
    return any(file.stat().st_size for file in outputs.glob(f"artifacts/{stage}/*.partial/progress/*.jsonl"))


def _progress(outputs: Path, stage: str) -> int:
    """What an interrupted stage had finished."""
    if stage == "summarize":
        files = list(outputs.glob("artifacts/summarize/*.partial/progress/sentences.jsonl"))
        return len(jsonl.read_finished(files[0])) if files else 0
    return max((int(place.name.partition("-")[2]) for place in _checkpoints(outputs)), default=0) * (stage == "train")


def _checkpoints(outputs: Path) -> list[Path]:
    """Of an interrupted training."""
    found = outputs.glob("artifacts/train/*.partial/progress/fit/checkpoint-*")
    return [place for place in found if not place.suffix]


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAITED
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.005)


@contextmanager
def disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A small file system of its own."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=700", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def disks(bench: Bench) -> Iterator[Row]:
    """A disk that fills up at different moments; one that becomes read-only."""
    full = Row("disk full")
    needed = sum(path.stat().st_size for path in bench.whole.rglob("*") if path.is_file()) // 1024
    for share in (0.05, 0.2, 0.4, 0.6, 0.8, 0.95):
        full.tries += 1
        with disk(bench.folder / f"disk-{share}", max(64, int(needed * share))) as place:
            outputs = place / "outputs"
            met = bench.call("evaluate", outputs)
            if not one_line(met, "No space left"):
                full.wrong.append(f"at {share:.0%}: {met.code}, {met.said.strip().splitlines()[-1:]}")
            full.wrong += half_written(outputs)
            subprocess.run(["mount", "-o", f"remount,size={needed * 3}k", str(place)], check=True)
            bench.check(full, "evaluate", outputs, bench.call("evaluate", outputs))
    full.noticed = "said in a line"
    yield full
    closed = Row("read-only folder", noticed="said in a line")
    with disk(bench.folder / "closed", needed * 3) as place:
        for stage in RESULTS:
            closed.tries += 1
            subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
            met = bench.call(stage, place / "outputs")
            subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
            if not one_line(met, "Read-only"):
                closed.wrong.append(f"{stage}: {met.code}, {met.said.strip().splitlines()[-1:]}")
            bench.check(closed, stage, place / "outputs", bench.call(stage, place / "outputs"))
    yield closed


def altered(bench: Bench) -> Iterator[Row]:
    """Files that were cut off or changed."""
    artifact = Row("artifact altered or cut off", noticed="named; `force=true` makes it again")
    for stage, names in RESULTS.items():
        for harm in (_cut, _flip):
            artifact.tries += 1
            outputs = bench.before("evaluate") if stage != "evaluate" else _copied(bench)
            file = outputs / "latest" / stage / names[0]
            harm(file)
            if not one_line(bench.call(stage, outputs), file.name):
                artifact.wrong.append(f"{stage}: not named")
            bench.check(artifact, stage, outputs, bench.call(stage, outputs, "force=true"))
            shutil.rmtree(outputs)
    yield artifact
    checkpoint = Row("checkpoint altered or cut off", noticed="named, and trained without it")
    for harm in (_cut, _flip):
        for name in ("weights.safetensors", "optimizer.pt", "best.safetensors", "state.json"):
            checkpoint.tries += 1
            outputs = bench.before("train")
            place = _interrupted(bench, outputs)
            harm(place / name)
            done = bench.call("train", outputs)
            if f"{place.name} was changed or cut off" not in done.said:
                checkpoint.wrong.append(f"{name}: not noticed")
            bench.check(checkpoint, "train", outputs, done)
            shutil.rmtree(outputs)
    yield checkpoint
    memo = Row("memo of hashes cut off", tries=1, noticed="made anew")
    outputs = bench.before("train")
    _cut(outputs / "fingerprints.json")
    bench.check(memo, "train", outputs, bench.call("train", outputs))
    yield memo
    store = Row("store of runs cut off", noticed="named; the call goes on once it is moved away")
    for harm in (_cut, lambda file: file.write_bytes(b"")):
        store.tries += 1
        outputs, runs = bench.before("split"), bench.folder / f"runs-{store.tries}"
        runs.mkdir()
        shutil.copyfile(bench.folder / "mlruns" / "mlflow.db", runs / "mlflow.db")
        harm(runs / "mlflow.db")
        met = bench.call("split", outputs, f"paths.mlruns={runs}")
        if met.code and not one_line(met, "mlflow.db"):
            store.wrong.append(f"{met.code}: {met.said.strip().splitlines()[-1:]}")
        shutil.rmtree(runs)
        bench.check(store, "split", outputs, bench.call("split", outputs, f"paths.mlruns={runs}"))
    yield store


def _copied(bench: Bench) -> Path:
    outputs = bench.folder / "copied"
    shutil.copytree(bench.whole, outputs, symlinks=True)
    return outputs


def _interrupted(bench: Bench, outputs: Path) -> Path:
    """A training that was killed with a checkpoint; that one."""
    process = subprocess.Popen(bench.command("train", outputs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait(lambda: _progress(outputs, "train") >= 2 or process.poll() is not None)
    process.kill()
    process.wait()
    return max(_checkpoints(outputs))


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def others(bench: Bench) -> Iterator[Row]:
    """Two calls at once, a clock that went back, no memory for a batch."""
    both = Row("two calls of a stage at once", noticed="one makes it, the other waits and takes it")
    for stage in RESULTS:
        both.tries += 1
        outputs = bench.before(stage)
        processes = [
            subprocess.Popen(bench.command(stage, outputs), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for _ in range(2)
        ]
        ended = [Done(process.wait(), process.communicate()[0]) for process in processes]
        for done in ended:
            bench.check(both, stage, outputs, done)
        made = sum(bool(re.search(rf"{stage} +running", done.said)) for done in ended)
        if made != 1:
            both.wrong.append(f"{stage}: made {made} times")
        shutil.rmtree(outputs)
    yield both
    clock = Row("clock that went back a day", noticed="nothing")
    for stage in RESULTS:
        clock.tries += 1
        outputs = bench.before(stage)
        ahead = time.time() + 86400
        for path in outputs.rglob("*"):
            os.utime(path, (ahead, ahead), follow_symlinks=False)
        bench.check(clock, stage, outputs, bench.call(stage, outputs))
        shutil.rmtree(outputs)
    yield clock
    yield memory(bench)


def memory(bench: Bench) -> Row:
    """A limit on the process's memory that a small batch keeps and a large one does not."""
    row = Row("no memory for a batch", tries=1)
    outputs = bench.folder / "memory"
    peaks = []
    for values in (LITTLE, LARGE):
        peaks.append(_peak(bench, outputs, f"model.path={bench.wide}", *values))
        shutil.rmtree(outputs / "artifacts" / "train")
    most = sum(peaks) // 2
    limit = partial(resource.setrlimit, resource.RLIMIT_AS, (most, most))
    done = bench.call("train", outputs, f"model.path={bench.wide}", *LARGE, limit=limit)
    said = re.findall(r"out of memory: from here on at most (\d+) tokens", done.said)
    row.noticed = f"halved to {said[-1]} tokens at once, and said" if said else "not met"
    if done.code or not said:
        row.wrong.append(f"exit code {done.code}, said {said}: {done.said.strip().splitlines()[-1:]}")
    return row


# All mails of a step at once, or few.
LARGE = ["trainer.batch_size=96", "trainer.gradient_checkpointing=false", "trainer.micro_batch_tokens=100000"]
LITTLE = [*LARGE[:-1], "trainer.micro_batch_tokens=600"]
# Of a model by which the difference is large.
WIDE = 1024


def _peak(bench: Bench, outputs: Path, *values: str) -> int:
    """The most address space that a training takes, in bytes."""
    process = subprocess.Popen(
        bench.command("train", outputs, *values), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status")
        found = re.search(r"VmPeak:\s+(\d+) kB", status.read_text() if status.exists() else "")
        peak = max(peak, int(found[1]) * 1024 if found else 0)
        time.sleep(0.05)
    return peak


def main() -> None:
    """Try all of them and print a table in Markdown; the exit code says whether anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="over all stages")
    parser.add_argument("--seed", type=int, default=1, help="of their moments")
    parser.add_argument("--only", nargs="*", default=["kills", "disks", "altered", "others"])
    parser.add_argument("--stages", nargs="*", default=list(RESULTS), help="that are killed")
    arguments = parser.parse_args()
    kinds: dict[str, Callable[[Bench], Iterator[Row]]] = {
        "kills": partial(kills, count=arguments.kills // len(RESULTS), stages=arguments.stages),
        "disks": disks,
        "altered": altered,
        "others": others,
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own, so that this one stays small.
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:
            models = [apart.submit(random_model, Path(folder), width).result() for width in (64, WIDE)]
        bench = Bench(Path(folder), *models, arguments.seed)
        for kind in arguments.only:
            for row in kinds[kind](bench):
                rows.append(row)
                print(json.dumps(vars(row)), file=sys.stderr, flush=True)
    print("| fault | tries | what the call did | wrong afterwards |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row.fault} | {row.tries} | {row.noticed} | {len(row.wrong)} |")
    sys.exit(any(row.wrong for row in rows))


if __name__ == "__main__":
    main()
