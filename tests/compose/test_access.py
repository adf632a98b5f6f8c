"""The token of an installation, when it is made."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from email_assistant.compose.access import load_token


def test_two_first_starts_have_one_token(tmp_path: Path) -> None:
    for number in range(5):
        outputs, together = tmp_path / str(number), Barrier(8)

        def start(outputs: Path = outputs, together: Barrier = together) -> str:
            together.wait()
            return load_token(outputs)

        with ThreadPoolExecutor(8) as pool:
            tokens = {start.result() for start in [pool.submit(start) for _ in range(8)]}
        assert tokens == {(outputs / "compose" / "token").read_text().strip()}
        assert len(tokens.pop()) >= 43
        assert stat.S_IMODE((outputs / "compose" / "token").stat().st_mode) == 0o600


def test_an_empty_token_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "compose").mkdir()
    (tmp_path / "compose" / "token").touch(0o600)
    assert len(load_token(tmp_path)) >= 43


def test_a_token_that_is_no_text_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "compose").mkdir()
    (tmp_path / "compose" / "token").write_bytes("ключ".encode())
    assert load_token(tmp_path).isascii()
