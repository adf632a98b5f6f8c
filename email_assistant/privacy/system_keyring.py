"""Keeps a random passphrase in the keyring of the system, which is open while its user is logged in."""

import secrets

import keyring
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringError

from email_assistant.errors import PrivacyError

SERVICE = "email-assistant"
PASSPHRASE_BYTES = 32
# The `keyring` library gives backends that it recommends this priority or more; plain-text files have less.
RECOMMENDED_PRIORITY = 1


def passphrase_of(project: str, is_new: bool) -> str:
    """The passphrase of a project from the system's keyring.

    Args:
        project: The identifier of the project in the keyring.
        is_new: Whether nothing was encrypted yet. A random passphrase is then generated and stored first.

    Raises:
        PrivacyError: If there is no encrypting keyring, if it is locked, or if it does not have the passphrase.
    """
    backend = _encrypting_backend()
    try:
        if is_new:
            backend.set_password(SERVICE, project, secrets.token_urlsafe(PASSPHRASE_BYTES))
        passphrase = backend.get_password(SERVICE, project)
    except KeyringError as error:
        raise PrivacyError(f"the system's keyring ({backend.name}) cannot be used: {error}") from error
    if not passphrase:
        raise PrivacyError(
            f"the system's keyring ({backend.name}) has no passphrase for this project ({SERVICE}, {project}): it was "
            "locked with a passphrase of your own (vault.key=passphrase), or on another machine"
        )
    return passphrase


def _encrypting_backend() -> KeyringBackend:
    backend = keyring.get_keyring()
    if isinstance(backend, ChainerBackend):
        # A chain stores passwords in its first backend.
        backend = backend.backends[0]
    if backend.priority < RECOMMENDED_PRIORITY:
        raise PrivacyError(
            f"the system has no keyring that encrypts its content (found: {backend.name}); on Linux, GNOME Keyring and "
            "KWallet do, in a desktop session; vault.key=passphrase asks for a passphrase instead"
        )
    return backend
