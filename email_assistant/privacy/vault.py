"""Files encrypted at rest: each by itself, with a key that a passphrase opens.

AES-256-GCM of the `cryptography` library in chunks of a megabyte, bound to their place and end (the STREAM construction
of Hoang, Reyhanitabar, Rogaway and Vizár 2015, doi:10.1007/978-3-662-47989-6_24); a key for every file, derived by HKDF
(RFC 5869) with the file's name; the key of all is wrapped by one that scrypt (RFC 7914) makes of the passphrase.
"""

import base64
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from email_assistant.errors import PrivacyError
from email_assistant.privacy.vault_state import LOCKED, VAULT, read
from email_assistant.storage import jsonl

MAGIC = b"EMAIL-ASSISTANT-1\n"
CHUNK, TAG = 2**20, 16
KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 16, 12
# 128 MB and some half a second for each guess at the passphrase.
SCRYPT = {"n": 2**17, "r": 8, "p": 1}
WRAPPED = ("salt", "nonce", "key", "scrypt")


@dataclass
class Vault:
    """The key of a project's files, and whether they are encrypted.

    Attributes:
        path: Of the file that holds the wrapped key and the state.
        state: 'open', 'locked', or 'between' where a call was cut off.
    """

    path: Path
    state: str
    _wrapped: dict[str, Any]
    _key: bytes = b""

    def to(self, state: str) -> None:
        """Write down a state."""
        self.state = state
        fresh = self.path.with_suffix(".partial")
        jsonl.write_json(fresh, {"state": state, **self._wrapped})
        fresh.replace(self.path)

    def encrypt(self, file: Path, name: str) -> None:
        """Put an encrypted file in the place of a plain one.

        Args:
            file: That is replaced by one with a further ending.
            name: By which it is known to the vault: another file put in its place is noticed.
        """
        target = file.with_name(file.name + LOCKED)
        with file.open("rb") as source, _fresh(target, file) as sink:
            salt = secrets.token_bytes(SALT_BYTES)
            sink.write(MAGIC + salt)
            cipher = self._cipher(salt, name)
            for number, (chunk, last) in enumerate(_chunks(source, CHUNK)):
                sink.write(cipher.encrypt(_nonce(number, last), chunk, None))
        file.unlink()

    def decrypt(self, file: Path, name: str) -> None:
        """Put the plain file in the place of an encrypted one.

        Raises:
            PrivacyError: when it was altered, cut off, or is another one's.
        """
        target = file.with_name(file.name.removesuffix(LOCKED))
        with file.open("rb") as source, _fresh(target, file) as sink:
            if source.read(len(MAGIC)) != MAGIC:
                raise PrivacyError(f"{file}: is no file of this vault")
            cipher = self._cipher(source.read(SALT_BYTES), name)
            try:
                for number, (chunk, last) in enumerate(_chunks(source, CHUNK + TAG)):
                    sink.write(cipher.decrypt(_nonce(number, last), chunk, None))
            except InvalidTag:
                raise PrivacyError(f"{file}: was altered or cut off since it was encrypted") from None
        file.unlink()

    def _cipher(self, salt: bytes, name: str) -> AESGCM:
        return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, name.encode("utf-8", "surrogateescape")).derive(self._key))


def opened(outputs: Path, passphrase_of: Callable[[str], str]) -> Vault:
    """The vault of a project; a new one where it has none.

    Args:
        outputs: The folder that its file lies in.
        passphrase_of: Gives the passphrase; it is told a name that no other project's vault has.

    Raises:
        PrivacyError: when the passphrase is another one, or the file cannot be read.
    """
    path = outputs / VAULT
    if not path.exists():
        salt, key = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(KEY_BYTES)
        passphrase = passphrase_of(_text(salt))
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(_stretched(passphrase, salt, SCRYPT)).encrypt(nonce, key, None)
        wrapped = {"salt": _text(salt), "nonce": _text(nonce), "key": _text(sealed), "scrypt": SCRYPT}
        return Vault(path, "open", wrapped, key)
    kept = read(path)
    if not set(WRAPPED) <= set(kept):
        raise PrivacyError(f"{path}: cannot be read, and holds the key")
    # What is wrong with it is not wrong with the file.
    passphrase = passphrase_of(str(kept["salt"]))
    try:
        salt, nonce, sealed = (base64.b64decode(kept[name]) for name in ("salt", "nonce", "key"))
        key = AESGCM(_stretched(passphrase, salt, kept["scrypt"])).decrypt(nonce, sealed, None)
    except InvalidTag:
        raise PrivacyError(
            "the passphrase is not the one that this project's files were encrypted with "
            "(vault.key=keyring: where the system's keyring has it)"
        ) from None
    except (KeyError, ValueError, TypeError) as error:
        raise PrivacyError(f"{path}: cannot be read, and holds the key: {error}") from error
    return Vault(path, str(kept["state"]), {name: kept[name] for name in WRAPPED}, key)


def _stretched(passphrase: str, salt: bytes, costs: dict[str, int]) -> bytes:
    return Scrypt(salt, KEY_BYTES, **costs).derive(passphrase.encode())


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([last])


def _chunks(source: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """The rest of a file in pieces, and whether each is the last; one, which is empty, of an empty file."""
    chunk = source.read(size)
    while True:
        following = source.read(size) if len(chunk) == size else b""
        yield chunk, not following
        if not following:
            return
        chunk = following


class _fresh:  # noqa: N801 - it reads as a function
    """A file that takes its place when it was written whole, with another one's time of change."""

    def __init__(self, target: Path, like: Path) -> None:
        self._target, self._like = target, like
        self._partial = target.with_name(f".{target.name}.partial")

    def __enter__(self) -> BinaryIO:
        self._file = self._partial.open("wb")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        if kind is not None:
            self._partial.unlink()
            return
        state = self._like.stat()
        os.utime(self._partial, ns=(state.st_atime_ns, state.st_mtime_ns))
        self._partial.replace(self._target)
