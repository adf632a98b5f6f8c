"""What the commands that read the store cost when it holds a sweep of many jobs.

One training run is logged by the program; its record is then copied for each job, with other values, so that the store
is that of a real sweep. Only the adapter is not copied.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from benchmarks.stage_cost import ROOT, Cost, cost_of

RANKS = (1, 2, 4, 8, 16, 32, 64, 128)
COMMANDS = ("compare", "status", "lineage")
# MLflow's page asks for so many runs at once.
PAGE_RUNS = 100
# Seconds to wait for the server of the page.
PATIENCE = 300


def print_costs(folder: Path, call: Sequence[str], jobs: int) -> None:
    """Print what each command costs, with one job and with all of them.

    Args:
        folder: The folder of the archive's artifacts; the store is created in it.
        call: The overrides that train on this archive.
        jobs: The number of jobs of the sweep.
    """
    mlruns = folder / "mlruns"
    overrides = [*call, f"paths.mlruns={mlruns}", f"compare.output={folder}/compare.html"]
    cost_of(["stage=train", *overrides, "tracking=local"])
    costs: dict[str, list[Cost]] = {}
    for count in (1, jobs):
        copy_run(mlruns, count)
        for command in COMMANDS:
            costs.setdefault(command, []).append(cost_of([f"stage={command}", *overrides, "tracking=local"]))
        costs.setdefault("page of MLflow: start, first runs", []).append(_page(mlruns))
    print(f"\n| | 1 job | {jobs} jobs |\n|---|---|---|")
    for name, measured in costs.items():
        print(f"| {name} | {' | '.join(map(str, measured))} |")
    print(f"\ncompare.html: {(folder / 'compare.html').stat().st_size / 1e6:.1f} MB")


def copy_run(mlruns: Path, count: int) -> None:
    """Add a sweep whose jobs are copies of the store's oldest training run, with other values."""
    from email_assistant.experiments.connection import open_existing_store
    from email_assistant.experiments.queries import experiment_ids, run_files, search_runs
    from email_assistant.experiments.tags import ADAPTER, ARTIFACT_TAG, PARENT_TAG, SWEEP

    client = open_existing_store(mlruns)
    source = search_runs(client, experiment_ids(client), "tags.stage = 'train'")[-1]
    experiment, files = source.info.experiment_id, run_files(mlruns, source.info.run_id)
    parent = client.create_run(experiment, tags={"stage": SWEEP}, run_name=f"sweep of {count}").info.run_id
    for number in range(count):
        tags = {name: value for name, value in source.data.tags.items() if name != "mlflow.runName"}
        tags |= {PARENT_TAG: parent, f"{ARTIFACT_TAG}train": f"{parent}{number}"}
        run = client.create_run(experiment, tags=tags, run_name=f"job {number}").info.run_id
        values = {"lora.r": str(RANKS[number % len(RANKS)]), "trainer.learning_rate": f"{1e-5 * (1 + number):.6f}"}
        _log(client, run, source.data.params | values, source.data.metrics)
        shutil.copytree(files, run_files(mlruns, run), ignore=shutil.ignore_patterns(ADAPTER), dirs_exist_ok=True)
        client.set_terminated(run)
    client.set_terminated(parent)


def _log(client: object, run: str, params: dict[str, str], metrics: dict[str, float]) -> None:
    from mlflow.entities import Metric, Param

    pairs = [Param(name, value) for name, value in params.items()]
    for start in range(0, len(pairs), 100):
        client.log_batch(run, params=pairs[start : start + 100])  # type: ignore[attr-defined]
    numbers = [Metric(name, value, 0, 0) for name, value in metrics.items()]
    client.log_batch(run, metrics=numbers)  # type: ignore[attr-defined]


def _page(mlruns: Path) -> Cost:
    """From the start of the server until the first runs are there, and the memory of its largest process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.monotonic()
    command = [sys.executable, "-m", "email_assistant.experiments", "--mlruns", str(mlruns), "ui", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/ajax-api/2.0/mlflow"
    try:
        found = _ask(f"{address}/experiments/search", {"max_results": 100}, started)
        ids = [experiment["experiment_id"] for experiment in found["experiments"]]
        _ask(f"{address}/runs/search", {"experiment_ids": ids, "max_results": PAGE_RUNS}, started)
        seconds = time.monotonic() - started
    finally:
        server.send_signal(signal.SIGTERM)
        _, _, used = os.wait4(server.pid, 0)
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)


def _ask(address: str, question: dict[str, object], started: float) -> dict[str, list[dict[str, str]]]:
    """Ask the server as soon as it answers."""
    while True:
        request = urllib.request.Request(
            address, json.dumps(question).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return dict(json.load(answer))
        except ConnectionError as error:
            _give_up_late(started, error)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            _give_up_late(started, error)


def _give_up_late(started: float, error: Exception) -> None:
    if time.monotonic() - started > PATIENCE:
        raise SystemExit(f"the page of the store does not answer: {error}")
    time.sleep(0.1)
