"""The adapter: trained on the owner's mails, then scored on the validation mails."""

import shutil
from pathlib import Path
from typing import Any

from email_assistant.configuration.schema import Config
from email_assistant.console import StageLogger
from email_assistant.experiments import lineage
from email_assistant.language_model.distributed import DistributedContext
from email_assistant.language_model.fingerprint import base_fingerprint
from email_assistant.language_model.loading import load_adapter
from email_assistant.language_model.process_settings import set_up_base
from email_assistant.pipeline.context import StageInputs
from email_assistant.reports.model_card import model_card
from email_assistant.stages import fit_adapter, score_adapter
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact

log = StageLogger(__name__, "train")


def run(inputs: StageInputs, folder: Path) -> dict[str, Any]:
    """Write adapter/, metrics.json, history.jsonl, validation_mails.jsonl, measured.npz and canaries.jsonl.

    An adapter trained with the same values but scored differently is only scored again.
    """
    config, split = inputs.config, inputs.artifacts["split"]
    fingerprint = base_fingerprint(config.model, config.outputs)
    trained = inputs.same_result
    if trained:
        log.info("adapter unchanged; scoring it again")
        _copy(trained, folder)
        model = load_adapter(set_up_base(config.model, inputs.distributed), folder / "adapter", fingerprint)
        fit_metrics: dict[str, Any] = {
            name: trained.manifest["counts"][name] for name in trained.manifest["counts"]["fit"]
        }
    else:
        model, fit_metrics = fit_adapter.fit(inputs, folder, fingerprint)
    scores, signatures = score_adapter.score_adapter(config, model, split, folder)
    metrics = {**fit_metrics, **{f"validation_{name}": value for name, value in scores.items()}}
    metrics |= score_adapter.measure_canaries(config, model, folder)
    score_adapter.refuse_memorization(config.trainer, metrics, folder)
    jsonl.write_json(folder / "metrics.json", {"metrics": metrics, "signatures": signatures})
    card = model_card(config, metrics, signatures, inputs.artifacts, fingerprint)
    (folder / "adapter" / "README.md").write_text(card, encoding="utf-8")
    fresh = {"key": inputs.key.key, "reads": inputs.key.result_dependencies, **inputs.provenance}
    lineage.write_lineage(folder / "adapter", trained.manifest if trained else fresh, inputs.artifacts, metrics)
    # "fit": the names of the metrics that rescoring takes over, because they describe the training and not the scores.
    return {**metrics, "fit": list(fit_metrics)}


def _copy(trained: Artifact, folder: Path) -> None:
    shutil.copytree(trained.path("adapter"), folder / "adapter", dirs_exist_ok=True)
    shutil.copyfile(trained.path("history.jsonl"), folder / "history.jsonl")


def follow(config: Config, distributed: DistributedContext) -> None:
    """Train with the leading process, as one of its workers."""
    fit_adapter.follow(config, distributed)
