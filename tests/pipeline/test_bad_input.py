"""What a user can get wrong ends in one line that names it."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import RunPy

# A call, and what its message has to name.
WRONG = [
    (["data.path=nothing.mbox"], "nothing.mbox"),
    (["data.path=empty"], "empty"),
    (["data.path=binary"], "binary"),
    (["stage=data", "data.owner=nobody@x.example", "data.path=mbox"], "nobody@x.example"),
    (["stage=tarin"], "train?"),
    (["lora.r=-1"], "lora.r = -1"),
    (["stage=infer", "infer.input=no.txt", "infer.adapter=x"], "x: "),
    (["stage=infer", "infer.input=no.txt"], "no.txt"),
    (["stage=infer", "infer.input=empty"], "empty"),
    (["stage=infer", "infer.input=mbox", "infer.output=empty/x.csv"], "a file is where its folder should be"),
    (["stage=infer", "infer.input=empty_folder"], "empty_folder: is a folder, not a file"),
    (["stage=infer", "infer.input=/dev/null"], "leave it out to type or pipe them"),
    (["stage=infer", "infer.input=mbox", "infer.output=mbox"], "mbox: is also infer.input, which it would replace"),
    (["stage=infer", "infer.input=mbox", "infer.output=./old.dbx"], "old.dbx: exists and is not a table"),
    (["stage=infer", "infer.input=mbox", "infer.output=empty_folder/new/"], "is the name of a folder"),
    (["stage=infer", "infer.input=mbox", "infer.output=mails.XLSX"], "mails.XLSX: the table is CSV"),
    (["stage=compare", "compare.output=mbox"], "mbox: exists and is not a page"),
    (["stage=infer", "infer.input=mbox", "infer.output=empty_folder"], "infer.output"),
    (["stage=infer", "infer.input=blank"], "blank"),
    (["stage=train", "model.path=empty_folder"], "empty_folder"),
    (["stage=summarize", "summarizer=from_file", "summarizer.path=no.jsonl"], "no.jsonl"),
    (["stage=data", "data.path=pictures.zip"], "contains no messages (skipped: pictures.zip/a.png (binary, but in no"),
    (["stage=data", "data.path=old.dbx"], "old.dbx: Outlook Express (.dbx), which undbx converts to .eml files"),
    (["stage=data", "data.path=mbx"], "mbx: no such file or folder (did you mean mbox?)"),
    (["stage=data", "data.path=cut.pst"], "cut.pst: cannot be read: ValueError: a damaged or incomplete Outlook data"),
    (["stage=data", "data.path=slack.json"], "slack.json: a chat, as of Slack"),
    (["stage=data\r", "data.path=nothing.mbox\r"], "nothing.mbox: no such"),
    (["stage=export", "infer.adapter=cut_adapter"], "adapter_model.safetensors: damaged or incomplete"),
    (["stage=data", "paths.outputs=empty"], "paths.outputs"),
    (["stage=split", "data.max_mails=4"], "4 mails"),
    (["lora.rank=3", "+trainer.lr=1"], "trainer.learning_rate"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "named"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_bad_input_is_one_line_and_exit_code_1(run_py: RunPy, tmp_path: Path, arguments: list[str], named: str) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "blank").write_text("\n  \n")
    (tmp_path / "binary").write_bytes(b"\0\1\2\3")
    (tmp_path / "cut.pst").write_bytes(b"!BDN" + bytes(96))
    (tmp_path / "slack.json").write_text('[{"type": "message", "user": "U1", "ts": "1.2", "text": "Hello all of you"}]')
    (tmp_path / "cut_adapter").mkdir()
    (tmp_path / "cut_adapter" / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 4}')
    (tmp_path / "cut_adapter" / "adapter_model.safetensors").touch()
    (tmp_path / "empty_folder").mkdir()
    (tmp_path / "old.dbx").write_bytes(b"\xcf\xad\x12\xfe" + bytes(96))
    with ZipFile(tmp_path / "pictures.zip", "w") as pictures:
        pictures.writestr("a.png", b"\x89PNG\r\n\0\0" * 100)
    (tmp_path / "mbox").write_text("From a Mon Jan  1 10:00:00 2024\nFrom: a@b.example\n\nSome words of a mail.\n")
    done = run_py("tracking=none", *arguments)
    assert done.code == 1, done.out
    assert named in done.err
    assert "Traceback" not in done.err
    assert done.err.startswith("error: ")
    assert list(tmp_path.rglob("*.partial")) == []
