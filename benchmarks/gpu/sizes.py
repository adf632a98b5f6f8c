"""The shapes and sizes that are measured: the real ones on a GPU, tiny ones to rehearse on a processor."""

from dataclasses import dataclass

import torch
from transformers import AutoConfig, PretrainedConfig

from email_assistant.configuration.schema import Architecture

MAX_POSITIONS = 8192


@dataclass(frozen=True)
class Shape:
    """The dimensions of a Llama.

    Attributes:
        name: The model that has them.
        vocabulary: Number of tokens.
        width: Of the hidden states.
        inner: Of the feed-forward layers.
        layers: Number of layers.
        heads: Heads of queries.
        kv_heads: Heads of keys and values.
        tied: Whether the head is the embedding.
    """

    name: str
    vocabulary: int
    width: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    tied: bool

    @property
    def architecture(self) -> Architecture:
        """The dimensions as the configuration has them."""
        return Architecture(
            model_type="llama",
            vocab_size=self.vocabulary,
            hidden_size=self.width,
            intermediate_size=self.inner,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.kv_heads,
            tie_word_embeddings=self.tied,
        )

    def config(self) -> PretrainedConfig:
        """The configuration for transformers; no token ends a text, so that all texts have the full length."""
        ends = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
        values = vars(self.architecture) | ends | {"max_position_embeddings": MAX_POSITIONS}
        config: PretrainedConfig = AutoConfig.for_model(**values)
        return config


@dataclass(frozen=True)
class NumberFormat:
    """The format of a model's weights.

    Attributes:
        name: Its name in the results.
        dtype: The format of the computation.
        nf4: Whether linear layers are in 4 bit.
    """

    name: str
    dtype: torch.dtype
    nf4: bool = False


@dataclass(frozen=True)
class Sizes:
    """What is measured.

    Attributes:
        small: The shape of the bundled model.
        medium: A shape between the two others.
        large: The shape of the main model.
        compared: The shapes whose losses are compared, the most important one first.
        formats: The formats whose losses are compared.
        main: The format of QLoRA.
        plain: The format without quantization.
        loss_lengths: Lengths of the sequences whose losses are compared.
        training_tokens: Tokens of a training step.
        steps: Steps after the two that warm up.
        rows: Mails that are written at a time.
        beams: Mails that beam search writes at a time, and the beams of each.
        prompt_tokens: Tokens of a prompt.
        new_tokens: Tokens of a written mail.
        square: Side of the matrices whose product is timed.
        copied_bytes: Bytes whose copy is timed.
        pipeline: Overrides of the pipeline's run.
    """

    small: Shape
    medium: Shape
    large: Shape
    compared: tuple[Shape, ...]
    formats: tuple[NumberFormat, ...]
    main: NumberFormat
    plain: NumberFormat
    loss_lengths: tuple[int, ...]
    training_tokens: tuple[int, ...]
    steps: int
    rows: tuple[int, ...]
    beams: tuple[int, int]
    prompt_tokens: int
    new_tokens: int
    square: int
    copied_bytes: int
    pipeline: tuple[str, ...]


SMALL = Shape("SmolLM2-135M", 49152, 576, 1536, 30, 9, 3, tied=True)
MEDIUM = Shape("Llama-3.2-1B", 128256, 2048, 8192, 16, 32, 8, tied=True)
LARGE = Shape("Llama-3-8B", 128256, 4096, 14336, 32, 32, 8, tied=False)
TINY_SMALL = Shape("tiny tied", 264, 64, 128, 3, 4, 2, tied=True)
TINY_MEDIUM = Shape("tiny", 264, 64, 192, 2, 4, 4, tied=False)
TINY_LARGE = Shape("tiny wide", 264, 128, 256, 3, 4, 2, tied=False)
FULL = Sizes(
    small=SMALL,
    medium=MEDIUM,
    large=LARGE,
    compared=(LARGE, MEDIUM, SMALL),
    formats=(
        NumberFormat("float32", torch.float32),
        NumberFormat("bfloat16", torch.bfloat16),
        NumberFormat("nf4", torch.bfloat16, nf4=True),
    ),
    main=NumberFormat("nf4", torch.bfloat16, nf4=True),
    plain=NumberFormat("bfloat16", torch.bfloat16),
    loss_lengths=(257, 301, 511, 130, 64, 40),
    training_tokens=(512, 1024, 2048),
    steps=5,
    rows=(1, 16, 64),
    # As with the defaults: five drafts of a mail, 64 at most at a time.
    beams=(12, 5),
    prompt_tokens=128,
    new_tokens=64,
    square=8192,
    copied_bytes=2**32,
    pipeline=("experiment=quick",),
)
TINY = Sizes(
    small=TINY_SMALL,
    medium=TINY_MEDIUM,
    large=TINY_LARGE,
    compared=(TINY_SMALL,),
    formats=(
        NumberFormat("float32", torch.float32),
        NumberFormat("bfloat16", torch.bfloat16),
        NumberFormat("nf4", torch.float32, nf4=True),
    ),
    # Processors without instructions for bfloat16 are slow in it.
    main=NumberFormat("nf4", torch.float32, nf4=True),
    plain=NumberFormat("float32", torch.float32),
    loss_lengths=(37, 21, 50, 12),
    training_tokens=(96,),
    steps=1,
    rows=(1, 3),
    beams=(2, 3),
    prompt_tokens=12,
    new_tokens=6,
    square=128,
    copied_bytes=2**20,
    pipeline=(
        "experiment=quick",
        "data.max_mails=30",
        "trainer.max_length=2048",
        "trainer.max_steps=2",
        "trainer.scored_mails=2",
        "generation.max_new_tokens=8",
        "generation.candidates=2",
        "evaluation.max_mails=2",
        "evaluation.arms=[base,tuned]",
        "evaluation.judge_mails=0",
        "evaluation.extraction_mails=0",
        "evaluation.resamples=100",
        "evaluation.mauve.seeds=1",
    ),
)
