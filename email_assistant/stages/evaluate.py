"""The tuned model and baselines on the test mails: scores with intervals, and a page that compares them."""

from pathlib import Path
from typing import Any

from email_assistant.configuration.schema import Config
from email_assistant.evaluation import generation_cache
from email_assistant.evaluation.comparison import compare_arms
from email_assistant.experiments import sweep_environment
from email_assistant.metrics.authorship import Judge
from email_assistant.metrics.copying import copied_share
from email_assistant.metrics.mauve_score import RELIABLE_MAILS, mauve_by_seed
from email_assistant.metrics.per_mail_score import Table, save
from email_assistant.metrics.scores import OWNER
from email_assistant.pipeline.context import StageInputs
from email_assistant.reports import evaluation_page, plots
from email_assistant.requests.arms import generation_of
from email_assistant.requests.request_form import TYPED
from email_assistant.stages.evaluator import BASELINE, REFERENCE, Evaluator
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import PROGRESS
from email_assistant.storage.records import GeneratedMail, Pair

# Requests that hold a larger share of their mails' words are reported: overlap is then high by copying.
COPIED_SHARE = 0.6
# A judge whose cross-validated accuracy is lower is reported as unreliable.
RELIABLE_JUDGE = 0.8


def run(inputs: StageInputs, folder: Path) -> dict[str, Any]:
    """Write report.json, report.html, plots/, generations.jsonl, written.jsonl and measured.npz.

    Mails that an earlier evaluation generated in the same way are reused: only the first job of a sweep runs the base
    model.
    """
    config = inputs.config
    evaluator = Evaluator(inputs, folder / PROGRESS)
    if sweep_environment.current_job() is None:
        evaluator.show_first_mails()
    mails: dict[str, list[GeneratedMail]] = {arm: evaluator.generate(arm) for arm in config.evaluation.arms}
    judge = evaluator.train_judge()
    arms: Table = {arm: evaluator.measure(arm, generated, judge) for arm, generated in mails.items()}
    arms[OWNER] = evaluator.measure_owner(judge)
    report: dict[str, Any] = {
        "mails": len(evaluator.test),
        "requests": TYPED if evaluator.typed_requests else "made from the mails",
        **compare_arms(arms, BASELINE, REFERENCE, config.evaluation.resamples, config.seed),
        "mauve_by_seed": {arm: mauve_by_seed(arms[arm]["mauve"]) for arm in mails},
        "longest_copy": {arm: evaluator.longest_copy(generated) for arm, generated in mails.items()},
        "copied_share": copied_share(
            [pair["instruction"] for pair in evaluator.test], [pair["email"] for pair in evaluator.test]
        ),
        "judge": None if judge is None else _about(judge),
        "memorisation": evaluator.measure_memorization(),
        "signatures": evaluator.scorer.signatures(),
    }
    report["warnings"] = _warnings(report, config)
    save(folder / "measured.npz", [pair["id"] for pair in evaluator.test], arms)
    generations = _generations(evaluator.test, mails)
    jsonl.write(folder / "generations.jsonl", generations)
    jsonl.write(folder / generation_cache.CACHE_FILE, evaluator.generated.values())
    jsonl.write_json(folder / "report.json", report)
    figures = plots.evaluation_figures(report, arms, generations, evaluator.history)
    plots.write_pngs(folder / "plots", figures)
    by_mail = {arm: arms[arm]["sense"].contributions[:, 0].tolist() for arm in mails}
    evaluation_page.write_page(folder / "report.html", report, generations, figures, by_mail)
    counts = {f"{arm}_{name}": value for arm, scores in report["arms"].items() for name, value in scores.items()}
    return counts | {"mails": len(evaluator.test)}


def _about(judge: Judge) -> dict[str, float]:
    return {"accuracy": judge.accuracy, "owner_mails": judge.owner_mails, "other_mails": judge.other_mails}


def _warnings(report: dict[str, Any], config: Config) -> list[str]:
    """Reasons for a reader to distrust the scores."""
    warnings = []
    mails = report["mails"]
    if mails < RELIABLE_MAILS:
        warnings.append(f"MAUVE on {mails} mails is a rough estimate: it needs {RELIABLE_MAILS} or more")
    owner = report["owner"].get("mauve")
    if owner is not None and BASELINE in report["arms"] and owner <= report["arms"][BASELINE]["mauve"]:
        warnings.append("MAUVE rates the owner's own mails no higher than the base model's: there are too few mails")
    if report["copied_share"] > COPIED_SHARE:
        share = f"{report['copied_share']:.0%}"
        warnings.append(
            f"the requests contain {share} of the words of their mails: copying them gives high BLEU and chrF"
        )
    drafts = config.generation.num_candidates
    counts = [generation_of(arm, config.generation, config.evaluation).num_candidates for arm in report["arms"]]
    if min(counts) < drafts:
        warnings.append(
            f"models with an adapter wrote {drafts} drafts per mail and kept the one that best says what was asked, "
            f"models without one wrote {min(counts)}: part of the difference in sense comes from that "
            "(evaluation.baseline_candidates=null gives all models the same number)"
        )
    if report["judge"] is None and config.evaluation.judge_mails:
        warnings.append("too few mails to train an authorship classifier")
    elif report["judge"] and report["judge"]["accuracy"] < RELIABLE_JUDGE:
        accuracy = report["judge"]["accuracy"]
        warnings.append(
            f"the authorship classifier has an accuracy of only {accuracy:.0%}, so its scores are unreliable"
        )
    return warnings


def _generations(test: list[Pair], arms: dict[str, list[GeneratedMail]]) -> list[dict[str, Any]]:
    """A line for every test mail: the request, the owner's mail, and each arm's mail."""
    lines = []
    for index, pair in enumerate(test):
        line: dict[str, Any] = {
            "id": pair["id"],
            "instruction": pair["instruction"],
            "subject": pair["subject"],
            "email": pair["email"],
        }
        line.update({"context": pair["context"]} if "context" in pair else {})
        line.update({arm: mails[index]["text"] for arm, mails in arms.items()})
        lines.append(line)
    return lines
