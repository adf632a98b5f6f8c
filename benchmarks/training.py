"""Training: this project's trainer and TRL's, with the same model, mails and number of steps.

python -m benchmarks training                  forward and backward, and with padded batches and logits everywhere
python -m benchmarks.training --archive PATH   the whole trainer and TRL's SFTTrainer, which has to be installed
                                               (pip install -r benchmarks/peers.txt): speed, peak memory, loss, and
                                               the utilization: the share of the machine's matrix multiplication speed

In the second, each trainer runs in a process of its own, in turn, for several rounds. TRL is tuned for CPU: float32, no
gradient checkpointing, the same batches of eight, grouped by length or not, whichever is faster.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.model import DEMO, alternate, configured, load_bundled, pairs, unmodified
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel, add_adapter
from email_assistant.training.batches import Batch, collate, epoch_batches, micro_batches
from email_assistant.training.loss import CompletionLoss
from email_assistant.training.trainer import Trainer, TrainingData

MAILS, BATCH, TOKENS, VALIDATION = 16, 8, 2048, 16
CONFIG = configured(
    "trainer.scheduler=constant",
    "trainer.warmup_fraction=0",
    "trainer.epochs=1",
    "trainer.gradient_checkpointing=false",
)
LORA, SETTINGS = CONFIG.lora, CONFIG.trainer
SQUARE = 2048
ARMS = ("ours", "trl", "trl by length")


def encoded(model: LanguageModel, archive: Path, owner: Sequence[str], count: int) -> list[TokenizedExample]:
    """The first `count` examples of an archive that need no truncation."""
    found = (model.encoder.example(instruction, mail, 1024, "drop") for instruction, mail in pairs(archive, owner))
    return [example for example in found if example is not None][:count]


def prepare() -> tuple[str, Callable[[], object], Callable[[], object]]:
    """Forward and backward over sixteen mails, LoRA r=16 on all linear layers, float32."""
    model = add_adapter(load_bundled(), LORA, seed=1)
    examples = encoded(model, DEMO, [], MAILS)
    loss = CompletionLoss(model.model)

    def peer() -> None:
        for start in range(0, len(examples), BATCH):
            batch = collate(examples[start : start + BATCH], model.device)
            ids, labels = (
                torch.zeros_like(batch.row_mask, dtype=torch.long),
                torch.full_like(batch.row_mask, -100).long(),
            )
            ids[batch.row_mask], labels[batch.row_mask] = batch.ids, batch.ids.masked_fill(~batch.loss_mask, -100)
            model.model(input_ids=ids, attention_mask=batch.row_mask.long(), labels=labels).loss.backward()
        model.model.zero_grad()

    return "to padded batches with logits everywhere", lambda: backward(model, examples, loss), peer


def backward(model: LanguageModel, examples: Sequence[TokenizedExample], loss: CompletionLoss) -> None:
    """Forward and backward over all examples."""
    for start in range(0, len(examples), BATCH):
        for group in micro_batches(examples[start : start + BATCH], TOKENS):
            loss(collate(group, model.device)).backward()  # type: ignore[no-untyped-call]
    model.model.zero_grad()


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


def _ours(model: LanguageModel, examples: list[TokenizedExample]) -> tuple[list[float], Any]:
    """Seconds of every step, and the trained model."""
    training = examples[:-VALIDATION]
    tuned = add_adapter(model, LORA, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        loop = Trainer(tuned, TrainingData(training, examples[-1:]), SETTINGS, 1, Path(folder))
        loop.validate()
        seconds = []
        while loop.state.step < loop.total_steps:
            started = time.perf_counter()
            loop.train_step()
            seconds.append(time.perf_counter() - started)
    return seconds, tuned.model


def _trl(model: LanguageModel, examples: list[TokenizedExample], by_length: bool) -> tuple[list[float], Any]:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer  # type: ignore[import-not-found]

    rows = [
        {
            "input_ids": example.ids,
            "completion_mask": [int(at >= example.prompt_length) for at in range(len(example.ids))],
        }
        for example in examples[:-VALIDATION]
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
                bf16=False,
                use_cpu=True,
                logging_strategy="no",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                seed=1,
                train_sampling_strategy="group_by_length" if by_length else "random",
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=model.encoder.tokenizer,
            peft_config=LoraConfig(
                r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"
            ),
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
        logits = model(input_ids=batch.ids[None]).logits[0, example.prompt_length - 1 : -1]
        total += float(torch.nn.functional.cross_entropy(logits, batch.ids[example.prompt_length :], reduction="sum"))
    return total / sum(example.num_target_tokens for example in examples)


def _one(arm: str, archive: Path, owner: list[str], mails: int) -> None:
    """Measure one trainer in this process and print the result."""
    # TRL gets the process without this project's thread and memory settings.
    model = load_bundled() if arm == "ours" else unmodified()
    examples = encoded(model, archive, owner, mails + VALIDATION)
    training, validation = examples[:-VALIDATION], examples[-VALIDATION:]
    all_operations, done_operations = (
        operations(model.model, [collate(step, model.device, share) for step in _steps(training)], LORA.r)
        for share in (False, arm == "ours")
    )
    fastest = multiplication_speed()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, tuned = _ours(model, examples) if arm == "ours" else _trl(model, examples, arm.endswith("length"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fastest = max(fastest, multiplication_speed())
    result = {
        "tokens_per_second": sum(len(example.ids) for example in training) / sum(seconds),
        "supervised_per_second": sum(example.num_target_tokens for example in training) / sum(seconds),
        "peak_mib": peak / 1024,
        "before_mib": before / 1024,
        "share_of_multiplication": all_operations / sum(seconds) / fastest,
        "share_of_what_is_made": done_operations / sum(seconds) / fastest,
        "gflops": fastest / 1e9,
        "steps": len(seconds),
        "validation_loss": _validation_loss(tuned, validation),
    }
    print(json.dumps({name: round(value, 4) for name, value in result.items()}))


def _compare(archive: Path, owner: list[str], mails: int, rounds: int) -> None:
    """Measure all trainers in turn; prints every figure and the ratios of medians."""
    arguments = ["--archive", str(archive), "--mails", str(mails), "--owner", *owner]
    results = alternate("benchmarks.training", ARMS, arguments, rounds)
    medians = {
        arm: {name: statistics.median(values[name] for values in runs) for name in runs[0]}
        for arm, runs in results.items()
    }
    ours = medians.pop("ours")
    better = max(medians, key=lambda arm: medians[arm]["tokens_per_second"])
    peer = medians[better]
    print(
        f"training: {ours['tokens_per_second']:.0f} tokens a second, {ours['supervised_per_second']:.0f} of them "
        f"supervised; {ours['tokens_per_second'] / peer['tokens_per_second']:.2f} times as fast as TRL ({better}) in "
        f"{ours['peak_mib'] / peer['peak_mib']:.2f} of its peak memory; validation loss {ours['validation_loss']:.3f} "
        f"(TRL {peer['validation_loss']:.3f}); {ours['share_of_multiplication']:.0%} of the speed of matrix "
        f"multiplication if all tokens are counted, {ours['share_of_what_is_made']:.0%} without those that are shared"
    )


def main() -> None:
    """Run the measurements that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, default=DEMO)
    parser.add_argument("--owner", nargs="*", default=[])
    parser.add_argument("--mails", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=ARMS)
    arguments = parser.parse_args()
    if arguments.one:
        _one(arguments.one, arguments.archive, arguments.owner, arguments.mails)
    else:
        _compare(arguments.archive, arguments.owner, arguments.mails, arguments.rounds)


if __name__ == "__main__":
    from email_assistant.privacy import guard

    guard.protect()
    main()
