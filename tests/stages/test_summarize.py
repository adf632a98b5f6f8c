"""The stage that writes instructions resumes where it was interrupted."""

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
