"""A passphrase that nobody has to remember: in the keyring of the system, which is open while its user is logged in."""

import secrets

import keyring
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringError

from email_assistant.errors import PrivacyError

SERVICE = "email-assistant"
# Bytes of what is drawn.
LENGTH = 32
# The library's measure of keyrings that it recommends; a file of plain text has less.
RECOMMENDED = 1


def passphrase_of(project: str, is_new: bool) -> str:
    """The passphrase of a project, which is drawn and kept for one that has none.

    Args:
        project: By which the keyring knows it.
        is_new: Nothing was encrypted with it yet.

    Raises:
        PrivacyError: when there is no keyring that encrypts what it keeps, when it is locked, or does not have the
            passphrase.
    """
    kept = _kept_by()
    try:
        if is_new:
            kept.set_password(SERVICE, project, secrets.token_urlsafe(LENGTH))
        found = kept.get_password(SERVICE, project)
    except KeyringError as error:
        raise PrivacyError(f"the system's keyring ({_name(kept)}) cannot be used: {error}") from error
    if not found:
        raise PrivacyError(
            f"the system's keyring ({_name(kept)}) has no passphrase of this project ({SERVICE}, {project}): "
            "it was locked with one of yours (vault.key=passphrase), or on another machine"
        )
    return found


def _kept_by() -> KeyringBackend:
    chosen = keyring.get_keyring()
    if isinstance(chosen, ChainerBackend):
        # The first takes what is kept.
        chosen = chosen.backends[0]
    if chosen.priority < RECOMMENDED:
        raise PrivacyError(
            f"there is no keyring of the system that encrypts what it keeps (found: {_name(chosen)}); on Linux GNOME "
            "Keyring and KWallet do, in a session on the desktop; vault.key=passphrase asks for a passphrase"
        )
    return chosen


def _name(kept: KeyringBackend) -> str:
    return str(kept.name)
