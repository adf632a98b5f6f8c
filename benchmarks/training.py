"""Training: this project's trainer and a usual one, with the same model, mails and number of steps.

python -m benchmarks training    speed, peak memory and loss in the number format of `model.dtype=auto` and in float32

The peer is TRL's SFTTrainer (pip install -r benchmarks/peers.txt) or, where that is not installed, a loop over
transformers and PEFT. Both have steps of eight mails and no gradient checkpointing, as this project; TRL's batches are
of mails of similar length, which is its faster setting. Every trainer runs in a process of its own, the peer without
this project's settings of threads and memory. It inherits only `GOMP_SPINCOUNT`, with which waiting threads soon sleep.
"""

import resource
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import OURS, Row, alternate, in_new_process, is_installed
from benchmarks.model import auto_format, configured, load_bundled, pairs, unmodified
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample
from email_assistant.language_model.loading import LanguageModel, add_adapter
from email_assistant.training.batches import Batch, collate, epoch_batches
from email_assistant.training.trainer import Trainer, TrainingData

MAILS, BATCH, VALIDATION = 16, 8, 4
CONFIG = configured(
    "trainer.scheduler=constant",
    "trainer.warmup_fraction=0",
    "trainer.epochs=1",
    "trainer.gradient_checkpointing=false",
)
LORA, SETTINGS = CONFIG.lora, CONFIG.trainer
SQUARE = 2048
TRL, PLAIN = "TRL", "transformers and PEFT (TRL: not installed)"
# The figures of every trainer, and whether less is better.
FIGURES = {
    "tokens_per_second": ("training in {}, tokens/s", False),
    "peak": ("peak memory of training in {}, GB", True),
    "validation_loss": (f"loss on {VALIDATION} other mails after training in {{}}", True),
}


def rows(rounds: int) -> list[Row]:
    """All figures in both formats, this project's formats side by side, and its share of what the CPU can compute."""
    peer = TRL if is_installed("trl") else PLAIN
    formats = list(dict.fromkeys([auto_format(), "float32"]))
    arms = [(trainer, dtype) for dtype in formats for trainer in (OURS, peer)]
    runs = alternate({arm: partial(in_new_process, train, *arm) for arm in arms}, rounds)

    def row(figure: str, dtype: str, against: str, arm: tuple[str, str]) -> Row:
        what, less_is_better = FIGURES[figure]
        ours, theirs = ([run[figure] for run in runs[of]] for of in ((OURS, dtype), arm))
        return Row(what.format(dtype), against, ours, theirs, less_is_better)

    found = [row("tokens_per_second", dtype, "itself in float32", (OURS, "float32")) for dtype in formats[:-1]]
    found += [row(figure, dtype, peer, (peer, dtype)) for dtype in formats for figure in FIGURES]
    exact = runs[OURS, "float32"]
    found.append(
        Row(
            "training in float32, GFLOPS",
            f"one product of {SQUARE} x {SQUARE} matrices",
            [run["gflops"] for run in exact],
            [run["fastest"] for run in exact],
        )
    )
    return found


def train(trainer: str, dtype: str) -> dict[str, float]:
    """Train in this process; returns the trainer's figures, of which 'peak' is in GB of 2^30 bytes."""
    model = load_bundled(dtype) if trainer == OURS else unmodified(dtype)
    examples = encoded(model.encoder, MAILS + VALIDATION)
    training, validation = examples[:-VALIDATION], examples[-VALIDATION:]
    needed = operations(model.model, [collate(step, model.device) for step in _steps(training)], LORA.r)
    seconds, tuned = {OURS: _ours, TRL: _trl, PLAIN: _plain}[trainer](model, training)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "tokens_per_second": sum(len(example.ids) for example in training) / sum(seconds),
        "peak": peak / 2**20,
        "validation_loss": _validation_loss(tuned, validation),
        "gflops": needed / sum(seconds) / 1e9,
        "fastest": multiplication_speed() / 1e9,
    }


def encoded(encoder: ChatEncoder, count: int) -> list[TokenizedExample]:
    """The first `count` examples of the demo that need no truncation."""
    found = (encoder.example(instruction, mail, 1024, "drop") for instruction, mail in pairs())
    return [example for example in found if example is not None][:count]


def operations(model: Any, batches: Sequence[Batch], rank: int) -> float:
    """The floating-point operations that training on the batches needs.

    Frozen weights: the forward pass and the input's gradient. Adapter: also its own gradient. Also causal
    attention, and the output head at target positions.
    """
    config = model.config
    frozen = adapter = 0
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and "lm_head" not in name:
            frozen += module.weight.numel()
            adapter += rank * sum(module.weight.shape)
    tokens = sum(len(batch.ids) for batch in batches)
    supervised = sum(batch.num_target_tokens for batch in batches)
    attended = sum(
        length * (length + 1) // 2 + length * (batch.prefix_length if number else 0)
        for batch in batches
        for number, length in enumerate([batch.prefix_length, *batch.lengths])
    )
    attention = 12 * attended * config.hidden_size * config.num_hidden_layers
    head = 4 * supervised * config.hidden_size * config.vocab_size
    return float(tokens * (4 * frozen + 6 * adapter) + attention + head)


def multiplication_speed() -> float:
    """Operations per second of the fastest of several large square matrix multiplications."""
    left, right = torch.randn(SQUARE, SQUARE), torch.randn(SQUARE, SQUARE)
    best = 0.0
    for _ in range(8):
        started = time.perf_counter()
        left @ right
        best = max(best, 2 * SQUARE**3 / (time.perf_counter() - started))
    return best


def _steps(training: Sequence[TokenizedExample]) -> list[list[TokenizedExample]]:
    """The examples of each step of the first epoch."""
    return [[training[index] for index in batch] for batch in epoch_batches(len(training), BATCH, seed=1, epoch=0)]


def _ours(model: LanguageModel, training: list[TokenizedExample]) -> tuple[list[float], Any]:
    """Seconds of every step, and the trained model."""
    tuned = add_adapter(model, LORA, seed=1)
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        loop = Trainer(tuned, TrainingData(training, training[-1:]), SETTINGS, 1, Path(folder))
        loop.validate()
        while loop.state.step < loop.total_steps:
            started = time.perf_counter()
            loop.train_step()
            seconds.append(time.perf_counter() - started)
    return seconds, tuned.model


def _lora_config() -> Any:
    from peft import LoraConfig

    return LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")


def _plain(model: LanguageModel, training: list[TokenizedExample]) -> tuple[list[float], Any]:
    """Padded batches, logits of all tokens, AdamW."""
    from peft import get_peft_model

    torch.manual_seed(1)
    tuned: Any = get_peft_model(model.model, _lora_config())
    weights = [weight for weight in tuned.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, SETTINGS.learning_rate, weight_decay=SETTINGS.weight_decay)
    tuned.train()
    seconds = []
    for step in _steps(training):
        started = time.perf_counter()
        batch = collate(step, model.device)
        ids = torch.zeros_like(batch.row_mask, dtype=torch.long)
        labels = torch.full_like(ids, -100)
        ids[batch.row_mask], labels[batch.row_mask] = batch.ids, batch.ids.masked_fill(~batch.loss_mask, -100)
        tuned(input_ids=ids, attention_mask=batch.row_mask.long(), labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, SETTINGS.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - started)
    return seconds, tuned


def _trl(model: LanguageModel, training: list[TokenizedExample]) -> tuple[list[float], Any]:
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer  # type: ignore[import-not-found]

    rows = [
        {
            "input_ids": example.ids,
            "completion_mask": [int(at >= example.prompt_length) for at in range(len(example.ids))],
        }
        for example in training
    ]
    seconds: list[float] = []
    begun = [0.0]

    class Clock(TrainerCallback):
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            begun[0] = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            seconds.append(time.perf_counter() - begun[0])

    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=model.model,
            args=SFTConfig(
                output_dir=folder,
                per_device_train_batch_size=BATCH,
                num_train_epochs=1,
                learning_rate=SETTINGS.learning_rate,
                lr_scheduler_type="constant",
                max_length=1024,
                completion_only_loss=True,
                gradient_checkpointing=False,
                bf16=model.dtype == torch.bfloat16,
                use_cpu=True,
                logging_strategy="no",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                seed=1,
                train_sampling_strategy="group_by_length",
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=model.encoder.tokenizer,
            peft_config=_lora_config(),
            callbacks=[Clock()],
        )
        trainer.train()
    return seconds, trainer.model


@torch.no_grad()
def _validation_loss(model: Any, examples: Sequence[TokenizedExample]) -> float:
    """Nats per target token, computed by the model itself, one mail at a time."""
    model.eval()
    total = 0.0
    for example in examples:
        batch: Batch = collate([example], torch.device("cpu"))
        logits = model(input_ids=batch.ids[None]).logits[0, example.prompt_length - 1 : -1].float()
        total += float(torch.nn.functional.cross_entropy(logits, batch.ids[example.prompt_length :], reduction="sum"))
    return total / sum(example.num_target_tokens for example in examples)
