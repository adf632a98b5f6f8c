"""The model card in an adapter's folder: where its mails are, a verdict, scores, and how it was made."""

from collections.abc import Mapping
from typing import Any

from email_assistant.configuration.schema import Config
from email_assistant.storage.artifacts import Artifact

TEMPLATE = """---
base_model: {base}
library_name: peft
pipeline_tag: text-generation
tags: [lora, email]
---

# A LoRA adapter that writes mail in one person's style

**Private.** It was trained on one person's mail and may repeat parts of it. Do not publish it.

## What it writes

The mails that it wrote for the validation requests are in `validation_mails.jsonl` of the artifact that this folder
comes from. `python run.py stage=evaluate` writes a page that shows its mails beside the owner's and the base model's.

**{verdict}**

## Scores on the validation mails

| Score | Value |
|---|---|
{scores}

{signatures}

## How it was made

- Base model: {base} (fingerprint {fingerprint}, quantization {quantization})
- LoRA: r={r}, alpha={alpha}, dropout={dropout}, target modules {targets}
- Training: {training} mails, {supervised} target tokens, {steps} steps, best at step {best_step}, seed {seed}

## Lineage

| Stage | Artifact | Counts |
|---|---|---|
{lineage}

## Use

`python run.py stage=infer infer.adapter=<this folder> infer.input=instructions.txt infer.output=mails.csv`
"""


def model_card(
    config: Config,
    metrics: dict[str, Any],
    signatures: dict[str, str],
    artifacts: Mapping[str, Artifact],
    fingerprint: str,
) -> str:
    """Render the card as Markdown; it contains no text of any mail.

    Args:
        config: The configuration of the training.
        metrics: The adapter's scores and the training's counts.
        signatures: How each score was computed, by score.
        artifacts: The artifacts of the stages before, by stage.
        fingerprint: The base model's fingerprint.
    """
    prefixes = ("validation_", "base_", "canar", "privacy_")
    scores = {name: value for name, value in metrics.items() if name.startswith(prefixes)}
    return TEMPLATE.format(
        verdict=_verdict(metrics),
        base=config.model.path.rstrip("/").rpartition("/")[2],
        fingerprint=fingerprint,
        quantization=config.model.quantization,
        r=config.lora.r,
        alpha=config.lora.scale_numerator,
        dropout=config.lora.dropout,
        targets=config.lora.target_modules,
        training=metrics["train_mails"],
        supervised=metrics["supervised_tokens"],
        steps=metrics["steps"],
        best_step=metrics["best_step"],
        seed=config.seed,
        scores="\n".join(f"| {name} | {value:.4g} |" for name, value in scores.items()),
        signatures="\n".join(f"- {name}: `{value}`" for name, value in signatures.items()),
        lineage="\n".join(
            f"| {name} | {artifact.folder.name} | {_counts(artifact)} |" for name, artifact in artifacts.items()
        ),
    )


def _verdict(metrics: Mapping[str, Any]) -> str:
    before, after = metrics["base_validation_loss"], metrics["validation_loss"]
    if after >= before:
        return f"Training did not lower the loss on the validation mails ({before:.3f} nats per token): do not use it."
    return f"Training lowered the loss on the owner's validation mails from {before:.3f} to {after:.3f} nats per token."


def _counts(artifact: Artifact) -> str:
    return ", ".join(f"{key} {value}" for key, value in artifact.manifest["counts"].items())
