"""`make bench`: runs all benchmarks of speed, or those that are named: python -m benchmarks ingest generation.

Three only run if named: `python -m benchmarks rough_notes` compares rough notes with typed ones, `compose` measures
the time to the first words of a draft, and `edits` what is learned from edits of drafts.
"""

import argparse

from email_assistant.privacy import guard

guard.protect()

from benchmarks import candidates, compose, dropout, edits, generation, ingest, rough_notes, training  # noqa: E402
from benchmarks.measure import print_ratios, speed_ratios  # noqa: E402

BENCHMARKS = {
    "ingest": ingest,
    "generation": generation,
    "training": training,
    "candidates": candidates,
    "dropout": dropout,
}
REPORTS = {"rough_notes": rough_notes, "compose": compose, "edits": edits}


def main() -> None:
    """Run benchmarks and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*BENCHMARKS, *REPORTS]))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {*BENCHMARKS, *REPORTS}
    if unknown:
        parser.error(
            f"unknown benchmark: {', '.join(sorted(unknown))}; choose from {', '.join([*BENCHMARKS, *REPORTS])}"
        )
    for name in arguments.names or BENCHMARKS:
        if name in REPORTS:
            REPORTS[name].report()
            continue
        what, ours, peer = BENCHMARKS[name].prepare()
        print_ratios(name, what, speed_ratios(ours, peer, arguments.rounds))


if __name__ == "__main__":
    main()
