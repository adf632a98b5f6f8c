"""Files that were damaged or written by hand: an error that names the file, never a traceback."""

import json
import os
from pathlib import Path
from typing import TypedDict

import pytest

from email_assistant.archive.purging import PURGED_FILE, load_terms
from email_assistant.errors import ArtifactError, DataError, EmailAssistantError, ModelError, PrivacyError
from email_assistant.evaluation.typed_requests import requests_file, with_typed_requests
from email_assistant.experiments.lineage import LINEAGE, read_lineage
from email_assistant.language_model import adapter_folder
from email_assistant.language_model.fingerprint import hash_of_files
from email_assistant.stages.summarize import _from_file
from email_assistant.storage import json_cache, jsonl
from email_assistant.storage.artifacts import ArtifactCache

DEEP = "[" * 100_000
NO_OBJECTS = [b"", b"{", b"[]", b"3", b"null", b'"text"', b"\xff\xfe", DEEP.encode(), b"{'a': 1}", b"\0\0"]


class Record(TypedDict):
    id: str


@pytest.mark.parametrize("content", NO_OBJECTS)
def test_what_is_no_object_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"file\.json"):
        jsonl.read_object(path)
    if content.strip():
        with pytest.raises(DataError, match=r"file\.json, line 2"):
            path.write_bytes(b"\n" + content + b"\n")
            jsonl.read(path)
        with pytest.raises(DataError, match=r"file\.json, line 2"), jsonl.Lines(path) as lines:
            lines[0]
        with pytest.raises(DataError, match="delete this file"):
            jsonl.ResumableJsonl(path, Record)


@pytest.mark.parametrize("content", [*NO_OBJECTS, b"{}", b'{"stage": "data", "files": 3}'])
def test_a_damaged_manifest_says_how_to_rebuild_it(content: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "artifacts" / "data" / "a1"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match="delete its folder to rebuild it"):
        ArtifactCache(tmp_path).find("data", "a1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"made": "yesterday"},
        {"made": "2024-01-01T10:00:00"},
        {"made": 5},
        {"reads": 3},
        {"scores": []},
        {"versions": None},
        {"counts": None},
        {"files": []},
        {"seconds": "1"},
        {"stage": 1},
    ],
)
def test_a_manifest_with_a_field_of_another_type_is_damaged(wrong: dict[str, object], tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)
    fields = {"reads": {}, "scores": {}, "versions": {}, "made": "2024-01-01T10:00:00+0300"}
    manifest = cache.write("data", "a1", fields, lambda folder: {}, resumable=False).path("manifest.json")
    assert cache.find("data", "a1") is not None
    jsonl.write_json(manifest, {**jsonl.read_object(manifest), **wrong})
    with pytest.raises(ArtifactError, match="delete its folder to rebuild it"):
        cache.find("data", "a1")


@pytest.mark.parametrize(
    "written",
    [
        {"stages": 3},
        {"metrics": [1]},
        {"stages": {"train": 1}},
        {"stages": {"train": {"reads": {}, "versions": {}}}},
        {"stages": {"data": {"reads": {}, "versions": {}, "made": "", "commit": None}}},
        {"stages": {"train": {"reads": {"inputs": []}, "versions": {}, "made": "", "commit": None}}},
    ],
)
def test_a_lineage_with_other_fields_is_named(written: dict[str, object], tmp_path: Path) -> None:
    jsonl.write_json(tmp_path / LINEAGE, written)
    with pytest.raises(ModelError, match=rf"{LINEAGE}: not a lineage of this program"):
        read_lineage(tmp_path)


@pytest.mark.parametrize("value", [5, None, "x", [1, 2], [1, 2, 3, 4], {}])
def test_a_damaged_hash_of_a_model_is_computed_again(value: object, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    file = tmp_path / "fingerprints.json"
    whole = hash_of_files([tmp_path / "a"], file)
    right = json_cache.read(file)
    json_cache.add(file, dict.fromkeys(right, value))
    assert hash_of_files([tmp_path / "a"], file) == whole
    assert json_cache.read(file) == right


def test_a_file_in_place_of_another_of_its_size_and_date_is_hashed_anew(tmp_path: Path) -> None:
    weights, other, cache = tmp_path / "weights", tmp_path / "other", tmp_path / "fingerprints.json"
    weights.write_text("old")
    before, stat = hash_of_files([weights], cache), weights.stat()
    other.write_text("new")
    other.replace(weights)
    os.utime(weights, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    while weights.stat().st_ctime_ns == stat.st_ctime_ns:
        # The system's clock has not ticked since.
        os.utime(weights, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    assert hash_of_files([weights], cache) != before


def test_resumed_work_without_ids_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "progress.jsonl").write_text('{"text": "a"}\n')
    with pytest.raises(DataError, match="delete this file"):
        jsonl.ResumableJsonl(tmp_path / "progress.jsonl", Record)


@pytest.mark.parametrize(
    "content",
    [
        *NO_OBJECTS,
        b"{}",
        b'{"r": 0, "lora_alpha": 1}',
        b'{"r": "8", "lora_alpha": 1}',
        b'{"r": 8, "lora_alpha": 1, "peft_type": "IA3"}',
    ],
)
def test_damaged_settings_of_an_adapter_are_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / adapter_folder.SETTINGS).write_bytes(content)
    with pytest.raises(ModelError, match=adapter_folder.SETTINGS):
        adapter_folder.read_settings(tmp_path)


@pytest.mark.parametrize("content", NO_OBJECTS)
def test_damaged_notes_of_an_adapter_are_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / adapter_folder.BASE_NOTE).write_bytes(content)
    (tmp_path / LINEAGE).write_bytes(content)
    (tmp_path / PURGED_FILE).write_bytes(content)
    with pytest.raises(ModelError, match=adapter_folder.BASE_NOTE):
        adapter_folder.check_base(tmp_path, "abc")
    with pytest.raises(ModelError, match=LINEAGE):
        read_lineage(tmp_path)
    with pytest.raises(PrivacyError, match=PURGED_FILE):
        load_terms(tmp_path)


def test_a_note_without_a_fingerprint_is_that_of_another_program(tmp_path: Path) -> None:
    (tmp_path / adapter_folder.BASE_NOTE).write_text('{"forms": ["order"]}')
    adapter_folder.check_base(tmp_path, "abc")
    (tmp_path / adapter_folder.BASE_NOTE).write_text('{"fingerprint": "def"}')
    with pytest.raises(ModelError, match="another base model"):
        adapter_folder.check_base(tmp_path, "abc")


MAIL = {"id": "1", "text": "Hi", "subject": "", "date": None, "to": [], "thread": "1", "language": "en", "source": ""}


@pytest.mark.parametrize(
    "record",
    [
        {"id": ["1"], "instruction": "a"},
        {"id": {"a": 1}, "instruction": "a"},
        {"id": None, "instruction": "a"},
        {"id": "1", "instruction": ["", None], "email": 5},
        {"id": "1", "instruction": ["a"]},
        {"id": "1", "instruction": 5},
        {"id": "1", "instruction": "a", "email": ["b"]},
        {"id": "1", "instruction": "a", "variants": "b"},
        {"id": "1", "instruction": "a", "variants": [1]},
        {"id": "1", "instruction": "a", "variants": {"b": 1}},
    ],
)
def test_a_wrong_pair_is_named(record: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(record) + "\n")
    with pytest.raises(DataError, match=r"pairs\.jsonl, record 1"):
        _from_file(path, [MAIL])  # type: ignore[list-item]


def test_two_instructions_for_one_mail_are_refused_unless_they_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    lines = [json.dumps({"id": "1", "instruction": text}) + "\n" for text in ("a", " a", "b")]
    path.write_text("".join(lines[:2]))
    assert _from_file(path, [MAIL])["1"]["instruction"] == "a"  # type: ignore[list-item]
    path.write_text("".join(lines))
    with pytest.raises(DataError, match="record 3: another instruction for the mail '1'; delete one of them"):
        _from_file(path, [MAIL])  # type: ignore[list-item]


@pytest.mark.parametrize("record", [{"id": ["1"], "request": "a"}, {"id": {"a": 1}, "request": [1]}, {"id": 1}])
def test_a_wrong_request_is_an_error(record: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_text(json.dumps(record) + "\n")
    with pytest.raises(EmailAssistantError, match=r"asked\.jsonl"):
        with_typed_requests([{**MAIL, "instruction": "a", "email": "b", "method": "rough"}], path)  # type: ignore[list-item]


@pytest.mark.parametrize("archive", ["/", ".", "..", ""])
def test_an_archive_without_a_name_has_no_requests(archive: str) -> None:
    assert requests_file("auto", [Path(archive)]) is None
