"""Whether a project's files are encrypted. Light to import, since every run checks it."""

import json
from pathlib import Path
from typing import Any

from email_assistant.errors import PrivacyError

# The file with the encrypted master key and the state, and the suffix of encrypted files.
VAULT_FILE, LOCKED_SUFFIX = "vault.json", ".locked"


def read_state(outputs: Path) -> str:
    """The state of a project's files: 'open', 'locked', or 'between' after an interrupted lock or unlock.

    Raises:
        PrivacyError: If the vault file is corrupt.
    """
    path = outputs / VAULT_FILE
    return str(read_vault_file(path).get("state")) if path.exists() else "open"


def read_vault_file(path: Path) -> dict[str, Any]:
    """The content of a vault file.

    Raises:
        PrivacyError: If it is corrupt.
    """
    try:
        return dict(json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise PrivacyError(
            f"{path}: the file with the encrypted key is corrupt ({error}); restore a backup of it"
        ) from error
