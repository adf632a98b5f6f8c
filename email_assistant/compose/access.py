"""Who may use the server: a token in a file of its owner, links that work once, and the page's cookie."""

import hmac
import secrets
import time
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from email_assistant.archive.edits import FOLDER
from email_assistant.errors import PrivacyError
from email_assistant.storage.atomic import write_private

TOKEN_FILE, OPENING_FILE = "token", "open.html"
TOKEN_BYTES = 32
# How long a link that works once can be used.
LINK_SECONDS = 600.0
COOKIE = "email_assistant"
# All ports of a host share cookies, so the cookie must not be the token that programs use.
_COOKIE_PURPOSE = b"cookie of the page"


class Access:
    """The token of this installation, and what is derived from it."""

    def __init__(self, token: str) -> None:
        """Use a token, as `load_token` returns it."""
        self._token = token
        self._links: dict[str, float] = {}

    @property
    def cookie(self) -> str:
        """The value of the page's cookie."""
        return hmac.new(self._token.encode(), _COOKIE_PURPOSE, sha256).hexdigest()

    def is_token(self, value: str) -> bool:
        """Whether a value is the token, in constant time."""
        return hmac.compare_digest(value.encode("utf-8", "replace"), self._token.encode())

    def is_cookie(self, value: str) -> bool:
        """Whether a value is that of the page's cookie, in constant time."""
        return hmac.compare_digest(value.encode("utf-8", "replace"), self.cookie.encode())

    def new_link_key(self) -> str:
        """The key of a new link, which works once and for `LINK_SECONDS`."""
        key = secrets.token_urlsafe(TOKEN_BYTES)
        self._links[key] = time.monotonic() + LINK_SECONDS
        return key

    def use_link_key(self, key: str) -> bool:
        """Whether a key opens the page. It works only once."""
        return self._links.pop(key, 0.0) > time.monotonic()


def load_token(outputs: Path) -> str:
    """The token; it is created at the first start, readable only by its owner.

    Raises:
        PrivacyError: when others may read it.
    """
    file = outputs / FOLDER / TOKEN_FILE
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Two servers that start at the same time must not create two tokens.
    with FileLock(file.with_suffix(".lock")):
        if not _read(file):
            write_private(file, secrets.token_urlsafe(TOKEN_BYTES) + "\n")
    if file.stat().st_mode & 0o077:
        raise PrivacyError(
            f"{file}: other users of this machine can read it; delete it, and the next start creates a new one"
        )
    return _read(file)


def _read(file: Path) -> str:
    """The content of the token's file; empty if the file is missing or not text, so that a new token is created."""
    content = file.read_bytes().strip() if file.exists() else b""
    return content.decode("ascii") if content.isascii() else ""
