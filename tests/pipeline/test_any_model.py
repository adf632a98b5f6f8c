"""A model of any architecture goes through the whole pipeline: by this project's decoder, or by transformers."""

from pathlib import Path

import pandas
import pytest
from architectures import ARCHITECTURES, save_model
from conftest import RunPy
from transformers import AutoTokenizer

from email_assistant.storage import jsonl

# One step on a few mails, and few tokens of each.
QUICK = (
    "data.max_mails=20",
    "summarizer.retries=0",
    "trainer.max_steps=1",
    "trainer.batch_size=2",
    "generation.max_new_tokens=4",
    "evaluation.arms=[base,tuned]",
    "evaluation.judge_mails=0",
    "evaluation.extraction_mails=0",
    "tracking=none",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_goes_through_all_stages(name: str, run_py: RunPy, tiny_model: Path, tmp_path: Path) -> None:
    kind, values, _ = ARCHITECTURES[name]
    values = {"max_position_embeddings": 2048} | values
    model = save_model(tmp_path / "model", AutoTokenizer.from_pretrained(tiny_model), kind, values)
    here = (f"model.path={model}", *QUICK)
    planned = run_py("stage=plan", "plan.probe=false", *here)
    assert planned.code == 0, planned.err
    done = run_py("stage=all", *here)
    assert done.code == 0, done.err
    assert done.made == ["data", "summarize", "split", "train", "evaluate"]
    trained = jsonl.read_json(tmp_path / "outputs" / "latest" / "train" / "metrics.json")["metrics"]
    assert trained["steps"] == 1 and trained["validation_loss"] > 0
    asked, mails = tmp_path / "ask.txt", tmp_path / "mails.csv"
    asked.write_text("ask Bo for rope\n")
    written = run_py("stage=infer", f"infer.input={asked}", f"infer.output={mails}", *here)
    assert written.code == 0, written.err
    assert list(pandas.read_csv(mails)["instruction"]) == ["ask Bo for rope"]
