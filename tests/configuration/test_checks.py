import itertools
import re
import shutil
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from email_assistant.commands.catalog import CONFIG_CHECKS
from email_assistant.configuration import command_line
from email_assistant.configuration.checks import find_errors, from_composed
from email_assistant.configuration.keys import SYNONYMS, nearest_key, schema_keys
from email_assistant.configuration.override_values import in_hydra_notation
from email_assistant.configuration.schema import Arm
from email_assistant.errors import ConfigurationError
from email_assistant.requests.arms import ARMS

CONF = Path(__file__).resolve().parents[2] / "conf"


def composed(*overrides: str) -> Any:
    with initialize_config_dir(config_dir=str(CONF)):
        return OmegaConf.to_container(compose(config_name="config", overrides=list(overrides)), resolve=True)


def message_of(*arguments: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        command_line.check(list(arguments), CONF, CONFIG_CHECKS)
    return str(error.value)


def test_the_defaults_have_no_fault() -> None:
    assert find_errors(composed(), CONFIG_CHECKS) == []


@pytest.mark.parametrize(
    "choice",
    [f"{file.parent.name}={file.stem}" for file in sorted(CONF.glob("*/*.yaml"))],
)
def test_every_file_of_conf_composes(choice: str) -> None:
    faults = find_errors(composed(choice), CONFIG_CHECKS)
    # Two choices ask for a value that only the user knows.
    needed = {"data=archive": "data.path", "summarizer=from_file": "summarizer.path"}
    assert [fault.partition(":")[0] for fault in faults] == ([needed[choice]] if choice in needed else [])


# Groups whose keys are languages.
FREE = ("summarizer.prompts", "summarizer.starts", "summarizer.mentions")


def test_every_key_of_the_schema_has_a_value_in_yaml_and_none_a_default() -> None:
    def keys(values: Any, prefix: str = "") -> set[str]:
        found = set()
        for key, value in values.items():
            found.add(prefix + key)
            if isinstance(value, dict) and prefix + key not in FREE:
                found |= keys(value, f"{prefix}{key}.")
        return found

    in_yaml = keys(composed())
    assert set(schema_keys()) - in_yaml == set()
    assert {key for key in in_yaml if not key.startswith("summarizer.examples.")} == set(schema_keys())


def commented_keys(file: Path) -> set[str]:
    """The keys of a YAML file's outermost level that have a comment in the line above."""
    lines = file.read_text(encoding="utf-8").split("\n")
    below = itertools.pairwise(lines)
    return {line.partition(":")[0] for above, line in below if above.startswith("#") and re.match(r"\w+:", line)}


def test_every_key_has_a_comment_in_conf() -> None:
    wanted = {tuple(key.split(".")) for key in schema_keys() if key.count(".") == 1}
    wanted |= {("", key) for key, kind in schema_keys().items() if "." not in key and not is_dataclass(kind)}
    folders = {group: CONF / group for group, _ in wanted}
    commented = {
        (group, key)
        for group, folder in folders.items()
        for file in folder.glob("*.yaml")
        for key in commented_keys(file)
    }
    assert wanted - commented == set()


def test_all_faults_come_in_one_message() -> None:
    faults = message_of("lora.rank=3", "+trainer.lr=1", "lora.r=-1", "stage=trian", "model=smolm2", "split.method=x")
    named = {
        "lora.rank": "lora.r?",
        "trainer.lr": "trainer.learning_rate?",
        "lora.r = -1": "1",
        "stage = trian": "train?",
        "model = smolm2": "smollm2_135m?",
        "split.method = x": "'time'",
    }
    lines = faults.splitlines()[1:]
    assert len(lines) == len(named)
    for key, remedy in named.items():
        (line,) = [line for line in lines if line.strip().startswith(f"{key}:")]
        assert line.endswith(remedy)


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("lora.rank", "lora.r"),
        ("lr", "trainer.learning_rate"),
        ("learning_rate", "trainer.learning_rate"),
        ("trainer.epoch", "trainer.epochs"),
        ("generation.temprature", "generation.temperature"),
        ("quantization", "model.quantization"),
        ("batch_size", "trainer.batch_size"),
        ("epochs", "trainer.epochs"),
        ("temp", "generation.temperature"),
        ("top_k", "generation.top_p"),
        ("max_new_tokens", "generation.max_new_tokens"),
        ("generation.num_beams", "generation.candidates"),
        ("model_name_or_path", "model.path"),
        ("model.load_in_4bit", "model.quantization"),
        ("trainer.fp16", "model.dtype"),
        ("trainer.warmup_steps", "trainer.warmup_fraction"),
        ("test_size", "split.test_fraction"),
        ("num_workers", "data.processes"),
        ("random_state", "seed"),
        ("zzzzqqq", None),
    ],
)
def test_nearest_key(key: str, nearest: str | None) -> None:
    assert nearest_key(key) == nearest


def test_synonyms_are_no_keys_and_name_keys() -> None:
    assert set(SYNONYMS.values()) <= schema_keys().keys()
    assert SYNONYMS.keys().isdisjoint(schema_keys())


def test_every_value_of_a_sweep_is_checked() -> None:
    message = message_of("-m", "lora.r=4,-8", "trainer.learning_rate=1e-4,0", "model=smollm2_135m,nothing")
    assert "lora.r = -8" in message
    assert "trainer.learning_rate = 0" in message
    assert "model = nothing" in message


def test_several_values_without_multirun_are_a_fault() -> None:
    assert "python run.py -m" in message_of("lora.r=4,8")


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (["tracking.uri=http://10.0.0.5:5000"], "tracking.allow_remote=true"),
        (["tracking.uri=http://tracker.example", "tracking.allow_remote=true"], "IP address"),
        (["tracking.uri=http://192.0.2.1", "tracking.allow_remote=true"], "private network"),
        (["tracking.uri=sqlite:////tmp/x.db", "tracking.allow_remote=true"], "not the address"),
    ],
)
def test_runs_go_to_no_server_outside_of_the_private_network(values: list[str], fault: str) -> None:
    assert fault in message_of("stage=train", *values)
    command_line.check(
        ["stage=train", "tracking.uri=http://10.0.0.5:5000", "tracking.allow_remote=true"], CONF, CONFIG_CHECKS
    )


def test_the_values_of_a_sweep_are_checked_before_it_starts(tmp_path: Path) -> None:
    assert "lora.r" in message_of("-m", "stage=train", "lora.r=int(interval(0,8))")
    command_line.check(["-m", "stage=train", "sweep=optuna"], CONF, CONFIG_CHECKS)
    command_line.check(["-m", "stage=train", "sweep=rank_lr", "lora.r=2,4"], CONF, CONFIG_CHECKS)
    conf = tmp_path / "conf"
    shutil.copytree(CONF, conf)
    file = conf / "sweep" / "rank_lr.yaml"
    file.write_text(file.read_text().replace("lora.r: 4", "lora.rank: 4").replace("3e-4", "-3e-4"))
    with pytest.raises(ConfigurationError) as error:
        command_line.check(["-m", "stage=train", "sweep=rank_lr"], conf, CONFIG_CHECKS)
    assert "did you mean lora.r?" in str(error.value)
    assert "trainer.learning_rate" in str(error.value)
    command_line.check(["stage=train", "sweep=rank_lr"], conf, CONFIG_CHECKS)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("12e456", ["12e456"]),
        ("[7131098e52,ab12,0012e3 , 12345678]", ["7131098e52", "ab12", "0012e3", "12345678"]),
        ("['a sweep, 1','12e456']", ["a sweep, 1", "12e456"]),
    ],
)
def test_the_id_of_a_run_is_not_read_as_a_number(given: str, read: list[str]) -> None:
    argument = in_hydra_notation(f"compare.runs={given}", multirun=False)
    assert from_composed(composed(argument), CONFIG_CHECKS).compare.runs == read
    assert in_hydra_notation("trainer.learning_rate=1e3", multirun=False) == "trainer.learning_rate=1e3"


def test_a_good_command_line_passes() -> None:
    command_line.check(["stage=train", "lora.r=16", "data.owner=me@x.example", "experiment=quick"], CONF, CONFIG_CHECKS)
    command_line.check(["-m", "stage=train", "lora.r=4,8,16", "trainer.learning_rate=1e-4,3e-4"], CONF, CONFIG_CHECKS)


@pytest.mark.parametrize("values", [("summarizer=base_model", "summarizer.forms=order"), ("summarizer.forms=[rough]",)])
def test_forms_that_fit_the_summarizer_pass(values: tuple[str, ...]) -> None:
    assert find_errors(composed(*values), CONFIG_CHECKS) == []


def test_one_owner_needs_no_brackets() -> None:
    assert from_composed(composed("data.owner=me@x.example"), CONFIG_CHECKS).data.owner == ["me@x.example"]


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("summarizer.prompts.en='no place'", "summarizer.prompts.en"),
        ("~summarizer.starts.ru", "summarizer.starts.ru"),
        ("~summarizer.mentions.ru", "summarizer.mentions.ru"),
        ("summarizer.method=model", "summarizer.forms"),
        ("data.max_words=4", "data.max_words"),
        ("summarizer.forms=order", "summarizer.forms"),
        ("summarizer.forms=[]", "summarizer.forms"),
        ("summarizer.forms=[order,ruff]", "summarizer.forms[1]"),
        ("~summarizer.prompts.en", "summarizer.prompts"),
        ("generation.top_p=1.5", "generation.top_p"),
        ("generation.min_p=1", "generation.min_p"),
        ("split.test_fraction=1", "split.test_fraction"),
        ("lora.target_modules=5", "lora.target_modules"),
        ("lora.r=100000000000000000000", "lora.r"),
        ("lora.layers=[3000000000]", "lora.layers[0]"),
        ("lora.layers=[]", "lora.layers"),
        ("lora.target_modules=[]", "lora.target_modules"),
        ("compare.arm=base", "compare.arm"),
        ("lora.alpha=inf", "lora.alpha"),
        ("lora.alpha=nan", "lora.alpha"),
        ("lora.alpha=1e-300", "lora.alpha"),
        ("trainer.learning_rate=1e300", "trainer.learning_rate"),
        ("trainer.weight_decay=inf", "trainer.weight_decay"),
        ("generation.temperature=1e-300", "generation.temperature"),
        ("generation.max_new_tokens=9999999999", "generation.max_new_tokens"),
        ("data.path=''", "data.path[0]"),
        ("infer.output=''", "infer.output"),
        ("trainer.gradient_checkpointing=perhaps", "trainer.gradient_checkpointing"),
        ("trainer.gradient_checkpointing=0", "trainer.gradient_checkpointing"),
        ("evaluation.arms=[base,tune]", "evaluation.arms[1]"),
        ("summarizer.starts.en='Write[ to {name}]'", "summarizer.starts.en"),
        ("summarizer.starts.en='Write to {recipient}'", "summarizer.starts.en"),
        ("summarizer.starts.en='Write[ to {recipient!z}]'", "summarizer.starts.en"),
        ("summarizer.mentions.en='Mention {facts} and {more}'", "summarizer.mentions.en"),
        ("tracking.uri='http://[1'", "tracking.uri"),
        ("tracking.uri=http://10.0.0.5:99999", "tracking.uri"),
        ("compose.allow_origins=['http://[1']", "compose.allow_origins"),
        ("compose.allow_origins=[http://127.0.0.1:99999]", "compose.allow_origins"),
    ],
)
def test_a_fault_names_its_key(override: str, key: str) -> None:
    faults = find_errors(composed(override), CONFIG_CHECKS)
    assert [fault.partition(" = ")[0].partition(":")[0] for fault in faults] == [key]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (("lora.use_dora=true", "generation.backend=llama_cpp"), "generation.backend"),
        (("lora.use_dora=true", "stage=export"), "stage"),
        (("lora.use_dora=true", "generation.backend=llama_cpp", "infer.adapter=plain", "stage=infer"), None),
        (("compare.arm=base", "compare.mails=test"), None),
        (("stage=train", "sweep.objective=test_tuned_mauve"), "sweep.objective"),
        (("stage=evaluate", "sweep.objective=test_tuned_mauve"), None),
        (("stage=evaluate", "sweep.objective=test_tuned_embedding_mauve"), "sweep.objective"),
        (("stage=all", "sweep.objective=test_head_start_sense"), "sweep.objective"),
        (
            ("stage=all", "sweep.objective=test_base_extracted", "sweep.direction=minimize", "evaluation.arms=[tuned]"),
            None,
        ),
        (("stage=train", "sweep.objective=validation_chrf"), None),
    ],
)
def test_what_would_fail_after_the_training_is_refused_before(values: tuple[str, ...], key: str | None) -> None:
    faults = find_errors(composed(*values), CONFIG_CHECKS)
    assert [fault.partition(" = ")[0] for fault in faults] == ([key] if key else [])


def test_paged_optimizer_on_a_cpu_is_a_fault() -> None:
    paged = composed("trainer.optimizer=paged_adamw_8bit", "model.device=cpu")
    assert "use adamw" in find_errors(paged, CONFIG_CHECKS)[0]


def test_alpha_is_twice_the_rank_unless_given() -> None:
    assert from_composed(composed("lora.r=8"), CONFIG_CHECKS).lora.scale_numerator == 16
    assert from_composed(composed("lora.r=8", "lora.alpha=4"), CONFIG_CHECKS).lora.scale_numerator == 4


def test_every_arm_that_can_be_configured_is_known() -> None:
    assert get_args(Arm) == tuple(ARMS)
