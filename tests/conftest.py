"""What the tests share: a random model of two layers, small archives, the folders of real mail."""

import os

# Before torch is imported: on models of two layers, threads wait for one another longer than they compute.
os.environ["OMP_NUM_THREADS"] = "1"

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from architectures import GEMMA3, save_model
from filelock import FileLock
from hypothesis import HealthCheck, settings
from warm import Call, Running

from email_assistant.commands.catalog import COMMANDS
from email_assistant.configuration.schema import Architecture, Lora, Model
from email_assistant.privacy import guard

if TYPE_CHECKING:
    from served import Served

guard.protect()
# The origin of an add-on that may use the API of `served`.
ALLOWED = "moz-extension://2b1f7c4e-9a55-4a3e-8d0c-5f1f5a0c7e11"
# How long an example takes says more of a busy machine than of the code.
settings.register_profile("busy_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy_machine")

ROOT = Path(__file__).resolve().parents[1]
NO_HEX = str.maketrans("0123456789abcdef", "ghijklmnopqrstuv")
SHARED = ROOT.parent / "shared"


def model_settings(path: Path, quantization: str = "none", architecture: Architecture | None = None) -> Model:
    """A model folder on the CPU, in float32."""
    return Model(
        path=str(path),
        gguf=None,
        head_start=None,
        architecture=architecture,
        quantization=quantization,  # type: ignore[arg-type]
        dtype="float32",
        device="cpu",
        threads=1,
    )


def lora(**values: object) -> Lora:
    """An adapter of rank 2 on all linear layers, but for the values that are given."""
    usual = {
        "r": 2,
        "alpha": None,
        "dropout": 0.0,
        "target_modules": "all-linear",
        "use_rslora": False,
        "use_dora": False,
        "init": "default",
        "layers": None,
    }
    return Lora(**(usual | values))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def shared_mail() -> Path:
    """The folder of real archives."""
    if not (SHARED / "mail").is_dir():
        pytest.skip("the folder of real archives (../shared/mail) is not here")
    return SHARED / "mail"


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The bundled model, which `make install` converts."""
    folder = ROOT / "models" / "smollm2_135m"
    if not (folder / "config.json").exists():
        pytest.skip("the bundled model is not installed (make install)")
    return folder


@pytest.fixture(scope="session")
def gemma3() -> Path:
    """Gemma 3 270M, which `make gemma` installs."""
    folder = ROOT / "models" / "gemma3_270m"
    if not (folder / "config.json").exists():
        pytest.skip("Gemma 3 270M is not installed (make gemma)")
    return folder


def save_tiny_model(folder: Path, seed: int = 0, layers: int = 2) -> Path:
    """A random Llama of four heads whose tokens are bytes."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from benchmarks.gpu.tokenizer import byte_tokenizer

    wrapped = byte_tokenizer()
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(wrapped),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        bos_token_id=wrapped.bos_token_id,
        eos_token_id=wrapped.eos_token_id,
        pad_token_id=wrapped.pad_token_id,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    wrapped.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder that any CPU runs."""
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tiny_gemma(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A random Gemma 3 with sliding windows, shorter than most mails, and the tokenizer of `tiny_model`."""
    from transformers import AutoTokenizer

    return save_model(
        tmp_path_factory.mktemp("models") / "tiny_gemma", AutoTokenizer.from_pretrained(tiny_model), *GEMMA3
    )


@pytest.fixture(params=["decoder", "transformers"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What generates: this project's decoder, or transformers, as for models that the decoder does not support."""
    if request.param == "transformers":
        from email_assistant.language_model.cached_decoder import CachedDecoder

        monkeypatch.setattr(CachedDecoder, "from_model", lambda model: None)
    return str(request.param)


@pytest.fixture(params=["tiny_model", "tiny_gemma"])
def either_model(request: pytest.FixtureRequest) -> Path:
    """Two models whose decoder layers differ most."""
    return Path(request.getfixturevalue(request.param))


@pytest.fixture(scope="session")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the same shape with other weights."""
    return save_tiny_model(tmp_path_factory.mktemp("models") / "other", seed=1)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty short mails as JSONL."""
    path = tmp_path_factory.mktemp("archive") / "sent.jsonl"
    goods = ["nails", "glass", "rope", "paint", "oak", "tin", "wax", "bread"]
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    with path.open("w", encoding="utf-8") as file:
        for number in range(40):
            # In letters that no hash has: tests look for these words in files that hold hashes, too.
            digests = (sha256(f"{number} {word}".encode()).hexdigest() for word in range(8))
            words = " ".join(digest[:5].translate(NO_HEX) for digest in digests)
            good, day = goods[number % 8], days[number % 5]
            record = {
                "id": f"m{number}",
                "subject": f"Order {number} of {good}",
                "body": f"Ahoy,\n\nsend {number + 2} {words} of {good} on {day}.\n\nFair winds, T",
                "to": f"Shop {number} <shop{number}@goods.example>",
                "date": f"2024-03-{number % 28 + 1:02d}T10:00:00+00:00",
            }
            file.write(json.dumps(record) + "\n")
    return path


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a store without experiments: making one takes longer than most tests' own work."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def run_py(tmp_path: Path, tiny_model: Path, archive: Path, empty_store: Path) -> "RunPy":
    """Call run.py in a folder of the test."""
    return RunPy(tmp_path, tiny_model, archive, empty_store)


@pytest.fixture(scope="session")
def once(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, archive: Path, empty_store: Path
) -> Callable[..., tuple[Path, Call]]:
    """Call run.py in a folder that all tests look at and none changes; the workers of a session share it."""

    def call(name: str, *arguments: str, fresh: bool = False) -> tuple[Path, Call]:
        shared = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            shared = shared.parent
        folder, kept = shared / name, shared / f"{name}.json"
        with FileLock(shared / f"{name}.lock"):
            if not kept.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                done = RunPy(folder, tiny_model, archive, empty_store)(*arguments, fresh=fresh)
                assert done.code == 0, done.err
                kept.write_text(json.dumps(asdict(done)))
        return folder, Call(**json.loads(kept.read_text()))

    return call


@pytest.fixture
def whole_project(once: Callable[..., tuple[Path, Call]]) -> tuple[Path, Call]:
    """A folder in which all stages were run by a fresh python on a fresh store, and what that call gave."""
    return once("whole", fresh=True)


@pytest.fixture
def made_outputs(whole_project: tuple[Path, Call], tmp_path: Path) -> Path:
    """The outputs of the test's own folder, where the artifacts of all stages are already."""
    outputs = tmp_path / "outputs"
    shutil.copytree(whole_project[0] / "outputs", outputs, symlinks=True)
    return outputs


@pytest.fixture(scope="session")
def served(
    tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, archive: Path, empty_store: Path
) -> Iterator["Served"]:
    """stage=compose with an adapter of the tiny model; one origin may use the API."""
    from served import save_adapter, serving

    folder = tmp_path_factory.mktemp("served")
    adapter = save_adapter(tiny_model, folder / "my-style")
    run_py = RunPy(folder, tiny_model, archive, empty_store)
    with serving(run_py, f"infer.adapter={adapter}", f"compose.allow_origins=[{ALLOWED}]") as running:
        running.wait_until_ready()
        yield running


def artifacts(outputs: Path) -> dict[tuple[str, str], int]:
    """When each artifact was made, by its stage and key, the oldest first."""
    folders = [path.parent for path in outputs.glob("artifacts/*/*/manifest.json") if not path.parent.suffix]
    times = {(folder.parent.name, folder.name): (folder / "manifest.json").stat().st_mtime_ns for folder in folders}
    return dict(sorted(times.items(), key=lambda item: item[1]))


def recorded(outputs: Path) -> list[dict[str, Any]]:
    """What the calls of a folder wrote down of themselves and their connections."""
    files = sorted((outputs / guard.AUDIT_FOLDER).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


class RunPy:
    """Calls run.py as a user does, on the tiny model and archive, with a store of its own."""

    def __init__(self, folder: Path, tiny_model: Path, archive: Path, empty_store: Path) -> None:
        self.folder, self.empty_store = folder, empty_store
        self.small = {
            "paths.outputs": f"{folder}/outputs",
            "paths.mlruns": f"{folder}/mlruns",
            "model.path": str(tiny_model),
            "data.path": str(archive),
            "generation.max_new_tokens": "12",
            # Most of what is tested goes through the model and its samples.
            "summarizer": "base_model",
            "generation": "sample",
            "summarizer.max_new_tokens": "8",
            "trainer.epochs": "1",
            "trainer.scored_mails": "2",
            "trainer.checkpoint_steps": "1",
            "trainer.checkpoint_seconds": "0",
            "lora.r": "2",
            # Enough to make every number and page of an evaluation.
            "evaluation.judge_mails": "8",
            "evaluation.extraction_mails": "8",
            "evaluation.resamples": "100",
            "evaluation.mauve.seeds": "1",
            # Two processes with two threads each on two cores wait for one another at every step.
            "model.threads": "1",
            "tracking.experiment": "email-assistant",
            # How long a run takes depends on the machine, and so would what it logs.
            "tracking.system_metrics_seconds": "null",
        }

    def __call__(
        self, *arguments: str, stdin: str = "", timeout: float = 600, fresh: bool = False, bare: bool = False
    ) -> Call:
        """Call and wait.

        Args:
            arguments: Of the command line, beside the small values.
            stdin: What is typed.
            timeout: In seconds.
            fresh: By a python that has just started, on what is there; else by a process that has imported
                everything already, on a store that has its tables.
            bare: Without the small values but for the folders.
        """
        outputs = self.folder / self._values(arguments).get("paths.outputs", "outputs")
        before, lines = artifacts(outputs), len(recorded(outputs))
        if fresh:
            done = self._in_new_python(self.command(*arguments, bare=bare), stdin, timeout)
        else:
            done = self.start(*arguments, stdin=stdin, bare=bare).finish(timeout)
        done.made = [stage for (stage, key), time in artifacts(outputs).items() if before.get((stage, key)) != time]
        # Nothing is recorded if a call only shows something or a sweep has no job left; stage=lock encrypts the record.
        runs = not any(argument.startswith("--") for argument in arguments) and "stage=lock" not in arguments
        runs = runs and ("-m" not in arguments or bool(done.made))
        _check_guard(done, recorded(outputs)[lines:], runs)
        return done

    def start(self, *arguments: str, stdin: str = "", bare: bool = False) -> Running:
        """Call and do not wait."""
        values = self._values(arguments)
        store = self.folder / "mlruns" / "mlflow.db"
        if not {"tracking", "tracking.uri"} & set(values) and values.get("stage") not in COMMANDS:
            store.parent.mkdir(exist_ok=True)
            if not store.exists():
                shutil.copyfile(self.empty_store, store)
        return Running(self.command(*arguments, bare=bare), self.folder, self._environment(), stdin)

    def command(self, *arguments: str, bare: bool = False) -> list[str]:
        """What comes after `python run.py`."""
        given = self._values(arguments)
        small = [f"{key}={value}" for key, value in self.small.items() if not bare or key.startswith("paths.")]
        return [*arguments, *(value for value in small if value.partition("=")[0] not in given)]

    @staticmethod
    def _values(arguments: Sequence[str]) -> dict[str, str]:
        return dict(argument.lstrip("+").split("=", 1) for argument in arguments if "=" in argument)

    @staticmethod
    def _environment() -> dict[str, str]:
        return {key: value for key, value in os.environ.items() if key != "CI"}

    def _in_new_python(self, command: list[str], stdin: str, timeout: float) -> Call:
        done = subprocess.run(
            [sys.executable, str(ROOT / "run.py"), *command],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=self._environment(),
            check=False,
        )
        return Call(done.returncode, done.stdout, done.stderr)


def _check_guard(done: Call, lines: list[dict[str, Any]], runs: bool) -> None:
    """Nothing may so much as try to reach another machine, and no call that runs something goes unrecorded."""
    calls = [line for line in lines if line["what"] == "call"]
    assert [line for line in lines if line["what"] != "call" and not guard.is_loopback(line["host"])] == []
    assert calls or done.code or not runs, "the call left no record"
    assert all(call["guarded"] and not call["changed_switches"] for call in calls)
