"""Which stages a configuration key makes run again: exactly these, for every key of the schema."""

import copy
import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, get_args, get_origin

import pytest
from composed import composed_config

from email_assistant.archive import edits
from email_assistant.configuration.keys import schema_keys
from email_assistant.configuration.schema import Config
from email_assistant.stages.catalog import STAGES
from email_assistant.storage.records import Edit

ALL, NONE = ("summarize", "split", "train", "evaluate"), ()
LEARNING = ("summarize", "train", "evaluate")
WRITING = ("train", "evaluate")
# Of a group, or of a key in place of its group's. Only the stage that reads a key itself is named: those after it run
# again where the content of its artifact is another one.
EXPECTED: dict[str, tuple[str, ...]] = {
    "seed": ALL,
    **dict.fromkeys(("stage", "force", "from_run"), NONE),
    "data": ("data",),
    **dict.fromkeys(("data.path", "data.processes"), NONE),
    # There is nothing that is answered, so it does not matter how long that may be.
    "data.context_words": NONE,
    # The edits are read with the archive, and join the training mails in the split.
    "data.edits": ("data", "split"),
    "summarizer": ("summarize",),
    **dict.fromkeys(("summarizer.path", "summarizer.batch_size"), NONE),
    "summarizer.subjects": ("train", "evaluate"),
    # Only people type orders and such shorthand: for the evaluation, and on the page, whose edits are trained on if
    # data.edits says so.
    **dict.fromkeys(("summarizer.orders_as_notes", "summarizer.spell_out"), ("evaluate",)),
    "split": ("split",),
    # Baselines are shown no near-duplicates of what they are to write.
    "split.near_duplicate_similarity": ("split", "evaluate"),
    "model": NONE,
    **dict.fromkeys(("model.quantization", "model.dtype"), LEARNING),
    "lora": ("train",),
    "trainer": ("train",),
    "trainer.max_length": WRITING,
    # They are for trainings alone that promise something.
    **{f"trainer.{key}": NONE for key in ("canary_limit", "epsilon", "delta")},
    # There are no canaries.
    "trainer.canary_repeats": NONE,
    **{
        f"trainer.{key}": NONE
        for key in (
            "micro_batch_tokens",
            "gradient_checkpointing",
            "memory_gb",
            "checkpoint_steps",
            "checkpoint_seconds",
        )
    },
    "generation": WRITING,
    **dict.fromkeys(("generation.batch_size", "generation.slots"), NONE),
    "evaluation": ("evaluate",),
    "evaluation.mauve": WRITING,
    "retrieval": ("evaluate",),
    # Whether the tuned model is shown mails is said by the arms.
    "retrieval.method": ("train",),
    # Nothing is shown in training.
    "retrieval.training_share": NONE,
    **dict.fromkeys(("infer", "compose", "export", "plan", "compare", "clean", "sweep", "tracking", "paths"), NONE),
    **dict.fromkeys(("privacy", "audit", "purge", "vault"), NONE),
}


def keys_of(config: Config, content: str = "") -> dict[str, str]:
    """The key of each stage, where the artifacts before it have a certain content."""
    before = {name: SimpleNamespace(content_hash=lambda *names: f"{content} {names}") for name in STAGES}
    return {name: stage.key_of(config, before).key for name, stage in STAGES.items()}  # type: ignore[arg-type]


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def leaves() -> Iterator[tuple[str, Any]]:
    for key, annotation in schema_keys().items():
        if not dataclasses.is_dataclass(annotation):
            yield key, annotation


def other(value: Any, annotation: Any) -> Any:
    """Another value for a key; whether it makes sense does not matter to a key's hash."""
    choices = [choice for choice in get_args(annotation) if get_origin(annotation) is Literal and choice != value]
    if choices:
        return choices[0]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return value[1:] if len(value) > 1 else [*value, "more"]
    if isinstance(value, dict):
        return {**value, "xx": "more"}
    return f"{value} and more"


def expected(key: str) -> set[str]:
    while key and key not in EXPECTED:
        key = key.rpartition(".")[0]
    return set(EXPECTED[key])


# Where any other value would find no mail.
FITTING = {"data.format": "jsonl", "data.columns.text": "body"}
# What they name counts by its content alone, which the tests below change.
NAMES_OF_FILES = (
    "data.path",
    "model.path",
    "model.gguf",
    "model.head_start",
    "evaluation.requests",
    "summarizer.path",
    "evaluation.mauve.model_path",
)


def test_each_key_changes_the_keys_of_exactly_the_stages_that_read_it(
    tiny_model: Path, archive: Path, tmp_path: Path
) -> None:
    wrong = {}
    base = composed_config(tiny_model, archive, tmp_path)
    before = keys_of(base)
    for key, annotation in leaves():
        if key in (*NAMES_OF_FILES, "paths.outputs"):
            continue
        config = copy.deepcopy(base)
        group: Any = config
        *path, last = key.split(".")
        for name in path:
            group = getattr(group, name)
        setattr(group, last, FITTING.get(key) or other(getattr(group, last), annotation))
        found = changed(before, keys_of(config))
        if found != expected(key):
            wrong[key] = (sorted(found), sorted(expected(key)))
    assert wrong == {}


def test_the_content_of_what_is_named_counts_and_not_where_it_lies(
    tiny_model: Path, other_model: Path, archive: Path, tmp_path: Path
) -> None:
    before = keys_of(composed_config(tiny_model, archive, tmp_path))
    model, mails = tmp_path / "elsewhere", tmp_path / "renamed.jsonl"
    shutil.copytree(tiny_model, model)
    mails.write_bytes(archive.read_bytes())
    assert changed(before, keys_of(composed_config(model, mails, tmp_path / "others"))) == set()
    assert changed(before, keys_of(composed_config(other_model, mails, tmp_path))) == set(LEARNING)
    with mails.open("a") as file:
        file.write('{"body": "One more mail."}\n')
    assert changed(before, keys_of(composed_config(tiny_model, mails, tmp_path))) == {"data"}
    # What came before, where its content is another one.
    after = keys_of(composed_config(tiny_model, archive, tmp_path), "another")
    assert changed(before, after) == set(STAGES) - {"data"}


MAIL = "From: T <t@sea.example>\nTo: Bo <bo@sea.example>\nSubject: Rope\n\nPlease send five coils of rope by Monday.\n"


@pytest.mark.parametrize(
    ("first", "second", "is_other"),
    [
        # Read, then deleted, drafted or moved by a mail program, which changes only the file's name.
        ("cur/1.M1P1.host:2,S", "cur/1.M1P1.host:2,ST", True),
        ("cur/1.M1P1.host:2,S", ".Trash/cur/1.M1P1.host:2,S", True),
        ("work/1.eml", "Drafts/1.eml", True),
        ("Inbox/1.eml", "Sent/1.eml", True),
        ("mh/5", "mh/,5", True),
        ("cur/1.M1P1.host:2,S", "cur/1.M1P1.host:2,RS", False),
        ("work/1.eml", "home/deeper/2.eml", False),
    ],
)
def test_names_of_mail_files_count_as_far_as_they_tell_something(
    first: str, second: str, is_other: bool, tiny_model: Path, archive: Path, tmp_path: Path
) -> None:
    keys = []
    for number, name in enumerate((first, second)):
        file = tmp_path / str(number) / name
        file.parent.mkdir(parents=True)
        file.write_text(MAIL)
        config = composed_config(tiny_model, archive, tmp_path)
        config.data.path = [str(tmp_path / str(number))]
        keys.append(keys_of(config))
    assert changed(*keys) == ({"data"} if is_other else set())


@pytest.mark.parametrize("name", ["chat_template.jinja", "tokenizer.json", "generation_config.json"])
def test_the_tokenizer_of_a_model_counts_with_its_template_and_stops(
    name: str, tiny_model: Path, archive: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    before = keys_of(composed_config(model, archive, tmp_path))
    with (model / name).open("a") as file:
        file.write(" ")
    assert changed(before, keys_of(composed_config(model, archive, tmp_path))) == set(LEARNING)


def test_edits_count_by_their_content_where_they_are_learned_from(
    tiny_model: Path, archive: Path, tmp_path: Path
) -> None:
    config, learning = (composed_config(tiny_model, archive, tmp_path) for _ in range(2))
    learning.data.edits = True
    before, learned = keys_of(config), keys_of(learning)
    edit: Edit = {
        **dict.fromkeys(("to", "subject", "context", "draft"), ""),
        **{"id": "1", "date": "2024-05-01T10:00:00+00:00", "request": "bo: nails", "text": "Send nails."},
        "answers": [],
    }
    assert edits.keep(tmp_path, edit)
    assert keys_of(config) == before
    assert changed(learned, keys_of(learning)) == {"data"}
    edits.remove(tmp_path, ["1"])
    assert STAGES["split"].more_files(learning) == {"edits": ("data", "edits.jsonl")}
    assert STAGES["split"].more_files(config) == {}


def test_notes_made_by_rules_do_not_depend_on_the_base_model(
    tiny_model: Path, other_model: Path, archive: Path, tmp_path: Path
) -> None:
    keys = []
    for model in (tiny_model, other_model):
        config = composed_config(model, archive, tmp_path)
        config.summarizer.method = "rough"
        keys.append(keys_of(config))
    assert changed(*keys) == {"train", "evaluate"}


@pytest.mark.parametrize(
    ("first", "key", "value", "stages"),
    [
        ({"data.context": "parent"}, "data.context_words", 7, {"data"}),
        ({"data.edits": True}, "data.duplicate_similarity", 0.5, {"data", "split"}),
        ({"retrieval.method": "bm25"}, "retrieval.training_share", 0.25, {"train"}),
        ({"retrieval.method": "bm25"}, "retrieval.mails", 1, {"train", "evaluate"}),
        ({"trainer.privacy": "careful"}, "trainer.canary_limit", 1.0, {"train"}),
        ({"trainer.privacy": "careful"}, "trainer.epsilon", 1.0, set()),
        ({"trainer.privacy": "differential"}, "trainer.epsilon", 1.0, {"train"}),
        ({"trainer.privacy": "differential"}, "trainer.delta", 0.001, {"train"}),
        ({"trainer.privacy": "careful"}, "split.near_duplicate_similarity", 0.5, {"split", "train", "evaluate"}),
        ({"retrieval.method": "bm25"}, "split.near_duplicate_similarity", 0.5, {"split", "train", "evaluate"}),
        ({"evaluation.arms": ["base", "tuned"]}, "retrieval.mails", 1, set()),
        ({"summarizer.method": "from_file"}, "summarizer.facts", 1, set()),
        ({"summarizer.method": "from_file"}, "summarizer.forms", ["order"], set()),
        ({"summarizer.method": "rough"}, "summarizer.facts", 1, set()),
        # No mail has notes but where there is no order.
        ({"summarizer.forms": ["order"]}, "summarizer.variants", 7, set()),
        ({"summarizer.forms": ["rough", "order"]}, "summarizer.forms", ["order", "rough"], set()),
        ({"summarizer.method": "rough"}, "summarizer.retries", 7, set()),
        ({"summarizer.method": "rough"}, "summarizer.variants", 7, {"summarize"}),
        ({"summarizer.method": "rough"}, "seed", 7, {"summarize", "split", "train", "evaluate"}),
        ({"generation.backend": "llama_cpp"}, "generation.slots", 3, set()),
        # The same in other words.
        ({"lora.r": 4}, "lora.alpha", 8.0, set()),
        ({"lora.r": 4}, "lora.alpha", 4.0, {"train"}),
        ({"lora.layers": [0, 1]}, "lora.layers", [1, 0, 0], set()),
        ({"lora.target_modules": ["q_proj", "v_proj"]}, "lora.target_modules", ["v_proj", "q_proj"], set()),
        ({"data.drop": ["spam", "trash"]}, "data.drop", ["trash", "spam"], set()),
        ({"data.languages": ["en", "ru"]}, "data.languages", ["ru", "en"], set()),
        ({"data.owner": ["a@x.example", "b@x.example"]}, "data.owner", ["b@x.example", "a@x.example"], set()),
        ({"trainer.canaries": 2}, "trainer.canary_repeats", 3, {"train"}),
    ],
)
def test_keys_that_count_only_with_others(
    first: dict[str, Any], key: str, value: Any, stages: set[str], tiny_model: Path, archive: Path, tmp_path: Path
) -> None:
    def with_values(values: dict[str, Any]) -> Config:
        config = composed_config(tiny_model, archive, tmp_path)
        for name, given in values.items():
            *group, last = name.split(".")
            setattr(getattr(config, group[0]) if group else config, last, given)
        return config

    assert changed(keys_of(with_values(first)), keys_of(with_values({**first, key: value}))) == stages


def test_an_adapter_trained_on_other_prompts_is_not_scored_again(
    tiny_model: Path, archive: Path, tmp_path: Path
) -> None:
    before: Any = {name: SimpleNamespace(content_hash=lambda *names: str(names)) for name in STAGES}
    config = composed_config(tiny_model, archive, tmp_path)
    config.retrieval.training_share = 0.5
    keys = {}
    for method in ("bm25", "embedding"):
        config.retrieval.method = method  # type: ignore[assignment]
        for tokens in (64, 128):
            config.evaluation.mauve.max_tokens = tokens
            keys[method, tokens] = STAGES["train"].key_of(config, before).result_hash
    # Embeddings read so many tokens of a mail, and with them other mails are retrieved.
    assert keys["bm25", 64] == keys["bm25", 128]
    assert keys["embedding", 64] != keys["embedding", 128]
