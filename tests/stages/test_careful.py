"""A training that must not remember: what it leaves out, and that it fails where it remembers."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from warm import Call

from email_assistant.configuration.contradictions import several_processes
from email_assistant.training.differential import SECRET

Run = Callable[..., Call]
CAREFUL = ("stage=train", "trainer.privacy=careful", "data.redact=pii", "trainer.canaries=4")


@pytest.fixture
def repeated(archive: Path, tmp_path: Path) -> Path:
    """The archive, in which three mails are sent again with a word more."""
    mails = [json.loads(line) for line in archive.read_text().splitlines()]
    again = [{**mail, "id": f"again{place}", "body": mail["body"] + " soon"} for place, mail in enumerate(mails[:3])]
    path = tmp_path / "repeated.jsonl"
    path.write_text("".join(json.dumps(mail) + "\n" for mail in [*mails, *again]))
    return path


@pytest.mark.slow
def test_near_duplicates_are_trained_on_once_and_memory_is_measured(
    run_py: Run, repeated: Path, tmp_path: Path
) -> None:
    # Kept apart by the data stage, whose limit is higher here.
    call = (*CAREFUL, f"data.path={repeated}", "data.duplicate_similarity=1.0")
    done = run_py(*call)
    assert done.code == 0, done.err
    latest = tmp_path / "outputs" / "latest"
    mails = [json.loads(line) for line in (latest / "split" / "train.jsonl").read_text().splitlines()]
    sent_twice = sum(mail["id"].startswith("again") for mail in mails)
    assert sent_twice
    metrics = json.loads((latest / "train" / "metrics.json").read_text())["metrics"]
    assert metrics["train_mails"] + metrics["train_dropped"] == len(mails) - sent_twice
    assert 0 <= metrics["canary_exposure"] <= 3.0
    # It may be written with, canaries or not.
    assert list((tmp_path / "mlruns").rglob("adapter_model.safetensors"))


@pytest.mark.slow
def test_an_adapter_that_remembers_is_not_kept(run_py: Run, tmp_path: Path) -> None:
    call = (*CAREFUL, "trainer.canary_limit=0.0001")
    for done in (run_py(*call), run_py(*call)):
        assert done.code == 1 and "the adapter memorized its canaries: mean exposure" in done.err
    outputs = tmp_path / "outputs"
    # Nor are its checkpoints.
    assert not list(outputs.rglob("*.safetensors")) and not (outputs / "latest" / "train").exists()


def test_it_needs_redaction_and_canaries(run_py: Run) -> None:
    for call in (("trainer.privacy=careful", "trainer.canaries=4"), ("trainer.privacy=careful", "data.redact=pii")):
        refused = run_py("stage=train", *call)
        assert refused.code == 1 and "needs data.redact=pii and trainer.canaries=8" in refused.err


@pytest.mark.slow
def test_an_adapter_may_be_differentially_private(run_py: Run, tmp_path: Path) -> None:
    values = ("trainer.epochs=2", "trainer.epsilon=3", "trainer.delta=0.01")
    done = run_py("stage=train", "experiment=differential", *values)
    assert done.code == 0, done.err
    trained = tmp_path / "outputs" / "latest" / "train"
    metrics = json.loads((trained / "metrics.json").read_text())["metrics"]
    assert 2.5 < metrics["privacy_epsilon"] <= 3 and metrics["privacy_delta"] == 0.01
    assert f"| privacy_epsilon | {metrics['privacy_epsilon']:.4g} |" in (trained / "adapter" / "README.md").read_text()
    # The key of the noise is gone.
    assert not list((tmp_path / "outputs").rglob(SECRET))
    exported = run_py("stage=export", f"export.folder={tmp_path}/exported", "experiment=differential", *values)
    assert exported.code == 0 and "differentially private for each training mail: epsilon" in exported.out, exported.err
    again = run_py("stage=train", "experiment=differential", *values)
    assert again.code == 0 and again.out.count("cached") == 4


def test_what_would_break_the_promise_is_refused(run_py: Run) -> None:
    shown = run_py("stage=train", "experiment=differential", "retrieval=bm25", "retrieval.training_share=0.5")
    assert shown.code == 1 and "retrieval.training_share=0" in shown.err


def test_what_several_processes_cannot_do() -> None:
    private: Any = SimpleNamespace(trainer=SimpleNamespace(privacy="differential"), lora=SimpleNamespace(init="pissa"))
    assert list(several_processes(private, 1, sharded=False)) == []
    (fault,) = several_processes(private, 2, sharded=False)
    assert fault.startswith("trainer.privacy = differential")
    assert len(list(several_processes(private, 2, sharded=True))) == 2
