"""Encrypts all that was made, until `stage=unlock`; and that."""

import getpass
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from email_assistant.archive import purging
from email_assistant.configuration.schema import Config
from email_assistant.console import size
from email_assistant.errors import PrivacyError
from email_assistant.pipeline.context import Context, hydra_folder
from email_assistant.privacy import system_keyring, vault
from email_assistant.privacy.guard import AUDIT_FOLDER
from email_assistant.privacy.passages import walk
from email_assistant.privacy.vault_state import LOCKED_SUFFIX, VAULT_FILE, read_state
from email_assistant.progress import bar
from email_assistant.storage.artifacts import ArtifactCache

log = logging.getLogger(__name__)
# What holds no text of mails and is needed while all else is encrypted.
PLAIN = (VAULT_FILE, purging.PURGED_FILE)


def check(config: Config) -> None:
    """Find out that there is something to lock or to unlock.

    Raises:
        PrivacyError: when there is not, or another call is at work.
    """
    state = read_state(config.outputs)
    if config.stage == "unlock" and not (config.outputs / VAULT_FILE).exists():
        raise PrivacyError(f"{config.outputs}: nothing was locked here")
    if (config.stage, state) in (("lock", "locked"), ("unlock", "open")):
        raise PrivacyError(f"{config.outputs}: is {state} already")
    for lock in ArtifactCache(config.outputs).held_locks():
        raise PrivacyError(f"{lock}: another call is at work; wait until it has ended")


def run(context: Context) -> None:
    """Encrypt or decrypt every file of the outputs and the store.

    Raises:
        PrivacyError: when the passphrase is wrong, or a file was altered.
    """
    config = context.config
    opened = vault.open_vault(config.outputs, lambda project: _passphrase(config, project))
    locks = config.stage == "lock"
    _clear_torn(config)
    files = list(_files(config, locks))
    opened.set_state("between")
    total = 0
    with bar(config.stage, len(files)) as progress:
        for name, path in files:
            total += path.stat().st_size
            (opened.encrypt if locks else opened.decrypt)(path, name)
            progress.advance()
    opened.set_state("locked" if locks else "open")
    done = "encrypted; stage=unlock opens them" if locks else "open again; stage=lock encrypts them"
    log.info("%-10s %d files, %s: %s", config.stage, len(files), size(total), done)


def _clear_torn(config: Config) -> None:
    """Remove what calls that were cut off had begun to write."""
    for path in walk([config.outputs, Path(config.paths.mlruns)]):
        if path.is_file() and path.name.startswith(".") and path.suffix == ".partial":
            path.unlink()


def _files(config: Config, locks: bool) -> Iterator[tuple[str, Path]]:
    """Each file to change, with the name by which the vault knows it, wherever the project lies."""
    own = hydra_folder()
    for name, root in (("outputs", config.outputs), ("mlruns", Path(config.paths.mlruns))):
        for path in walk([root]):
            if path.is_symlink() or not path.is_file() or path.suffix == ".lock":
                continue
            inside = path.relative_to(root)
            if root == config.outputs and (inside.parts[0] == AUDIT_FOLDER or inside.as_posix() in PLAIN):
                continue
            if own in path.resolve().parents:
                continue
            if (path.suffix == LOCKED_SUFFIX) != locks:
                yield f"{name}/{inside.as_posix().removesuffix(LOCKED_SUFFIX)}", path


def _passphrase(config: Config, project: str) -> str:
    """From the system's keyring, from the configured file, or asked for; twice where it is a new one."""
    is_new = not (config.outputs / VAULT_FILE).exists()
    if config.vault.key == "keyring":
        return system_keyring.passphrase_of(project, is_new)
    if config.vault.passphrase_file:
        path = Path(config.vault.passphrase_file).expanduser()
        if not path.is_file():
            raise PrivacyError(f"{path}: there is no such file; vault.passphrase_file names one with the passphrase")
        passphrase = path.read_text(encoding="utf-8").partition("\n")[0]
    elif not sys.stdin.isatty():
        raise PrivacyError("there is no terminal to ask for the passphrase; vault.passphrase_file names a file with it")
    else:
        passphrase = getpass.getpass("passphrase: ")
        if is_new and getpass.getpass("once more: ") != passphrase:
            raise PrivacyError("the two are not the same")
    if not passphrase:
        raise PrivacyError("the passphrase is empty")
    return passphrase
