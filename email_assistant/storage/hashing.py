"""Hashes of values and files, of which keys and manifests are made."""

import json
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

KEY_LENGTH = 16


def hash_of(value: Any) -> str:
    """A hash of any JSON value, the same whatever the order of its keys."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:KEY_LENGTH]


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
