"""What the tests share: a random model of two layers, small archives, the folders of real mail."""

import os

# Before torch is imported: on models of two layers, threads wait for one another longer than they compute.
os.environ["OMP_NUM_THREADS"] = "1"

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import warm
from hypothesis import HealthCheck, settings
from warm import Call

from email_assistant.commands.catalog import COMMANDS
from email_assistant.configuration.schema import Architecture, Lora, Model
from email_assistant.privacy import guard

guard.protect()
# How long an example takes says more of a busy machine than of the code.
settings.register_profile("busy_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy_machine")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def model_settings(path: Path, quantization: str = "none", architecture: Architecture | None = None) -> Model:
    """A model folder on the processor, in float32."""
    return Model(
        path=str(path),
        gguf=None,
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
    """The embedded model, which `make install` converts."""
    folder = ROOT / "models" / "smollm2_135m"
    if not (folder / "config.json").exists():
        pytest.skip("the embedded model is not installed (make install)")
    return folder


def save_tiny_model(folder: Path, seed: int = 0, layers: int = 2) -> Path:
    """A random Llama of four heads whose tokens are bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={token: place for place, token in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    wrapped.chat_template = TEMPLATE
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
    """A model folder that any processor runs."""
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


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
            words = " ".join(sha256(f"{number} {place}".encode()).hexdigest()[:5] for place in range(8))
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
def run_py(tmp_path: Path, tiny_model: Path, archive: Path, empty_store: Path) -> Callable[..., Call]:
    """Call run.py in a folder of the test."""
    return caller(tmp_path, tiny_model, archive, empty_store)


def caller(tmp_path: Path, tiny_model: Path, archive: Path, empty_store: Path) -> Callable[..., Call]:
    """Call run.py as a user does, on the tiny model and archive, with a store of its own.

    By a process that has imported everything already, on a store that has its tables; or with `fresh=True` by one
    that python has just started, on what is there. With `bare=True` the call names the folders alone.
    """

    def guarded(done: Call) -> Call:
        """Nothing may so much as try to reach another machine."""
        for file in (tmp_path / "outputs" / guard.AUDIT_FOLDER).glob("*.jsonl"):
            seen = [json.loads(line) for line in file.read_text().splitlines()]
            assert [one for one in seen if one["what"] != "call" and not guard.is_loopback(one["host"])] == []
        return done

    def call(*arguments: str, stdin: str = "", timeout: float = 300, fresh: bool = False, bare: bool = False) -> Call:
        small = [
            f"paths.outputs={tmp_path}/outputs",
            f"paths.mlruns={tmp_path}/mlruns",
            f"model.path={tiny_model}",
            f"data.path={archive}",
            "generation.max_new_tokens=12",
            "summarizer.max_new_tokens=8",
            "trainer.epochs=1",
            "trainer.scored_mails=2",
            "trainer.checkpoint_steps=1",
            "lora.r=2",
            # Two processes with two threads each on two cores wait for one another at every step.
            "model.threads=1",
            "tracking.experiment=email-assistant",
            # How long a run takes depends on the machine, and so would what it logs.
            "tracking.system_metrics_seconds=null",
        ]
        given = {argument.lstrip("+").partition("=")[0] for argument in arguments}
        if bare:
            small = [value for value in small if value.startswith("paths.")]
        small = [value for value in small if value.partition("=")[0] not in given]
        environment = {key: value for key, value in os.environ.items() if key != "CI"}
        if not fresh:
            if not given & {"tracking", "tracking.uri"} and not {f"stage={name}" for name in COMMANDS} & set(arguments):
                (tmp_path / "mlruns").mkdir(exist_ok=True)
                if not (tmp_path / "mlruns" / "mlflow.db").exists():
                    shutil.copyfile(empty_store, tmp_path / "mlruns" / "mlflow.db")
            return guarded(warm.run([*arguments, *small], tmp_path, environment, stdin, timeout))
        done = subprocess.run(
            [sys.executable, str(ROOT / "run.py"), *arguments, *small],
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment,
            check=False,
        )
        return guarded(Call(done.returncode, done.stdout, done.stderr))

    return call
