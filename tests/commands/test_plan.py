"""Memory and time, planned before anything is run."""

import re
from pathlib import Path

import pytest
from conftest import RunPy
from warm import Call


def totals(planned: Call) -> list[float]:
    """The gigabytes of training, of summaries and of mails."""
    assert planned.code == 0, planned.err
    row = re.search(r"(?m)^ *(?:in all|total) +([0-9.]+) +([0-9.]+) +([0-9.]+)", planned.out)
    assert row, planned.out
    return [float(number) for number in row.groups()]


def test_a_plan_of_nothing_makes_nothing(run_py: RunPy, tmp_path: Path) -> None:
    assert all(total > 0 for total in totals(run_py("stage=plan", "plan.probe=false")))
    assert not (tmp_path / "outputs" / "artifacts").exists()


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
