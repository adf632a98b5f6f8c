"""Scores by the number of training mails, on real archives: the defaults, the baselines, and Panza's recipe.

    python -m benchmarks.results --archive enron=../shared/mail/enron_shackleton --mails 100 300

For every archive and number of training mails it calls run.py as a user would, and prints a table in Markdown. The
validation and test mails of an archive are the same for all numbers. Artifacts in the folder of outputs are reused.
Panza's recipe gets as many steps as the defaults took.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ARMS = ["base", "few_shot", "base_bm25", "base_embedding", "tuned", "tuned_bm25"]
ARMS_WITHOUT_BASELINES = ["base", "tuned"]
VALIDATION = 30
SHOWN = {
    "sense": 2,
    "facts_kept": 2,
    "mauve": 2,
    "authorship": 2,
    "length_ratio": 2,
    "bleu": 1,
    "chrf": 1,
    "perplexity": 1,
}


@dataclass(frozen=True)
class Case:
    """An archive, and how its mails are used.

    Attributes:
        name: Of the archive, in tables.
        path: A file or folder.
        owner: The owner's address; empty to detect it.
        taken: The number of newest mails to use.
        mails: The number of training mails.
        tested: The number of test mails.
    """

    name: str
    path: str
    owner: str
    taken: int
    mails: int
    tested: int

    @property
    def overrides(self) -> list[str]:
        """The configuration that selects these mails."""
        return [
            "data=archive",
            f"data.path={self.path}",
            *([f"data.owner={self.owner}"] if self.owner else []),
            f"data.max_mails={self.taken}",
            f"split.test_fraction={self.tested / self.taken:.4f}",
            f"split.validation_fraction={VALIDATION / (self.taken - self.tested):.4f}",
            f"split.max_train_mails={self.mails}",
            f"evaluation.max_mails={self.tested}",
        ]


def main() -> None:
    """Run every case and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", action="append", required=True, help="NAME=PATH or NAME=PATH=OWNER; repeatable")
    parser.add_argument("--mails", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--tested", type=int, default=50)
    parser.add_argument("--taken", type=int, help="newest mails of an archive to use; default: as many as needed")
    parser.add_argument("--baselines", type=int, nargs="*", help="numbers of mails with baselines; default: all")
    parser.add_argument("--panza", type=int, nargs="*", default=[], help="numbers of mails with Panza's recipe")
    parser.add_argument("--outputs", type=Path, default=ROOT / "outputs" / "results")
    parser.add_argument("overrides", nargs="*", help="further overrides for the runs with defaults, as for run.py")
    arguments = parser.parse_args()
    for given in arguments.archive:
        name, path, owner = [*given.split("="), ""][:3]
        for mails in arguments.mails:
            taken = arguments.taken or max(arguments.mails) + VALIDATION + arguments.tested
            case = Case(name, path, owner, taken, mails, arguments.tested)
            arms = ARMS if arguments.baselines is None or mails in arguments.baselines else ARMS_WITHOUT_BASELINES
            report, steps = _run(case, arguments.outputs, _with_arms(arms, arguments.overrides))
            _print(case, report, "defaults", steps)
            if mails in arguments.panza:
                recipe = [
                    "experiment=panza",
                    "evaluation.arms=[base,tuned,tuned_embedding]",
                    f"trainer.max_steps={steps}",
                    f"trainer.epochs={steps}",
                ]
                report, steps = _run(case, arguments.outputs, recipe)
                _print(case, report, "experiment=panza", steps)


def _with_arms(arms: list[str], overrides: list[str]) -> list[str]:
    """The overrides, with these arms unless they name some."""
    given = any(override.startswith("evaluation.arms=") for override in overrides)
    return overrides if given else [f"evaluation.arms=[{','.join(arms)}]", *overrides]


def _run(case: Case, outputs: Path, overrides: list[str]) -> tuple[dict[str, Any], int]:
    """Run an evaluation and return its report, and the number of training steps."""
    command = [sys.executable, "run.py", "stage=evaluate", *case.overrides, *overrides, f"paths.outputs={outputs}"]
    print("\n    " + " ".join(command[1:]), flush=True)
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    report = json.loads((outputs / "latest" / "evaluate" / "report.json").read_text(encoding="utf-8"))
    metrics = json.loads((outputs / "latest" / "train" / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    return report, int(metrics["steps"])


def _print(case: Case, report: dict[str, Any], what: str, steps: int) -> None:
    print(f"\n{case.name}, {case.mails} mails, {report['mails']} tested, {what}, {steps} steps\n")
    print(f"| | {' | '.join(SHOWN)} |")
    print(f"|---|{'---|' * len(SHOWN)}")
    for arm, scores in [*report["arms"].items(), ("owner", report["owner"])]:
        print(f"| {arm} | {' | '.join(_cell(report, arm, scores, name) for name in SHOWN)} |")
    for arm, gaps in report["gaps_closed"].items():
        for name, gap in gaps.items():
            print(f"\n{arm}: {gap['value']:.0%} of the gap in {name} ({gap['low']:.0%} to {gap['high']:.0%})")
    print(flush=True)


def _cell(report: dict[str, Any], arm: str, scores: dict[str, float], name: str) -> str:
    if name not in scores:
        return ""
    low, high = report["intervals"][arm][name]
    digits = SHOWN[name]
    return f"{scores[name]:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


if __name__ == "__main__":
    main()
