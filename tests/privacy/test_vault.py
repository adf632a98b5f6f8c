"""Encryption at rest: files are restored exactly, and changes are detected."""

import fcntl
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from warm import Call

from email_assistant.errors import PrivacyError
from email_assistant.privacy import vault
from email_assistant.privacy.vault import CHUNK_BYTES, MAGIC, SALT_BYTES, TAG_BYTES, Vault
from email_assistant.privacy.vault_state import VAULT_FILE, read_state

Run = Callable[..., Call]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes guessing slow makes tests slow."""
    monkeypatch.setattr(vault, "SCRYPT", {"n": 2**4, "r": 8, "p": 1})


@pytest.fixture
def opened(tmp_path: Path) -> Vault:
    return vault.open_vault(tmp_path, lambda _: "a lamp in the fog")


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_decryption_restores_the_file(opened: Vault, tmp_path: Path, size: int) -> None:
    file, content = tmp_path / "mail.txt", os.urandom(size)
    file.write_bytes(content)
    os.utime(file, ns=(5, 1_700_000_000_123_456_789))
    opened.encrypt(file, "mail.txt")
    locked = tmp_path / "mail.txt.locked"
    assert [path.name for path in tmp_path.iterdir()] == [locked.name]
    assert content[:32] not in locked.read_bytes() or size < 32
    assert locked.stat().st_mode & 0o777 == 0o600
    opened.decrypt(locked, "mail.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mail.txt"]
    assert file.read_bytes() == content
    assert file.stat().st_mtime_ns == 1_700_000_000_123_456_789


@pytest.mark.parametrize("can_sync", [True, False])
def test_on_macos_a_file_is_written_to_the_disk_itself_before_the_plain_one_is_deleted(
    opened: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_sync: bool
) -> None:
    file, synced = tmp_path / "mail.txt", list[bool]()
    file.write_text("secret")

    def control(descriptor: int, command: int) -> int:
        assert command == 51
        synced.append(file.exists())
        if not can_sync:
            raise OSError(45, "Operation not supported")
        return 0

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(vault.fcntl, "fcntl", control)
    opened.encrypt(file, "mail.txt")
    assert synced == [True]
    monkeypatch.undo()
    opened.decrypt(tmp_path / "mail.txt.locked", "mail.txt")
    assert file.read_text() == "secret"


HEAD = len(MAGIC) + SALT_BYTES
WHOLE = CHUNK_BYTES + TAG_BYTES


@pytest.mark.parametrize(
    "damage",
    [
        lambda locked: locked[:-1],
        # Cut off between two chunks, or with two of them changed about.
        lambda locked: locked[: HEAD + WHOLE],
        lambda locked: (
            locked[:HEAD] + locked[HEAD + WHOLE : HEAD + 2 * WHOLE] + locked[HEAD : HEAD + WHOLE] + locked[-17:]
        ),
        lambda locked: locked + b"\0",
        lambda locked: locked[:HEAD],
        lambda locked: locked[: HEAD + 9] + bytes([locked[HEAD + 9] ^ 1]) + locked[HEAD + 10 :],
        lambda locked: locked[: HEAD - 1] + bytes([locked[HEAD - 1] ^ 1]) + locked[HEAD:],
        lambda locked: b"x" + locked[1:],
    ],
)
def test_a_changed_file_is_refused_and_kept(opened: Vault, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    file, locked = tmp_path / "mail.txt", tmp_path / "mail.txt.locked"
    file.write_bytes(os.urandom(2 * CHUNK_BYTES + 1))
    opened.encrypt(file, "mail.txt")
    locked.write_bytes(damage(locked.read_bytes()))
    with pytest.raises(PrivacyError, match=re.escape(str(locked))):
        opened.decrypt(locked, "mail.txt")
    # No part of it passes for the file.
    assert [path.name for path in tmp_path.iterdir()] == [locked.name]


def test_a_file_cannot_be_exchanged_for_another(opened: Vault, tmp_path: Path) -> None:
    file = tmp_path / "mail.txt"
    file.write_text("secret")
    opened.encrypt(file, "mail.txt")
    with pytest.raises(PrivacyError, match="changed"):
        opened.decrypt(tmp_path / "mail.txt.locked", "other.txt")


def test_only_the_passphrase_opens_the_vault(opened: Vault, tmp_path: Path) -> None:
    opened.set_state("locked")
    assert read_state(tmp_path) == "locked"
    again = vault.open_vault(tmp_path, lambda _: "a lamp in the fog")
    file = tmp_path / "mail.txt"
    file.write_text("secret")
    opened.encrypt(file, "mail.txt")
    again.decrypt(tmp_path / "mail.txt.locked", "mail.txt")
    assert file.read_text() == "secret"
    with pytest.raises(PrivacyError, match="wrong passphrase"):
        vault.open_vault(tmp_path, lambda _: "a lamp in the dog")
    (tmp_path / VAULT_FILE).write_text("{")
    with pytest.raises(PrivacyError, match="corrupt"):
        vault.open_vault(tmp_path, lambda _: "a lamp in the fog")


@pytest.mark.slow
def test_a_project_is_locked_and_unlocked(run_py: Run, tmp_path: Path) -> None:
    word = tmp_path / "word"
    word.write_text("a lamp in the fog\n")
    given = f"vault.passphrase_file={word}"
    assert run_py("stage=train").code == 0
    outputs = tmp_path / "outputs"
    adapter = (outputs / "latest" / "train" / "adapter" / "adapter_model.safetensors").read_bytes()
    secret = b"Fair winds"

    def plain() -> list[str]:
        roots = (outputs, tmp_path / "mlruns")
        return [
            str(path) for root in roots for path in root.rglob("*") if path.is_file() and secret in path.read_bytes()
        ]

    assert plain()
    assert "no terminal to ask" in run_py("stage=lock").err
    assert "not encrypted, so there is nothing to decrypt" in run_py("stage=unlock", given).err
    locked = run_py("stage=lock", given)
    assert locked.code == 0, locked.err
    assert plain() == []
    assert not list((tmp_path / "mlruns").rglob("*.db")) and not list(outputs.rglob("*.safetensors"))
    for call in (["stage=train"], ["stage=status"], ["stage=lock", given], ["-m", "stage=train", "lora.r=1,2"]):
        refused = run_py(*call, fresh=True)
        assert refused.code == 1 and "locked" in refused.err
        assert read_state(outputs) == "locked" and plain() == []
    # The next call completes one that was interrupted.
    files = sorted(outputs.rglob("*.locked"))
    between = vault.open_vault(outputs, lambda _: "a lamp in the fog")
    between.set_state("between")
    for file in files[:3]:
        between.decrypt(file, f"outputs/{file.relative_to(outputs).as_posix().removesuffix('.locked')}")
    files[3].with_name(f".{files[3].stem}.partial").write_bytes(secret)
    refused = run_py("stage=train", fresh=True)
    assert refused.code == 1 and read_state(outputs) == "between"
    word.write_text("another\n")
    wrong = run_py("stage=unlock", given)
    assert wrong.code == 1 and "wrong passphrase" in wrong.err
    word.write_text("a lamp in the fog\n")
    opened = run_py("stage=unlock", given)
    assert opened.code == 0, opened.err
    assert not list(outputs.rglob("*.locked")) and not list(tmp_path.rglob("*.partial"))
    again = run_py("stage=train")
    assert again.code == 0 and again.out.count("cached") == 4, again.err
    assert (outputs / "latest" / "train" / "adapter" / "adapter_model.safetensors").read_bytes() == adapter


@pytest.mark.slow
def test_the_systems_keyring_can_hold_the_passphrase(
    run_py: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail, kept = tmp_path / "outputs" / "artifacts" / "data" / "mail.txt", tmp_path / "keyring.json"
    mail.parent.mkdir(parents=True)
    mail.write_text("Fair winds")
    monkeypatch.setenv("FILE_KEYRING", str(kept))
    for insecure in ("keyring.backends.fail.Keyring", "file_keyring.PlainFile"):
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", insecure)
        refused = run_py("stage=lock", "vault.key=keyring")
        assert refused.code == 1 and "no keyring that encrypts" in refused.err, refused.err
    assert mail.exists() and not kept.exists()
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "file_keyring.FileKeyring")
    locked = run_py("stage=lock", "vault.key=keyring")
    assert locked.code == 0 and not mail.exists(), locked.err
    (secret,) = json.loads(kept.read_text()).values()
    assert len(secret) > 40 and secret not in (tmp_path / "outputs" / VAULT_FILE).read_text() + locked.out + locked.err
    word = tmp_path / "word"
    word.write_text("a lamp in the fog")
    assert "vault.key=keyring" in run_py("stage=unlock", f"vault.passphrase_file={word}").err
    kept.chmod(0o400)
    assert "cannot be used: Failed to unlock" in run_py("stage=unlock", "vault.key=keyring").err
    kept.chmod(0o600)
    # The folder may be called otherwise by then.
    (tmp_path / "outputs").rename(tmp_path / "moved")
    moved = run_py("stage=unlock", "vault.key=keyring", f"paths.outputs={tmp_path}/moved")
    assert moved.code == 0 and (tmp_path / "moved" / "artifacts" / "data" / "mail.txt").read_text() == "Fair winds"
    # The same key the next time; and another machine has not got it.
    assert run_py("stage=lock", "vault.key=keyring", f"paths.outputs={tmp_path}/moved").code == 0
    assert list(json.loads(kept.read_text()).values()) == [secret]
    kept.unlink()
    lost = run_py("stage=unlock", "vault.key=keyring", f"paths.outputs={tmp_path}/moved")
    assert lost.code == 1 and "has no passphrase for this project" in lost.err
