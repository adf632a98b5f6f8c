"""A keyring for tests, in a file."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class FileKeyring(KeyringBackend):
    """Keeps what it is given in the file that FILE_KEYRING names; refuses while its mode is 0400."""

    priority = 5  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        path = Path(os.environ["FILE_KEYRING"])
        path.write_text(json.dumps({**self._kept(), f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        raise PasswordDeleteError("nobody asks for this")

    def _kept(self) -> dict[str, str]:
        path = Path(os.environ["FILE_KEYRING"])
        if path.exists() and path.stat().st_mode & 0o777 == 0o400:
            raise KeyringLocked("Failed to unlock the collection!")
        return dict(json.loads(path.read_text())) if path.exists() else {}


class PlainFile(FileKeyring):
    """One that the library does not recommend."""

    priority = 0.5  # type: ignore[assignment]
