"""Requests to mails, by run.py on a random model of two layers."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from conftest import RunPy

pytestmark = pytest.mark.slow


def test_a_table_in_the_order_of_the_requests(run_py: RunPy, tmp_path: Path, made_outputs: Path) -> None:
    asked = ['Say "hi", twice', "Спроси, где верёвка; срочно", "", "=1+1", 'Say "hi", twice', "send nails"]
    (tmp_path / "ask.txt").write_text("\n".join(asked), encoding="utf-8")
    done = run_py("stage=infer", "infer.input=ask.txt", "infer.output=mails.csv")
    assert done.code == 0, done.err
    with (tmp_path / "mails.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["instruction", "generated_email"]
    assert [row[0] for row in rows[1:]] == [line for line in asked if line]
    assert all(len(row) == 2 for row in rows)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ask.txt", "mails.csv", "mlruns", "outputs"]
    adapter = made_outputs / "latest" / "train" / "adapter"
    same = run_py("stage=infer", "infer.input=ask.txt", "infer.output=again.csv", f"infer.adapter={adapter}")
    assert same.code == 0, same.err
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "mails.csv").read_bytes()
    retrieved = ("infer.input=ask.txt", "infer.output=like.csv", f"infer.adapter={adapter}", "retrieval=bm25")
    like = run_py("stage=infer", *retrieved, "retrieval.max_tokens=400")
    assert like.code == 0, like.err
    # Nothing is trained for it: the mails that it retrieves from are there.
    assert like.made == []
    assert (tmp_path / "like.csv").read_bytes() != (tmp_path / "mails.csv").read_bytes()


def test_an_adapter_writes_with_its_own_base_alone(run_py: RunPy, made_outputs: Path, other_model: Path) -> None:
    adapter = f"infer.adapter={made_outputs}/latest/train/adapter"
    (made_outputs.parent / "ask.txt").write_text("Ask Bo\n")
    refused = run_py("stage=infer", "tracking=none", "infer.input=ask.txt", adapter, f"model.path={other_model}")
    assert refused.code == 1
    assert refused.err.startswith("error: ")
    assert "infer.output" not in refused.err and "model" in refused.err


def test_an_adapter_of_rough_notes_hints_once_at_orders(run_py: RunPy, made_outputs: Path) -> None:
    adapter = made_outputs.parent / "adapter"
    shutil.copytree(made_outputs / "latest" / "train" / "adapter", adapter)
    note = json.loads((adapter / "base_model.json").read_text())
    # As in adapters that other programs trained.
    del note["forms"]
    (made_outputs.parent / "ask.txt").write_text("Ask Bo to come\nbo: come at 7\nTell Ida the tin is here\n")
    given = ("stage=infer", "tracking=none", f"infer.adapter={adapter}")
    for forms, hinted in ((["rough"], True), (["rough", "order"], False), (None, False)):
        (adapter / "base_model.json").write_text(json.dumps({**note, "forms": forms} if forms else note))
        table = run_py(*given, "infer.input=ask.txt", "infer.output=mails.csv")
        assert table.code == 0, table.err
        assert (table.out + table.err).count("2 requests read like orders") == hinted
        typed = run_py(*given, stdin="bo: come at 7\nAsk Bo to come\nTell Ida\n\n")
        assert typed.code == 0, typed.err
        assert typed.out.count("1 request reads like an order") == hinted
        assert ("'piers: " in typed.out.partition("> ")[0]) == bool(forms)


def test_a_trained_adapter_says_what_it_was_asked(made_outputs: Path) -> None:
    # The tiny model writes no good sentence, so all requests are rough notes.
    note = json.loads((made_outputs / "latest" / "train" / "adapter" / "base_model.json").read_text())
    assert note["forms"] == ["rough"]


def test_requests_are_typed_until_an_empty_line(run_py: RunPy, made_outputs: Path) -> None:
    adapter = f"infer.adapter={made_outputs}/latest/train/adapter"
    typed = run_py("stage=infer", "tracking=none", adapter, stdin="Ask Bo\n\nAsk Ida\n")
    assert typed.code == 0, typed.err
    assert typed.out.count("> ") == 2
