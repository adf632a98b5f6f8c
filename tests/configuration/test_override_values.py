"""Values of the command line, as the shell passes them."""

import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from email_assistant.commands.catalog import CONFIG_CHECKS
from email_assistant.configuration.checks import from_composed
from email_assistant.configuration.command_line import ROOT
from email_assistant.configuration.keys import schema_keys
from email_assistant.configuration.override_values import (
    PARSER,
    ListOf,
    Mapped,
    Text,
    as_typed,
    in_hydra_notation,
    kind_of_key,
)

CONF = ROOT / "conf"
# As files, folders, people and subjects are called.
NAMES = [
    "Отправленные",
    "é",
    "~backup~",
    "[Gmail].sbd/Sent Mail",
    "[Gmail]/Sent [old]",
    "Sent (1).mbox",
    "Dana's mail.mbox",
    "o'brien@x.example",
    "'tis the season",
    "Дана Холт",
    "Name <a@b.example>",
    '"Holt, Dana" <d@x.example>',
    "Holt, Dana",
    "a=b",
    "=",
    "#",
    ",",
    "a,b",
    "2024",
    "007",
    "1e5",
    "1_000",
    "-3",
    "+3",
    "0x1F",
    "nan",
    "inf",
    "true",
    "False",
    "NULL",
    "a: b",
    "{x}",
    "{",
    "[",
    "]",
    "a}b",
    "&",
    "$HOME",
    "a$b",
    "${",
    "a${b",
    "${}",
    "${x}",
    "${HOME}/${paths.typo}/a",
    "!",
    ";",
    "50% of it?",
    "a*b|c",
    "`ls`",
    "C:\\Mail\\Sent.mbox",
    "ends in \\",
    "it's\\",
    "  blanks  ",
    "tab\there",
    "two\nlines",
    "发件箱",
    "送信済み.mbox",
    "🙂",
    "'a' and 'b'",
    '"a"b"',
    "???",
    "-",
    "--",
    "@",
    "choice",
    "choice(",
    "f(x)",
]


def read(*arguments: str, multirun: bool = False) -> Any:
    lines = [in_hydra_notation(argument, multirun) for argument in arguments]
    with initialize_config_dir(config_dir=str(CONF)):
        return OmegaConf.to_container(compose(config_name="config", overrides=lines), resolve=True)


def value_of(key: str, values: Any) -> Any:
    for part in key.split("."):
        values = values[part]
    return values


def has_text(annotation: Any) -> bool:
    """Whether a value of a type may be any text."""
    if annotation is str:
        return True
    inner = get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    return get_origin(annotation) in (Annotated, Union, types.UnionType, list) and any(map(has_text, inner))


TEXT_KEYS = [key for key, annotation in schema_keys().items() if has_text(annotation)]


@pytest.mark.parametrize("name", NAMES)
def test_a_value_is_taken_as_the_shell_passes_it(name: str) -> None:
    for key in ("data.path", "data.owner", "infer.output", "tracking.run_name", "from_run", "summarizer.prompts.en"):
        override = PARSER.parse_override(in_hydra_notation(f"{key}={name}", multirun=False))
        # As Hydra composes it, without the other keys.
        assert OmegaConf.to_container(OmegaConf.create({"value": override.value()}), resolve=True) == {"value": name}


def test_every_key_of_text_takes_any_text() -> None:
    name = "Dana's [почта], (1)"
    values = read(*(f"{key}={name}" for key in TEXT_KEYS if not key.startswith("paths.")))
    assert len(TEXT_KEYS) > 30
    wrong = [key for key in TEXT_KEYS if not key.startswith("paths.") and value_of(key, values) != name]
    assert wrong == []


def test_the_types_of_the_schema_decide_what_text_is() -> None:
    for key, annotation in schema_keys().items():
        kind = kind_of_key(key)
        item = kind.item if isinstance(kind, ListOf) else kind
        assert isinstance(item, Text) == has_text(annotation), key
    assert kind_of_key("data.path") == ListOf(Text(is_path=True))
    assert kind_of_key("data.owner") == ListOf(Text())
    assert kind_of_key("summarizer.prompts.en") == Text()
    assert kind_of_key("evaluation.mauve.model_path") == Text(is_path=True)
    assert kind_of_key("lora.target_modules") == ListOf(Text())
    assert isinstance(kind_of_key("data.columns"), Mapped)
    others = ("lora.r", "lora.layers", "data.drop", "trainer.gradient_checkpointing", "no.such.key", "hydra.run.dir")
    assert [kind_of_key(key) for key in others] == [None] * len(others)


def test_every_key_that_names_a_file_or_a_folder_is_a_path() -> None:
    words = (
        "path",
        "gguf",
        "input",
        "output",
        "drafts",
        "thread",
        "folder",
        "file",
        "adapter",
        "head_start",
        "requests",
    )
    named = {key for key in TEXT_KEYS if key.startswith("paths.") or any(word in key.split(".")[-1] for word in words)}
    assert {key for key in TEXT_KEYS if _item(key) == Text(is_path=True)} == named - {"data.columns.thread"}


def _item(key: str) -> Any:
    kind = kind_of_key(key)
    return kind.item if isinstance(kind, ListOf) else kind


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_text_without_notation_of_hydra_is_itself(text: str) -> None:
    notation = ("\\", "${", "(")
    if text in ("null", "''", '""') or text[0] in "'\"[" or any(part in text for part in notation):
        return
    assert PARSER.parse_override(in_hydra_notation(f"data.owner={text}", False)).value() == text


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("[a,b]", ["a", "b"]),
        ("[]", []),
        ("[ ]", []),
        ("[a, b c , é]", ["a", "b c", "é"]),
        ("['a, b',\"c]\",d]", ["a, b", "c]", "d"]),
        ("[[Gmail].sbd/Sent Mail,Sent (1, 2).mbox]", ["[Gmail].sbd/Sent Mail", "Sent (1, 2).mbox"]),
        ("[Dana's mail,Bo's]", ["Dana's mail", "Bo's"]),
        ("[Holt <d@x.example>,'Holt, D',a\\,b]", ["Holt <d@x.example>", "Holt, D", "a,b"]),
        ("[2024,1e5,true]", ["2024", "1e5", "true"]),
        ("[${paths.root}/a b,${oc.env:NOT_SET,c}]", [f"{ROOT}/a b", "c"]),
        ("[Gmail]", ["Gmail"]),
        ("'[Gmail]'", "[Gmail]"),
    ],
)
def test_a_list_is_a_list(given: str, wanted: Any) -> None:
    assert read(f"data.owner={given}")["data"]["owner"] == wanted
    assert read(f"data.path={given}")["data"]["path"] == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("'a, b'", "a, b"),
        ('"it\'s"', "it's"),
        ("'it\\'s'", "it's"),
        ("'null'", "null"),
        ("null", None),
        ("", ""),
        ("a\\,b\\=c\\ d", "a,b=c d"),
        ("${oc.env:NAME}", "Dana"),
        ("${oc.env:NAME}/почта (1)", "Dana/почта (1)"),
        ("'${oc.env:NAME} Holt'", "Dana Holt"),
        ("${oc.env:NOT_SET,${oc.env:NAME}}'s", "Dana's"),
        ("${oc.env:NOT_SET,'a, b'}", "a, b"),
        ("\\${oc.env:NAME}", "${oc.env:NAME}"),
        ("str(12)", "12"),
    ],
)
def test_quotes_and_interpolations_of_hydra_are_read(given: str, wanted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "Dana")
    monkeypatch.delenv("NOT_SET", raising=False)
    assert read(f"tracking.run_name={given}")["tracking"]["run_name"] == wanted


def jobs(argument: str) -> list[str]:
    """The values of a sweep."""
    override = PARSER.parse_override(in_hydra_notation(argument, multirun=True))
    assert override.is_sweep_override()
    key = argument.partition("=")[0]
    return [value_of(key, read(f"{key}={end}")) for end in override.sweep_string_iterator()]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("Дана Холт,o'brien@x.example", ["Дана Холт", "o'brien@x.example"]),
        ("Sent (1, 2).mbox, é", ["Sent (1, 2).mbox", "é"]),
        ("'Holt, Dana',[Gmail].sbd/x", ["Holt, Dana", "[Gmail].sbd/x"]),
        ("[a,b c],[é]", [["a", "b c"], ["é"]]),
        ("choice(Дана Холт,'a, b',2024)", ["Дана Холт", "a, b", "2024"]),
        ("sort(в,б,а б)", ["а б", "б", "в"]),
        ("${paths.root}/é,b", [f"{ROOT}/é", "b"]),
        ("1e5,007", ["1e5", "007"]),
    ],
)
def test_commas_separate_the_values_of_a_sweep(given: str, wanted: list[Any]) -> None:
    assert jobs(f"data.owner={given}") == wanted
    assert jobs(f"data.path={given}") == wanted


def test_home_is_expanded_in_paths_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/dana")
    values = read(
        "data.path=[~/a.pst,'~/b',c/~/d,file:///home/dana/Sent%20(1).mbox]",
        "infer.output=~/Отправленные",
        "data.owner=~/x",
        "paths.mlruns=~",
    )
    assert values["infer"]["output"] == "/home/dana/Отправленные"
    assert values["data"]["owner"] == "~/x"
    assert values["paths"]["mlruns"] == "/home/dana"
    config = from_composed(values, CONFIG_CHECKS)
    assert config.data.path == ["/home/dana/a.pst", "/home/dana/b", "c/~/d", "/home/dana/Sent (1).mbox"]
    assert jobs("data.path=~/a,~/b c") == ["/home/dana/a", "/home/dana/b c"]
    assert in_hydra_notation("hydra.run.dir=~/é", False) == "hydra.run.dir='/home/dana/é'"


def test_an_unknown_home_is_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    config = from_composed(read("data.path=~nobody-of-this-name/a"), CONFIG_CHECKS)
    assert config.data.path == ["~nobody-of-this-name/a"]


def test_a_mapping_holds_texts_too() -> None:
    assert read("data.columns={text: Тело письма, date: null}")["data"]["columns"]["text"] == "Тело письма"
    prompts = read("++summarizer.prompts={en: Say {email}, fr: 'Dis, à {email}'}")["summarizer"]["prompts"]
    assert prompts | {"en": "Say {email}", "fr": "Dis, à {email}"} == prompts
    examples = read("summarizer.examples.en=[{email: é è, instruction: 'a, b'}]")["summarizer"]["examples"]
    assert examples["en"] == [{"email": "é è", "instruction": "a, b"}]


@pytest.mark.parametrize("argument", ["-m", "--cfg", "job", "~data.path", "lora.r=4,8", "stage=train", "data=demo"])
def test_what_hydra_reads_is_left_to_it(argument: str) -> None:
    assert in_hydra_notation(argument, multirun=True) == argument


@pytest.mark.parametrize("part", ["[", "(", "'", ",'", "[(", "{a:", "\\"])
def test_no_value_takes_long(part: str) -> None:
    for multirun in (False, True):
        assert in_hydra_notation(f"infer.input={part * 1001}", multirun).startswith("infer.input=")


def test_people_read_values_without_quotes() -> None:
    assert as_typed(in_hydra_notation("data.owner=Дана О'Нил", False)) == "data.owner=Дана О'Нил"
    assert as_typed("lora.r=4") == "lora.r=4"


@pytest.mark.parametrize(
    "values",
    [
        {"data.path": "~/Отправленные (1).mbox", "data.owner": "Дана О'Нил <a@b>", "infer.output": "a=b, c#.csv"},
        {"data.path": "[Gmail].sbd/Sent Mail", "data.owner": "12", "tracking.experiment": "Dana's [mail]"},
    ],
)
def test_the_command_line_takes_them(values: dict[str, str], tmp_path: Path) -> None:
    arguments = [f"{key}={value}" for key, value in values.items()]
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *arguments, "--cfg", "job"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(tmp_path)},
        check=True,
    )
    shown = OmegaConf.create(done.stdout)
    for key, value in values.items():
        assert OmegaConf.select(shown, key) == value.replace("~", str(tmp_path))
