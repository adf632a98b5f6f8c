"""Whether a project's files are encrypted, which everything asks that opens them."""

import json
from pathlib import Path
from typing import Any

from email_assistant.errors import PrivacyError

# The file with the wrapped key and the state; the ending of encrypted files.
VAULT, LOCKED = "vault.json", ".locked"


def state_of(outputs: Path) -> str:
    """Whether a project's files are 'open', 'locked', or in 'between' where a call was cut off.

    Raises:
        PrivacyError: when that cannot be read.
    """
    path = outputs / VAULT
    return str(read(path).get("state")) if path.exists() else "open"


def read(path: Path) -> dict[str, Any]:
    """What the file says.

    Raises:
        PrivacyError: when it cannot be read.
    """
    try:
        return dict(json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise PrivacyError(f"{path}: cannot be read, and holds the key: {error}") from error
