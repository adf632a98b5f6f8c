"""The store's own commands: `python -m email_assistant.experiments ui|relocate|alias`."""

import argparse
import sys
from pathlib import Path

from email_assistant.errors import EmailAssistantError
from email_assistant.experiments import registry, server
from email_assistant.experiments.connection import open_existing_store
from email_assistant.privacy import guard


def main() -> int:
    """Run one command.

    Returns:
        The exit code.
    """
    guard.protect()
    arguments = _parser().parse_args()
    try:
        return _run(arguments)
    except EmailAssistantError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"error: {error.filename or arguments.mlruns}: {error.strerror or error}; check its permissions",
            file=sys.stderr,
        )
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m email_assistant.experiments", description="Shows and maintains the local MLflow store."
    )
    default = Path(__file__).resolve().parents[2] / "mlruns"
    parser.add_argument("--mlruns", type=Path, default=default, help=f"folder of the store (default: {default})")
    commands = parser.add_subparsers(dest="command", required=True)
    ui = commands.add_parser("ui", help="show the runs in the browser, on 127.0.0.1 only")
    ui.add_argument("--port", type=int, default=server.PORT, help=f"port of the page (default: {server.PORT})")
    commands.add_parser("relocate", help="update the paths in a store that was moved or copied")
    alias = commands.add_parser("alias", help="point an alias at a version of a registered adapter")
    alias.add_argument("alias", help="the alias, such as production")
    alias.add_argument("version", help="the version, such as models:/NAME@best or models:/NAME/3")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command == "ui":
        return server.serve(arguments.mlruns, arguments.port)
    if arguments.command == "alias":
        client = open_existing_store(arguments.mlruns)
        print(f"{arguments.alias} is now {registry.set_alias(client, arguments.alias, arguments.version)}")
    else:
        print(f"updated {server.relocate(arguments.mlruns)} paths to {arguments.mlruns.resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
