"""Hashes of values and files, for keys and manifests."""

import json
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

KEY_LENGTH = 16


def hash_of(value: Any) -> str:
    """A hash of a JSON value that does not depend on the order of keys."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:KEY_LENGTH]


def hash_file(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
