"""The stage that writes instructions resumes where it was interrupted, and makes rough notes without a model."""

import shutil
from collections.abc import Callable
from pathlib import Path

from warm import Call

from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import PROGRESS


def test_sentences_of_an_interrupted_call_are_reused(run_py: Callable[..., Call], tmp_path: Path) -> None:
    values = ("stage=summarize", "tracking=none", "data.max_mails=12")
    assert run_py(*values).code == 0
    artifact = (tmp_path / "outputs" / "latest" / "summarize").resolve()
    pairs, sentences = (jsonl.read(artifact / f"{name}.jsonl") for name in ("pairs", "sentences"))
    # As if the call had been killed while it wrote the sixth sentence. The first five are marked.
    partial = artifact.with_name(f"{artifact.name}.partial") / PROGRESS
    partial.mkdir(parents=True)
    marked = [line | {"sentence": f"Marked {number}"} for number, line in enumerate(sentences[:5])]
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
