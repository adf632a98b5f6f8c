"""The stage that writes instructions resumes where it was interrupted, and makes rough notes without a model."""

import shutil
from collections.abc import Callable
from pathlib import Path

from warm import Call

from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import PROGRESS
from email_assistant.storage.records import Pair


def test_sentences_of_an_interrupted_call_are_reused(run_py: Callable[..., Call], tmp_path: Path) -> None:
    values = ("stage=summarize", "tracking=none", "data.max_mails=12")
    assert run_py(*values).code == 0
    artifact = (tmp_path / "outputs" / "latest" / "summarize").resolve()
    pairs, sentences = (jsonl.read(artifact / f"{name}.jsonl") for name in ("pairs", "sentences"))
    # As if the call had been killed while it wrote the sixth sentence. The first five are marked.
    partial = artifact.with_name(f"{artifact.name}.partial") / PROGRESS
    partial.mkdir(parents=True)
    marked = [line | {"sentence": f"Marked {number}", "method": "model"} for number, line in enumerate(sentences[:5])]
    torn = jsonl.line(sentences[5])[:20]
    (partial / "sentences.jsonl").write_text("".join(map(jsonl.line, marked)) + torn, encoding="utf-8")
    shutil.rmtree(artifact)
    resumed = run_py(*values)
    assert resumed.code == 0, resumed.err
    assert jsonl.read(artifact / "sentences.jsonl") == marked + sentences[5:]
    instructions = [pair["instruction"] for pair in jsonl.read(artifact / "pairs.jsonl")]
    assert all(text.startswith(f"Marked {number}.") for number, text in enumerate(instructions[:5]))
    assert instructions[5:] == [pair["instruction"] for pair in pairs[5:]]
    assert not partial.exists()


def test_rough_notes_need_no_model_and_depend_on_the_mail_only(run_py: Callable[..., Call], tmp_path: Path) -> None:
    def pairs(*values: str) -> dict[str, tuple[str, str]]:
        called = run_py("stage=summarize", "summarizer=rough", "tracking=none", *values)
        assert called.code == 0, called.err
        lines = jsonl.read(tmp_path / "outputs" / "latest" / "summarize" / "pairs.jsonl")
        return {line["id"]: (line["instruction"], line["method"]) for line in lines}

    few, many = pairs("data.max_mails=6"), pairs("data.max_mails=12")
    assert len(few) == 6
    assert all(note and method == "rough" for note, method in many.values())
    assert few.items() <= many.items()
    assert many != pairs("data.max_mails=12", "seed=2")
    assert not (tmp_path / "outputs" / "latest" / "summarize" / "sentences.jsonl").exists()


def test_with_both_forms_an_order_has_rough_notes_as_variants(run_py: Callable[..., Call], tmp_path: Path) -> None:
    latest = tmp_path / "outputs" / "latest" / "summarize"

    def pairs(*values: str) -> list[Pair]:
        called = run_py("stage=summarize", "tracking=none", "data.max_mails=6", *values)
        assert called.code == 0, called.err
        return jsonl.read(latest / "pairs.jsonl", Pair)

    notes = [[pair["instruction"], *pair["variants"]] for pair in pairs("summarizer=rough")]
    assert all(len(texts) == 3 for texts in notes)
    pairs()
    # As if the model had written two good sentences and no others.
    sentences = jsonl.read(latest / "sentences.jsonl")
    for number, line in enumerate(sentences):
        line |= (
            {"sentence": f"Order {number}", "method": "model"} if number < 2 else {"sentence": "", "method": "rough"}
        )
    artifact = latest.resolve()
    shutil.rmtree(artifact)
    partial = artifact.with_name(f"{artifact.name}.partial") / PROGRESS
    partial.mkdir(parents=True)
    (partial / "sentences.jsonl").write_text("".join(map(jsonl.line, sentences)), encoding="utf-8")
    both, orders = pairs(), pairs("summarizer.forms=order")
    assert [pair["method"] for pair in both] == ["model"] * 2 + ["rough"] * 4
    assert [pair["variants"] for pair in both[:2]] == notes[:2]
    assert [[pair["instruction"], *pair["variants"]] for pair in both[2:]] == notes[2:]
    # A rough note in place of a missing order, and no others. The sentences are not written again.
    assert [pair["instruction"] for pair in orders[:2]] == [pair["instruction"] for pair in both[:2]]
    assert all(pair["instruction"].startswith(f"Order {number}") for number, pair in enumerate(orders[:2]))
    assert [pair["instruction"] for pair in orders[2:]] == [texts[0] for texts in notes[2:]]
    assert not any("variants" in pair for pair in orders)


def test_the_report_of_rough_notes_has_no_shares(run_py: Callable[..., Call], tmp_path: Path) -> None:
    called = run_py("stage=summarize", "summarizer=rough", "tracking=none", "data.max_mails=6")
    assert called.code == 0, called.err
    report = jsonl.read_json(tmp_path / "outputs" / "latest" / "summarize" / "report.json")
    assert report["methods"] == {"rough": 6}
    assert report["words"] > 0
    assert not {"facts_named", "facts_unfounded", "greeted_named"} & set(report)
