"""Encryption of a project's files at rest, under a passphrase.

All cryptography is that of the `cryptography` library:

- A random master key of 256 bits is encrypted by AES-256-GCM under a key that scrypt (RFC 7914; n=2^17, r=8, p=1)
  derives from the passphrase and a random salt. The result is in `vault.json`, with the salt and the parameters of
  scrypt.
- Each file has a key of its own, derived by HKDF-SHA256 (RFC 5869) from the master key, a random salt at the beginning
  of the file, and the file's name in the project. Encrypted files therefore cannot be exchanged with one another.
- The content is encrypted by AES-256-GCM in chunks of one MiB. The nonce of a chunk is its index and whether it is the
  last one, which is the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár ('Online Authenticated-Encryption
  and its Nonce-Reuse Misuse-Resistance', CRYPTO 2015, doi:10.1007/978-3-662-47989-6_24). Changed, reordered, missing
  and appended chunks are detected.

Not hidden are names, sizes, times and the number of files. Replacing a file by an older encrypted version of the same
file is not detected. Plain files are deleted, not overwritten, so that their blocks may remain on the disk. Without the
passphrase and `vault.json` nothing can be recovered.
"""

import base64
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypedDict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from email_assistant.errors import PrivacyError
from email_assistant.privacy.vault_state import LOCKED_SUFFIX, VAULT_FILE, read_vault_file
from email_assistant.storage import jsonl
from email_assistant.storage.atomic import atomic_path

MAGIC = b"EMAIL-ASSISTANT-1\n"
CHUNK_BYTES, TAG_BYTES = 2**20, 16
KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 16, 12
# Each guess at the passphrase takes 128 MiB and about half a second.
SCRYPT = {"n": 2**17, "r": 8, "p": 1}


class WrappedKey(TypedDict):
    """The encrypted master key, as in the vault file. Bytes are in base64.

    Attributes:
        salt: The salt of scrypt, which also identifies the project in a keyring.
        nonce: The nonce of the encryption.
        key: The encrypted master key.
        scrypt: The cost parameters of scrypt.
    """

    salt: str
    nonce: str
    key: str
    scrypt: dict[str, int]


@dataclass
class Vault:
    """The open vault of a project: its master key and state.

    Attributes:
        path: The vault file.
        state: 'open', 'locked', or 'between' after an interrupted lock or unlock.
    """

    path: Path
    state: str
    _wrapped_key: WrappedKey
    _key: bytes = b""

    def set_state(self, state: str) -> None:
        """Write the state and the encrypted key to the vault file."""
        self.state = state
        with atomic_path(self.path) as path:
            jsonl.write_json(path, {"state": state, **self._wrapped_key})

    def encrypt(self, file: Path, name: str) -> None:
        """Replace a plain file by an encrypted one, whose name has a further suffix.

        Args:
            file: The plain file.
            name: The name that the file's key depends on; the same is needed to decrypt.
        """
        with _replace_file(file, file.with_name(file.name + LOCKED_SUFFIX)) as (source, sink):
            salt = secrets.token_bytes(SALT_BYTES)
            sink.write(MAGIC + salt)
            cipher = self._cipher(salt, name)
            for index, (chunk, is_last) in enumerate(_chunks(source, CHUNK_BYTES)):
                sink.write(cipher.encrypt(_nonce(index, is_last), chunk, None))

    def decrypt(self, file: Path, name: str) -> None:
        """Replace an encrypted file by the plain one.

        Args:
            file: The encrypted file.
            name: The name that it was encrypted with.

        Raises:
            PrivacyError: If it was changed or truncated, or was encrypted with another name or key. The encrypted file
                is kept, and no part of the plain one is written under its name.
        """
        with _replace_file(file, file.with_name(file.name.removesuffix(LOCKED_SUFFIX))) as (source, sink):
            if source.read(len(MAGIC)) != MAGIC:
                raise PrivacyError(
                    f"{file}: not encrypted by stage=lock; move it out of the project, then run stage=unlock again"
                )
            cipher = self._cipher(source.read(SALT_BYTES), name)
            try:
                for index, (chunk, is_last) in enumerate(_chunks(source, CHUNK_BYTES + TAG_BYTES)):
                    sink.write(cipher.decrypt(_nonce(index, is_last), chunk, None))
            except InvalidTag:
                raise PrivacyError(
                    f"{file}: was changed or truncated after it was encrypted; restore a backup or move it out of the "
                    "project, then run stage=unlock again"
                ) from None

    def _cipher(self, salt: bytes, name: str) -> AESGCM:
        return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, name.encode("utf-8", "surrogateescape")).derive(self._key))


def open_vault(outputs: Path, passphrase_of: Callable[[str], str]) -> Vault:
    """Open the vault of a project, or make a new one if it has none. A new one is written by its first `set_state`.

    Args:
        outputs: The folder of the vault file.
        passphrase_of: Returns the passphrase for an identifier that is unique to this project's vault.

    Raises:
        PrivacyError: If the passphrase is wrong or the vault file is corrupt.
    """
    path = outputs / VAULT_FILE
    if not path.exists():
        return _new_vault(path, passphrase_of)
    stored = read_vault_file(path)
    try:
        wrapped = WrappedKey(
            salt=stored["salt"], nonce=stored["nonce"], key=stored["key"], scrypt=dict(stored["scrypt"])
        )
        state = str(stored["state"])
    except (KeyError, ValueError, TypeError) as error:
        raise PrivacyError(
            f"{path}: the file with the encrypted key is corrupt ({error}); restore a backup of it"
        ) from error
    # Outside of the try blocks: errors of the keyring are not errors of the vault file.
    passphrase = passphrase_of(str(wrapped["salt"]))
    try:
        salt, nonce, sealed = (base64.b64decode(text) for text in (wrapped["salt"], wrapped["nonce"], wrapped["key"]))
        key = AESGCM(_derive_key(passphrase, salt, wrapped["scrypt"])).decrypt(nonce, sealed, None)
    except InvalidTag:
        raise PrivacyError(
            "wrong passphrase for this project (use vault.key=keyring if the system's keyring has the passphrase)"
        ) from None
    except (ValueError, TypeError) as error:
        raise PrivacyError(
            f"{path}: the file with the encrypted key is corrupt ({error}); restore a backup of it"
        ) from error
    return Vault(path, state, wrapped, key)


def _new_vault(path: Path, passphrase_of: Callable[[str], str]) -> Vault:
    salt, key, nonce = (secrets.token_bytes(size) for size in (SALT_BYTES, KEY_BYTES, NONCE_BYTES))
    passphrase = passphrase_of(_base64(salt))
    sealed = AESGCM(_derive_key(passphrase, salt, SCRYPT)).encrypt(nonce, key, None)
    wrapped = WrappedKey(salt=_base64(salt), nonce=_base64(nonce), key=_base64(sealed), scrypt=SCRYPT)
    return Vault(path, "open", wrapped, key)


def _derive_key(passphrase: str, salt: bytes, costs: dict[str, int]) -> bytes:
    return Scrypt(salt, KEY_BYTES, **costs).derive(passphrase.encode())


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _nonce(index: int, is_last: bool) -> bytes:
    return index.to_bytes(NONCE_BYTES - 1, "big") + bytes([is_last])


def _chunks(source: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield the rest of a file in chunks, with whether each is the last. An empty file gives one empty chunk."""
    chunk = source.read(size)
    while True:
        following = source.read(size) if len(chunk) == size else b""
        yield chunk, not following
        if not following:
            return
        chunk = following


@contextmanager
def _replace_file(original: Path, target: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open a file and its replacement, which keeps the times of the original.

    The original is deleted after the replacement is on the disk. If the block raises, the original is kept and the
    replacement is removed.
    """
    with atomic_path(target) as partial, original.open("rb") as source:
        with partial.open("wb") as sink:
            yield source, sink
            sink.flush()
            _write_to_disk(sink.fileno())
        state = original.stat()
        os.utime(partial, ns=(state.st_atime_ns, state.st_mtime_ns))
    original.unlink()


def _write_to_disk(descriptor: int) -> None:
    """Wait until a file is on the disk. On macOS, fsync leaves it in the disk's cache, which a power cut empties."""
    os.fsync(descriptor)
    if full_sync := getattr(fcntl, "F_FULLFSYNC", None):
        # Some file systems, such as those of network shares, cannot.
        with suppress(OSError):
            fcntl.fcntl(descriptor, full_sync)
