"""What a run logs of a trained adapter. Apart from the training, so that a cached run does not import torch."""

from email_assistant.configuration.schema import Config
from email_assistant.experiments import registry
from email_assistant.experiments.run_logger import RunLogger
from email_assistant.experiments.tags import ADAPTER
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact


def log_to(run: RunLogger, artifact: Artifact, config: Config) -> None:
    """Log scores, their settings, the data's hash and the adapter to a run."""
    saved = jsonl.read_json(artifact.path("metrics.json"))
    logged_while_training = "validation/loss" in run.metrics
    run.log_metrics(saved["metrics"])
    run.set_tags({f"signature.{name}": value for name, value in saved["signatures"].items()})
    run.log_dataset("train", artifact.manifest["reads"]["inputs"]["train"], artifact.folder)
    run.log_files(artifact.path("metrics.json"))
    run.log_files(artifact.path("history.jsonl"))
    run.log_files(artifact.path("measured.npz"), "validation")
    if not logged_while_training:
        for record in jsonl.read(artifact.path("history.jsonl")):
            run.log_metrics({key: value for key, value in record.items() if key != "step"}, int(record["step"]))
    if config.tracking.log_adapter:
        run.log_files(artifact.path("adapter"), ADAPTER)
        registry.register(run, artifact, saved["metrics"], config)
