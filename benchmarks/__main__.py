"""Prints a table of the speed and memory of this project beside its peers, or the parts of it that are named.

python -m benchmarks                        the whole table; sized for 15 minutes on two cores
python -m benchmarks training generation    only these parts

Five reports only run if named: `rough_notes` compares rough notes with typed ones, `subjects` counts what is put back
of the subjects that notes leave out, `edits` measures what is learned from edits of drafts, `threads` what a busy
process on the same cores costs, and `products` how fast the products of a step of writing are by number format and
layout. Peers that are not installed are named as such: pip install -r benchmarks/peers.txt.
"""

import argparse
import importlib

from email_assistant.language_model import openmp
from email_assistant.privacy import guard

guard.protect()
openmp.limit_spinning()

from benchmarks.measure import in_new_process, print_head, print_rows, rows_of  # noqa: E402
from benchmarks.model import auto_format, processor_kind  # noqa: E402

PARTS = ("ingest", "training", "dropout", "generation", "candidates", "compose", "memory")
REPORTS = ("rough_notes", "subjects", "edits", "threads", "products")


def main() -> None:
    """Print the reports and the part of the table that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*PARTS, *REPORTS]))
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - {*PARTS, *REPORTS}:
        names = ", ".join([*PARTS, *REPORTS])
        parser.error(f"unknown benchmark: {', '.join(sorted(unknown))}; choose from {names}")
    for name in arguments.names:
        if name in REPORTS:
            importlib.import_module(f"benchmarks.{name}").report()
    if parts := [name for name in arguments.names or PARTS if name in PARTS]:
        print_head(processor_kind(), auto_format())
    for name in parts:
        print_rows(f"benchmarks {name}", in_new_process(rows_of, name, arguments.rounds))


if __name__ == "__main__":
    main()
