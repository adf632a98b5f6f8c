"""What it is all for: after a few steps on the demo archive, the bundled model writes more like its writer."""

from pathlib import Path

import pytest
from conftest import ROOT, RunPy

from email_assistant.storage import jsonl


@pytest.mark.slow
def test_tuned_beats_base_on_the_demo(run_py: RunPy, smollm2: Path, tmp_path: Path) -> None:
    done = run_py(
        "stage=evaluate", f"data.path={ROOT / 'demo' / 'archive.mbox'}", "data.languages=[en]",
        "data.max_mails=30", "tracking=none", f"model.path={smollm2}", "summarizer=rough", "lora.r=16",
        "trainer.max_steps=6", "trainer.epochs=3", "trainer.batch_size=4", "trainer.learning_rate=2e-3",
        "trainer.validations_per_epoch=1", "trainer.scored_mails=2", "evaluation.arms=[base,tuned]",
        "evaluation.max_mails=4", "evaluation.judge_mails=0", "evaluation.extraction_mails=0",
        "evaluation.resamples=100", "generation.candidates=1", "generation.temperature=0",
        "generation.max_new_tokens=40",
    )  # fmt: skip
    assert done.code == 0, done.err
    latest = tmp_path / "outputs" / "latest"
    history = jsonl.read(latest / "train" / "history.jsonl")
    losses = [step["validation/loss"] for step in history if "validation/loss" in step]
    arms = jsonl.read_json(latest / "evaluate" / "report.json")["arms"]
    # The first loss is that of an adapter that changes nothing yet.
    assert min(losses) < losses[0] - 0.3, losses
    assert arms["tuned"]["perplexity"] < 0.8 * arms["base"]["perplexity"], arms
    assert arms["tuned"]["chrf"] > arms["base"]["chrf"] + 3, arms
    print(losses, {arm: (scores["bleu"], scores["chrf"], scores["perplexity"]) for arm, scores in arms.items()})
