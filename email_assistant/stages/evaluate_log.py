"""What a run logs of an evaluation. Apart from the evaluation, so that a cached run does not import torch."""

from email_assistant.configuration.schema import Config
from email_assistant.experiments.run_logger import RunLogger
from email_assistant.metrics.scores import OWNER
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact


def log_to(run: RunLogger, artifact: Artifact, config: Config) -> None:
    """Log scores, their intervals, the page, the plots and a table of the mails to a run."""
    report = jsonl.read_json(artifact.path("report.json"))
    for arm, scores in [*report["arms"].items(), (OWNER, report["owner"])]:
        run.log_metrics({f"test_{arm}_{name}": value for name, value in scores.items()})
        ends = report["intervals"][arm]
        run.log_metrics({f"test_{arm}_{name}_low": low for name, (low, _) in ends.items()})
        run.log_metrics({f"test_{arm}_{name}_high": high for name, (_, high) in ends.items()})
    memorization = report["memorisation"] or {"extracted": {}, "canaries": {}}
    run.log_metrics({f"test_{arm}_extracted": value for arm, value in memorization["extracted"].items()})
    run.log_metrics({"test_requests_copied_share": report["copied_share"]})
    run.set_tags({f"signature.test.{name}": value for name, value in report["signatures"].items()})
    for name in ("report.json", "report.html", "measured.npz"):
        run.log_files(artifact.path(name))
    run.log_files(artifact.path("plots"), "plots")
    run.log_table("generations.json", jsonl.read(artifact.path("generations.jsonl")))
