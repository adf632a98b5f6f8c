"""`stage=lock` encrypts all files of a project, and `stage=unlock` decrypts them."""

import getpass
import sys
from collections.abc import Iterator
from pathlib import Path

from email_assistant.archive.purging import PURGED_FILE
from email_assistant.configuration.schema import Config, Vault
from email_assistant.console import StageLogger, size
from email_assistant.errors import PrivacyError
from email_assistant.pipeline.context import Context, hydra_folder
from email_assistant.privacy import system_keyring, vault
from email_assistant.privacy.guard import AUDIT_FOLDER
from email_assistant.privacy.passages import walk
from email_assistant.privacy.vault_state import LOCKED_SUFFIX, VAULT_FILE, read_state
from email_assistant.progress import bar
from email_assistant.storage import atomic
from email_assistant.storage.artifacts import ArtifactCache
from email_assistant.storage.named_files import check_readable

# Files that contain no mail text and are needed while the project is locked.
NEVER_ENCRYPTED = (VAULT_FILE, PURGED_FILE)


def check(config: Config) -> None:
    """Check that the project is not already in the requested state, and that no other run is in progress.

    Raises:
        PrivacyError: If it is, or another run is in progress.
    """
    state = read_state(config.outputs)
    if config.stage == "unlock" and not (config.outputs / VAULT_FILE).exists():
        raise PrivacyError(f"{config.outputs}: not encrypted, so there is nothing to decrypt")
    if (config.stage, state) == ("lock", "locked"):
        raise PrivacyError(f"{config.outputs}: already encrypted; stage=unlock decrypts it")
    if (config.stage, state) == ("unlock", "open"):
        raise PrivacyError(f"{config.outputs}: already decrypted; stage=lock encrypts it again")
    for lock in ArtifactCache(config.outputs).held_locks():
        raise PrivacyError(
            f"{lock}: another run, or the page of stage=compose, is in progress; try again when it has ended"
        )


def run(context: Context) -> None:
    """Encrypt or decrypt every file of the outputs and the store.

    The next run completes an interrupted one.

    Raises:
        PrivacyError: If the passphrase is wrong or a file was changed.
    """
    config = context.config
    is_new = not (config.outputs / VAULT_FILE).exists()
    opened = vault.open_vault(config.outputs, lambda project: _passphrase(config.vault, project, is_new))
    encrypts = config.stage == "lock"
    _delete_partial_files(config)
    files = list(_files_to_change(config, encrypts))
    opened.set_state("between")
    total = 0
    with bar(config.stage, len(files)) as progress:
        for path, name in files:
            total += path.stat().st_size
            (opened.encrypt if encrypts else opened.decrypt)(path, name)
            progress.advance()
    opened.set_state("locked" if encrypts else "open")
    result = "encrypted; stage=unlock decrypts them" if encrypts else "decrypted; stage=lock encrypts them again"
    StageLogger(__name__, config.stage).info("%d files, %s: %s", len(files), size(total), result)


def _delete_partial_files(config: Config) -> None:
    """Delete the partial files of interrupted runs, which may contain plain text."""
    for path in walk([config.outputs, Path(config.paths.mlruns)]):
        if path.is_file() and path.name.startswith(".") and path.suffix == atomic.SUFFIX:
            path.unlink()


def _files_to_change(config: Config, encrypts: bool) -> Iterator[tuple[Path, str]]:
    """Yield each file to encrypt or decrypt, with its name in the vault, which is the same in a moved project."""
    own_folder = hydra_folder()
    for root_name, root in (("outputs", config.outputs), ("mlruns", Path(config.paths.mlruns))):
        for path in walk([root]):
            if path.is_symlink() or not path.is_file() or path.suffix == ".lock":
                continue
            relative = path.relative_to(root)
            is_exempt = relative.parts[0] == AUDIT_FOLDER or relative.as_posix() in NEVER_ENCRYPTED
            if (root == config.outputs and is_exempt) or own_folder in path.resolve().parents:
                continue
            if (path.suffix == LOCKED_SUFFIX) != encrypts:
                yield path, f"{root_name}/{relative.as_posix().removesuffix(LOCKED_SUFFIX)}"


def _passphrase(settings: Vault, project: str, is_new: bool) -> str:
    """The passphrase from the system's keyring, from the configured file, or from the terminal; a new one twice."""
    if settings.key == "keyring":
        return system_keyring.passphrase_of(project, is_new)
    if settings.passphrase_file:
        path = Path(settings.passphrase_file)
        check_readable(path, "set vault.passphrase_file to a file with the passphrase", PrivacyError)
        try:
            passphrase = path.read_text(encoding="utf-8").partition("\n")[0]
        except UnicodeDecodeError as error:
            raise PrivacyError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    elif sys.stdin is None or not sys.stdin.isatty():
        raise PrivacyError(
            "there is no terminal to ask for the passphrase; set vault.passphrase_file to a file with it"
        )
    else:
        passphrase = _ask("passphrase: ")
        if is_new and _ask("repeat the passphrase: ") != passphrase:
            raise PrivacyError("the two passphrases differ; try again")
    if not passphrase:
        raise PrivacyError("the passphrase is empty; choose another one")
    return passphrase


def _ask(prompt: str) -> str:
    """What is typed without being shown; empty at the end of the input, as after Ctrl-D."""
    try:
        return getpass.getpass(prompt)
    except EOFError:
        return ""
