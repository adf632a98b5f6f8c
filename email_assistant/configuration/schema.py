"""The schema of `conf/`: one dataclass per group.

YAML holds the values, these classes hold types and ranges. No field has a default here, so every value is defined in
exactly one place. Comments in the YAML files document each key.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

Kind = Literal[
    "automatic",
    "bounce",
    "calendar",
    "deleted",
    "draft",
    "encrypted",
    "list",
    "receipt",
    "signed",
    "spam",
    "template",
    "trash",
    "vacation",
]
Arm = Literal["base", "few_shot", "base_bm25", "base_embedding", "head_start", "tuned", "tuned_bm25", "tuned_embedding"]


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _one_as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def expand_home(path: str) -> str:
    """A path with `~` or `~user` at its start replaced by the home folder; unchanged if there is no such user.

    An address `file:///…`, as file managers copy it, is the path that it names.
    """
    if path.startswith("file:///"):
        return unquote(path.removeprefix("file://"))
    return os.path.expanduser(path)  # noqa: PTH111 - Path.expanduser() raises an error for unknown users


# Marks a text as a file, a folder, or a name that may be one.
PATH = AfterValidator(expand_home)
Text = Annotated[str, BeforeValidator(_number_as_text)]
FilePath = Annotated[Text, Field(min_length=1), PATH]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Similarity = Annotated[float, Field(gt=0, le=1)]
# The largest number that every library takes as a size.
MOST = 2**31 - 1
Count = Annotated[int, Field(ge=1, le=MOST)]
CountOrZero = Annotated[int, Field(ge=0, le=MOST)]
TwoOrMore = Annotated[int, Field(ge=2, le=MOST)]
# Rates and factors: within the range of 32-bit numbers, also when two of them are multiplied.
NotNegative = Annotated[float, Field(ge=0, le=1e15)]
Positive = Annotated[float, Field(ge=1e-15, le=1e15)]

STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(config=STRICT, kw_only=True)
class Columns:
    """Columns of a JSONL or CSV archive; None tries the usual names."""

    text: Text | None
    subject: Text | None
    sender: Text | None
    recipient: Text | None
    date: Text | None
    id: Text | None
    thread: Text | None


@dataclass(config=STRICT, kw_only=True)
class Data:
    """The archive, its owner, and which mails are kept."""

    path: Annotated[list[FilePath], BeforeValidator(_one_as_list), Field(min_length=1)] | None
    format: Literal["auto", "mbox", "mmdf", "babyl", "maildir", "eml", "emlx", "msg", "pst", "olm", "jsonl", "csv"]
    owner: Annotated[list[Text], BeforeValidator(_one_as_list)]
    columns: Columns
    min_words: Count
    max_words: Count | None
    duplicate_similarity: Similarity
    max_mails: Count | None
    drop: list[Kind]
    languages: Annotated[list[Text], BeforeValidator(_one_as_list)]
    code: Literal["keep", "drop"]
    context: Literal["none", "parent"]
    context_words: Count
    redact: Literal["none", "pii"]
    others: CountOrZero
    edits: bool
    processes: Count | None


@dataclass(config=STRICT, kw_only=True)
class ExamplePair:
    """A mail and an instruction for it."""

    email: str
    instruction: str


@dataclass(config=STRICT, kw_only=True)
class Summarizer:
    """The instruction that is written for each mail."""

    method: Literal["model", "from_file", "rough"]
    path: FilePath | None
    forms: Annotated[list[Literal["rough", "order"]], BeforeValidator(_one_as_list), Field(min_length=1)]
    variants: Count
    subjects: bool
    orders_as_notes: bool
    spell_out: bool
    prompts: dict[str, str]
    starts: dict[str, str]
    mentions: dict[str, str]
    examples: dict[str, list[ExamplePair]]
    facts: CountOrZero
    verify: bool
    max_new_tokens: Count
    mail_tokens: Count
    retries: CountOrZero
    retry_temperature: Positive
    batch_size: Count


@dataclass(config=STRICT, kw_only=True)
class Split:
    """The division of the mails into training, validation and test sets."""

    method: Literal["random", "time"]
    test_fraction: Fraction
    validation_fraction: Fraction
    max_train_mails: TwoOrMore | None
    near_duplicate_similarity: Similarity


@dataclass(config=STRICT, kw_only=True)
class Architecture:
    """The dimensions of a base model, to plan its memory without its files."""

    model_type: Text
    vocab_size: Count
    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Count
    num_attention_heads: Count
    num_key_value_heads: Count
    tie_word_embeddings: bool


@dataclass(config=STRICT, kw_only=True)
class Model:
    """The base model and how it is loaded."""

    path: FilePath
    gguf: FilePath | None
    head_start: FilePath | None
    architecture: Architecture | None
    quantization: Literal["none", "nf4"]
    dtype: Literal["auto", "float32", "bfloat16", "float16"]
    device: Literal["auto", "cpu", "cuda"]
    threads: Count | None
    dense_to_write: bool = True


@dataclass(config=STRICT, kw_only=True)
class Lora:
    """The LoRA adapter."""

    r: Count
    alpha: Positive | None
    dropout: Annotated[float, Field(ge=0, lt=1)]
    target_modules: Literal["all-linear"] | Annotated[list[Text], Field(min_length=1)]
    use_rslora: bool
    use_dora: bool
    init: Literal["default", "pissa", "olora"]
    layers: Annotated[list[CountOrZero], Field(min_length=1)] | None

    @property
    def scale_numerator(self) -> float:
        """LoRA's alpha: as given, or twice the rank."""
        return 2.0 * self.r if self.alpha is None else self.alpha


@dataclass(config=STRICT, kw_only=True)
class Trainer:
    """The training of the adapter."""

    learning_rate: Positive
    lora_plus_ratio: Positive
    neftune_alpha: Positive | None
    scheduler: Literal["cosine", "linear", "constant"]
    warmup_fraction: Annotated[float, Field(ge=0, lt=1)]
    optimizer: Literal["adamw", "paged_adamw_8bit"]
    weight_decay: NotNegative
    ema_decay: Annotated[float, Field(ge=0, lt=1)]
    epochs: Count
    max_steps: Count | None
    batch_size: Count
    weighting: Literal["tokens", "mails"]
    micro_batch_tokens: Count
    max_length: Annotated[int, Field(ge=16, le=MOST)]
    too_long: Literal["drop", "cut"]
    max_grad_norm: Positive
    gradient_checkpointing: Literal["auto"] | bool | Count
    memory_gb: Positive | None
    validations_per_epoch: Count
    patience: Count | None
    checkpoint_steps: Count
    checkpoint_seconds: NotNegative
    scored_mails: TwoOrMore
    canaries: CountOrZero
    canary_repeats: Count
    privacy: Literal["none", "careful", "differential"]
    canary_limit: Positive
    epsilon: Annotated[float, Field(ge=0.1, le=50)]
    delta: Fraction | None


@dataclass(config=STRICT, kw_only=True)
class Generation:
    """The generation of mails: sampling or beam search, and the backend."""

    max_new_tokens: Count
    temperature: NotNegative
    top_p: Annotated[float, Field(gt=0, le=1)]
    min_p: Annotated[float, Field(ge=0, lt=1)]
    repetition_penalty: Positive
    no_repeat_ngram_size: Literal[0] | TwoOrMore
    search: Literal["sample", "beam"]
    candidates: Count
    greedy_first: bool
    batch_size: Count
    backend: Literal["transformers", "llama_cpp"]
    slots: Count

    @property
    def by_beams(self) -> bool:
        """Whether drafts are found by beam search, which llama.cpp does not have; never at temperature 0."""
        return self.search == "beam" and self.backend == "transformers" and self.temperature > 0

    @property
    def num_candidates(self) -> int:
        """The number of drafts per request; 1 with greedy decoding, since all would be the same."""
        return self.candidates if self.temperature else 1

    @property
    def beams(self) -> int:
        """The beams of each request; 1: its drafts are written independently of one another."""
        return self.num_candidates if self.by_beams else 1

    @property
    def most_rows(self) -> int:
        """The most texts or beams at a time: those of as many requests as fit, but at least of one."""
        return max(1, self.batch_size // self.beams) * self.beams


@dataclass(config=STRICT, kw_only=True)
class Mauve:
    """MAUVE's settings."""

    model_path: FilePath | None
    buckets: TwoOrMore | None
    scaling_factor: Positive
    max_tokens: Count
    seeds: Count


@dataclass(config=STRICT, kw_only=True)
class Evaluation:
    """The arms that are compared on the test mails, and their scores."""

    arms: Annotated[list[Arm], Field(min_length=1)]
    shots: Count
    max_mails: TwoOrMore | None
    baseline_candidates: Count | None
    requests: FilePath | None
    judge_mails: CountOrZero
    extraction_mails: CountOrZero
    resamples: Annotated[int, Field(ge=100, le=MOST)]
    mauve: Mauve


@dataclass(config=STRICT, kw_only=True)
class Retrieval:
    """The choice of the owner's mails that prompts show as examples."""

    method: Literal["none", "bm25", "embedding"]
    mails: Count
    max_tokens: Count
    training_share: Annotated[float, Field(ge=0, le=1)]


@dataclass(config=STRICT, kw_only=True)
class Infer:
    """Input and output of `stage=infer`."""

    input: FilePath | None
    csv_safe: bool
    csv_bom: Literal["auto"] | bool
    output: FilePath
    drafts: FilePath | None
    thread: FilePath | None
    adapter: FilePath | None


@dataclass(config=STRICT, kw_only=True)
class Compose:
    """The local page and API of `stage=compose`."""

    port: Annotated[int, Field(ge=1, le=65535)]
    open: bool
    learn: Literal["ask"] | bool
    allow_origins: Annotated[list[Text], BeforeValidator(_one_as_list)]


@dataclass(config=STRICT, kw_only=True)
class Export:
    """Output of `stage=export`."""

    folder: FilePath


@dataclass(config=STRICT, kw_only=True)
class Plan:
    """Options of `stage=plan`."""

    device_memory_gb: Positive | None
    probe: bool


@dataclass(config=STRICT, kw_only=True)
class Compare:
    """Options of `stage=compare`."""

    runs: Annotated[list[Text], BeforeValidator(_one_as_list)]
    mails: Literal["validation", "test"]
    arm: Arm
    by: str
    resamples: Annotated[int, Field(ge=100, le=MOST)]
    output: FilePath


@dataclass(config=STRICT, kw_only=True)
class Clean:
    """Options of `stage=clean`."""

    remove: bool


@dataclass(config=STRICT, kw_only=True)
class Privacy:
    """Access to the network."""

    allow_network: bool


@dataclass(config=STRICT, kw_only=True)
class Audit:
    """Options of `stage=audit`."""

    calls: Count
    passages: CountOrZero
    temporary_mb: CountOrZero


@dataclass(config=STRICT, kw_only=True)
class Purge:
    """Options of `stage=purge`."""

    match: Text | None
    dry_run: bool
    adapters: bool


@dataclass(config=STRICT, kw_only=True)
class Vault:
    """Options of `stage=lock` and `stage=unlock`."""

    key: Literal["passphrase", "keyring"]
    passphrase_file: FilePath | None


@dataclass(config=STRICT, kw_only=True)
class Sweep:
    """The ranking of a sweep's jobs, and the number of a trial."""

    objective: Text
    direction: Literal["auto", "minimize", "maximize"]
    trial: CountOrZero | None


@dataclass(config=STRICT, kw_only=True)
class Tracking:
    """The MLflow store: a local one, or a server on the private network."""

    enabled: bool
    uri: Text | None
    allow_remote: bool
    experiment: Annotated[Text, Field(min_length=1)] | None
    run_name: Text | None
    log_cached: bool
    log_adapter: bool
    register: bool
    system_metrics_seconds: Positive | None


@dataclass(config=STRICT, kw_only=True)
class Paths:
    """The folders that the project uses."""

    root: FilePath
    outputs: FilePath
    mlruns: FilePath
    models: FilePath


@dataclass(config=STRICT, kw_only=True)
class Config:
    """The whole configuration of a run."""

    stage: Text
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    force: bool
    from_run: Text | None
    data: Data
    summarizer: Summarizer
    split: Split
    model: Model
    lora: Lora
    trainer: Trainer
    generation: Generation
    evaluation: Evaluation
    retrieval: Retrieval
    infer: Infer
    compose: Compose
    export: Export
    plan: Plan
    compare: Compare
    clean: Clean
    privacy: Privacy
    audit: Audit
    purge: Purge
    vault: Vault
    sweep: Sweep
    tracking: Tracking
    paths: Paths

    @property
    def retrieves_in_training(self) -> bool:
        """Whether some training prompts contain retrieved mails."""
        return self.retrieval.method != "none" and self.retrieval.training_share > 0

    @property
    def retrieves_in_inference(self) -> bool:
        """Whether the prompts of `stage=infer` and `stage=compose` show retrieved mails."""
        return self.stage in ("infer", "compose") and self.retrieval.method != "none"

    @property
    def outputs(self) -> Path:
        """The folder of everything that runs write, except the MLflow store."""
        return Path(self.paths.outputs)
