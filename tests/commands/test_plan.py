"""Memory and time, planned before anything is run."""

import dataclasses
import logging
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from composed import composed_config
from conftest import RunPy
from warm import Call

from email_assistant.commands import plan


def totals(planned: Call) -> list[float]:
    """The gigabytes of training, of summaries and of mails."""
    assert planned.code == 0, planned.err
    row = re.search(r"(?m)^ *(?:in all|total) +([0-9.]+) +([0-9.]+) +([0-9.]+)", planned.out)
    assert row, planned.out
    return [float(number) for number in row.groups()]


def test_a_plan_of_nothing_makes_nothing(run_py: RunPy, tmp_path: Path) -> None:
    assert all(total > 0 for total in totals(run_py("stage=plan", "plan.probe=false")))
    assert not (tmp_path / "outputs" / "artifacts").exists()


def test_a_plan_says_how_many_are_written_at_a_time_and_which_layers_recompute(
    tiny_model: Path,
    archive: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    composed = composed_config(tiny_model, archive, tmp_path)

    def planned(memory_gb: float, recompute: Any, rows: int) -> tuple[str, str]:
        config = dataclasses.replace(
            composed,
            plan=dataclasses.replace(composed.plan, device_memory_gb=memory_gb, probe=False),
            trainer=dataclasses.replace(composed.trainer, gradient_checkpointing=recompute),
            generation=dataclasses.replace(composed.generation, candidates=4, search="sample", batch_size=rows),
            summarizer=dataclasses.replace(composed.summarizer, method="model", batch_size=2),
        )
        caplog.clear()
        plan.run(SimpleNamespace(config=config, artifacts={}, statuses=()))  # type: ignore[arg-type]
        return " ".join(caplog.messages), capsys.readouterr().out

    said, table = planned(1.0, 1, 100_000)
    fewer = re.search(r"memory is short: ([0-9]+) mails are written at a time instead of 100000", said)
    assert fewer and 1 < int(fewer[1]) < 100_000
    assert "instructions are written at a time" not in said
    assert re.search(rf"(?m)^ *texts or beams at a time +2 +{fewer[1]} *$", table), table
    assert "1 of 2 layers compute their activations twice in each step" in said
    said, table = planned(40.0, "auto", 64)
    assert "at a time instead of" not in said
    assert re.search(r"(?m)^ *texts or beams at a time +2 +64 *$", table), table
    assert "the activations of all 2 layers are kept in memory" in said


@pytest.mark.parametrize("choice", ["rough", "from_file"])
def test_a_plan_counts_the_model_s_instructions_only_where_it_writes_them(
    run_py: RunPy, archive: Path, choice: str
) -> None:
    values = ("stage=plan", "plan.probe=false", f"summarizer.path={archive}")
    assert "instructions" in run_py(*values).out
    planned = run_py(*values, f"summarizer={choice}")
    assert planned.code == 0, planned.err
    assert "instructions" not in planned.out
    assert "mails" in planned.out


@pytest.mark.slow
def test_a_plan_knows_the_mails_and_refuses_what_cannot_fit(run_py: RunPy, made_outputs: Path) -> None:
    planned = run_py("stage=plan")
    mails = len((made_outputs / "latest" / "split" / "train.jsonl").read_text().splitlines())
    assert all(total > 0 for total in totals(planned))
    assert re.search(rf"\b{mails} training mails", planned.out)
    # The time is probed, for training, summaries and mails.
    assert len(re.findall(r"\d tokens", planned.out)) == 3
    assert planned.made == []
    refused = run_py("stage=plan", "plan.device_memory_gb=0.1")
    assert (refused.code, refused.err.startswith("error: ")) == (1, True)
    assert "0.1" in refused.err


@pytest.mark.slow
def test_llama_3_is_planned_without_its_weights(run_py: RunPy) -> None:
    usual = ("model.path=/nowhere/llama", "lora.r=16", "generation.max_new_tokens=600", "summarizer.max_new_tokens=48")
    training, summaries, mails = totals(
        run_py("stage=plan", "experiment=llama3_qlora_a100", "plan.device_memory_gb=40", *usual)
    )
    assert 6 < training < 15
    assert max(summaries, mails) < 9
