"""What README and docs name is true: commands, configuration keys, paths and links."""

import functools
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from email_assistant.commands.catalog import CONFIG_CHECKS
from email_assistant.configuration import command_line
from email_assistant.configuration.checks import is_known, schema_keys
from email_assistant.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "email_assistant"
CONF = ROOT / "conf"
README, README_RU = ROOT / "README.md", ROOT / "README.ru.md"
WITH_COMMANDS = [README, README_RU, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [*WITH_COMMANDS, ROOT / "SECURITY.md"]

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
# A name of Python with a capital or an underscore in front: `Data.format`, `_messages`.
CODE_NAME = re.compile(r"(?=_|\w*[A-Z])\w+(\.\w+)*")
KEY_AND_VALUE = re.compile(r"[a-z_]+(?:\.[a-z_]+)+=")
# Programs of others: only the files that they are given are checked.
OTHERS = {"accelerate", "conda", "docker", "hf", "mkdir", "ollama", "pip", "poetry", "socat", "source"}
# What does not exist before a run.
MADE_BY_RUNS = (".venv", "outputs", "mlruns")


def commands_of(markdown: str) -> list[str]:
    """The commands in the fenced blocks without a language, comments removed and continued lines joined."""
    blocks = [block["text"] for block in FENCE.finditer(markdown) if not block["language"]]
    lines = COMMENT.sub("", "\n".join(blocks)).replace("\\\n", " ").split("\n")
    return [" ".join(command.split()) for line in lines for command in line.split(" && ") if command.strip()]


def faults_of(command: str) -> list[str]:
    """What is not true of one command, a line each."""
    program, *arguments = shlex.split(command)
    faults = [f"{argument}: no such file" for argument in arguments if not is_path_true(argument)]
    if program == "python" and arguments[0] == "run.py":
        return faults + faults_of_call(arguments[1:])
    if program == "python" and arguments[0] == "-m":
        return faults + faults_of_module(arguments[1], arguments[2:])
    if program == "make":
        targets = [argument for argument in arguments if "=" not in argument]
        return faults + [f"make {target}: no such target" for target in targets if target not in make_targets()]
    if program not in OTHERS:
        return [*faults, f"{program}: not a known program"]
    if "run.py" in arguments:
        faults += faults_of_call(arguments[arguments.index("run.py") + 1 :])
    return faults


def faults_of_call(arguments: list[str]) -> list[str]:
    fault = fault_of_call(tuple(arguments))
    return [fault] if fault else []


@functools.cache
def fault_of_call(arguments: tuple[str, ...]) -> str | None:
    try:
        command_line.check(command_line.as_hydra_reads(arguments), CONF, CONFIG_CHECKS)
    except ConfigurationError as error:
        return str(error)
    except SystemExit as error:
        return f"exit code {error.code}"
    return None


def faults_of_module(module: str, arguments: list[str]) -> list[str]:
    """Look for the options and the first word among those that a module accepts; check configuration keys as a call."""
    accepted = accepted_by(module)
    if accepted is None:
        return [f"python -m {module}: no such module"]
    options = [argument for argument in arguments if argument.startswith("--")]
    keys = [argument for argument in arguments if KEY_AND_VALUE.match(argument) or selects_from_group(argument)]
    # A package's first argument is a subcommand.
    subcommand = arguments[:1] if is_package(module) else []
    faults = [f"python -m {module}: no {word}" for word in options + subcommand if word not in accepted]
    return faults + faults_of_call(keys)


def selects_from_group(argument: str) -> bool:
    name, equals, _ = argument.partition("=")
    return bool(equals) and (CONF / name).is_dir()


def is_package(module: str) -> bool:
    return (ROOT / module.replace(".", "/")).is_dir()


@functools.cache
def accepted_by(module: str) -> frozenset[str] | None:
    """Options and subcommands by a module's own help; benchmarks import too much for that, so by their source."""
    file = ROOT / module.replace(".", "/") / "__main__.py" if is_package(module) else module_file(module)
    if not file.is_file():
        return None
    if module.startswith("benchmarks"):
        return frozenset(re.findall(r'"([\w-]+)"', file.read_text(encoding="utf-8")))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    call = [sys.executable, "-m", module, "--help"]
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    subcommands = re.search(r"\{([\w,-]+)\}", done.stdout)
    return frozenset([*re.findall(r"--[\w-]+", done.stdout), *(subcommands[1].split(",") if subcommands else ())])


def module_file(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"


@functools.cache
def make_targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z_-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def is_path_true(text: str) -> bool:
    """Whether a text is no path into the repository, or one that is there; paths may be relative to the package."""
    if not re.fullmatch(r"[\w.-]+(/[\w.-]*)+", text):
        return True
    first = text.partition("/")[0]
    if first in MADE_BY_RUNS or (first == "models" and not text.endswith(".txt")):
        return True
    for folder in (ROOT, PACKAGE):
        # `language_model/loading.attach` is a name in a module.
        module, _, name = text.rpartition(".")
        if (folder / text).exists() or defines(folder / f"{module}.py", name):
            return True
    return not any((folder / first).is_dir() for folder in (ROOT, PACKAGE))


def defines(module: Path, name: str) -> bool:
    return (
        module.is_file() and re.search(rf"^(def|class) {name}\b", module.read_text("utf-8"), re.MULTILINE) is not None
    )


def is_key_true(text: str) -> bool:
    """Whether a text is neither a key nor `key=value`, or names a key and a choice that are there."""
    key, equals, value = text.partition("=")
    group = key.partition(".")[0]
    if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", key) or (group not in schema_keys() and not (CONF / group).is_dir()):
        return True
    if equals and (CONF / key).is_dir():
        return value == "" or (CONF / key / f"{value}.yaml").is_file()
    file_suffix = "." in key and key.rpartition(".")[2] in ("gguf", "json", "jsonl", "html", "yaml")
    return is_known(key) or (file_suffix and not equals) or ("." not in key and not equals)


@functools.cache
def words_of_the_code() -> frozenset[str]:
    files = [*PACKAGE.rglob("*.py"), *CONF.rglob("*.yaml")]
    return frozenset(word for file in files for word in re.findall(r"\w+", file.read_text(encoding="utf-8")))


def slug_of(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {slug_of(heading) for heading in headings}


def faults_of_link(page: Path, link: str) -> list[str]:
    if link.startswith(("http://", "https://")):
        return []
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return [f"{link}: no such file"]
    return [f"{link}: no such heading"] if anchor and anchor not in anchors_of(target) else []


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_every_command_of_a_page_is_true(page: Path) -> None:
    commands = commands_of(page.read_text(encoding="utf-8"))
    assert {command: faults for command in commands if (faults := faults_of(command))} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_key_and_link_of_a_page_is_true(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    words = [word for code in INLINE.findall(text) for word in code.split()]
    assert [word for word in words if not is_path_true(word)] == []
    assert [word for word in words if not is_key_true(word)] == []
    assert [fault for link in LINK.findall(text) for fault in faults_of_link(page, link)] == []


@pytest.mark.parametrize(
    "page", [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"], ids=lambda page: page.name
)
def test_every_name_of_a_page_is_in_the_code(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = "\n".join(block["text"] for block in FENCE.finditer(text) if block["language"] == "python")
    names = {name.rpartition(".")[2] for name in INLINE.findall(FENCE.sub("", text)) if CODE_NAME.fullmatch(name)}
    names |= set(re.findall(r"\b[A-Z]\w+", re.sub(r'"[^"]*"', "", code)))
    assert sorted(names - words_of_the_code()) == []


def test_the_help_names_commands_that_are_true() -> None:
    text = (CONF / "config.yaml").read_text(encoding="utf-8")
    commands = re.findall(r"^ +(python run\.py(?: \S+)*)(?=  |$)", text, re.MULTILINE)
    commands = [command for command in commands if "[" not in command]
    assert len(commands) > 5
    assert [fault for command in commands for fault in faults_of(command)] == []


def test_both_readmes_have_the_same_commands() -> None:
    english, russian = (commands_of(page.read_text(encoding="utf-8")) for page in (README, README_RU))
    assert len(english) > 10
    assert english == russian


def test_readme_is_short() -> None:
    assert README.stat().st_size <= 10_000


@pytest.mark.parametrize(
    "command",
    [
        "python run.py stage=trian",
        "python run.py lora.rank=8",
        "python run.py lora.r=4,8",
        "python run.py -m hydra/launcher=nothing lora.r=4,8",
        "python run.py -m sweep=optuna hydra.sweeper.trials=3",
        "python run.py --cfg nothing",
        "python -m email_assistant.nothing",
        "python -m email_assistant.experiments aliases production models:/x@best",
        "python -m benchmarks.ends --parts test",
        "python -m benchmarks.ends trainer.ema_dekay=0.9",
        "python -m benchmarks.ends trainer=tiny",
        "accelerate launch --config_file launch/nothing.yaml run.py stage=train",
        "accelerate launch --config_file launch/ddp.yaml run.py stage=train lora.rank=8",
        "make nothing",
        "pip install -r benchmarks/nothing.txt",
        "nothing run.py",
    ],
)
def test_a_broken_command_is_found(command: str) -> None:
    assert faults_of(command)


@pytest.mark.parametrize("word", ["docs/nothing.md", "metrics/nothing.py", "language_model/loading.nothing"])
def test_a_broken_path_is_found(word: str) -> None:
    assert not is_path_true(word)


@pytest.mark.parametrize("word", ["lora.rank", "lora=nothing", "trainer.lr=1", "experiment=nothing"])
def test_a_broken_key_is_found(word: str) -> None:
    assert not is_key_true(word)


@pytest.mark.parametrize("link", ["docs/nothing.md", "docs/results.md#nothing", "#nothing"])
def test_a_broken_link_is_found(link: str) -> None:
    assert faults_of_link(README, link)
