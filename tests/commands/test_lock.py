"""The passphrase of `stage=lock` and `stage=unlock`, as it is asked for."""

import getpass
import sys

import pytest

from email_assistant.commands import lock
from email_assistant.configuration.schema import Vault
from email_assistant.errors import PrivacyError


def test_a_closed_input_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(PrivacyError, match=r"no terminal to ask .* vault\.passphrase_file"):
        lock._passphrase(Vault(key="passphrase", passphrase_file=None), "project", is_new=True)


def test_the_end_of_the_input_is_no_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", end)
    with pytest.raises(PrivacyError, match="the passphrase is empty"):
        lock._passphrase(Vault(key="passphrase", passphrase_file=None), "project", is_new=True)
