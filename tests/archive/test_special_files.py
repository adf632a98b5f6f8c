"""Pipes, sockets and devices, which contain no mail that could be read twice."""

import os
import socket
from pathlib import Path

import pytest

from email_assistant.archive import readers
from email_assistant.errors import ArchiveError

MAIL = "From a Mon Jan  1 10:00:00 2024\nFrom: a@b.example\nSubject: s\n\nSome words of a mail.\n"


def test_a_folder_with_a_socket_and_a_pipe_is_read(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "sent.mbox").write_text(MAIL)
    os.mkfifo(tmp_path / "deep" / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        # The address of a socket is short.
        before = Path.cwd()
        os.chdir(tmp_path)
        try:
            bound.bind("socket")
        finally:
            os.chdir(before)
    assert readers.archive_files([tmp_path], "auto", {}) == [(tmp_path / "deep" / "sent.mbox", ["sent"])]
    assert len(list(readers.read([tmp_path], "auto", {}))) == 1


@pytest.mark.parametrize("path", ["/dev/null", "pipe"])
def test_a_device_and_a_pipe_are_no_archives(path: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ArchiveError, match="is a pipe or a device; set data"):
        readers.archive_files([tmp_path / path], "auto", {})
