"""bfloat16 beside float32 in this project's decoder: training and writing, interleaved in one process.

python -m benchmarks.formats [--threads N] [--rounds N]

Training: forward and backward of packed demo mails, LoRA r=16 on all linear layers. Writing: greedy, 60 tokens a mail,
for several numbers of mails at a time. Prints tokens per second, medians over the rounds, and their ratio; for
training also the losses and the relative distance of the gradients.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from benchmarks.model import DEMO, load_bundled, pairs
from benchmarks.training import LORA, TOKENS, encoded
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.generation import generate
from email_assistant.language_model.loading import LanguageModel, add_adapter
from email_assistant.language_model.process_settings import keep_freed_memory
from email_assistant.training.batches import collate, micro_batches
from email_assistant.training.loss import CompletionLoss

FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
MAILS, ROWS, NEW_TOKENS = 64, (1, 9, 32, 64), 60


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory(2**29)
    _training(arguments.rounds)
    _writing(arguments.rounds)


def _training(rounds: int) -> None:
    models = {name: add_adapter(_loaded(dtype), LORA, seed=1) for name, dtype in FORMATS.items()}
    losses = {name: CompletionLoss(model.model, ("decoder",)) for name, model in models.items()}
    for model in models.values():
        for name, weight in model.model.named_parameters():
            if "lora_B" in name:
                torch.manual_seed(len(name))
                torch.nn.init.normal_(weight, std=0.01)
    examples = encoded(models["float32"], DEMO, [], MAILS)
    batch = collate(next(iter(micro_batches(examples, TOKENS))), torch.device("cpu"))
    found: dict[str, float] = {}
    gradients: dict[str, torch.Tensor] = {}

    def step(name: str) -> int:
        loss = losses[name](batch)
        loss.backward()  # type: ignore[no-untyped-call]
        found[name] = float(loss.detach()) / int(batch.loss_mask.sum())
        weights = [weight for weight in models[name].model.parameters() if weight.grad is not None]
        gradients[name] = torch.cat([weight.grad.flatten() for weight in weights if weight.grad is not None])
        models[name].model.zero_grad()
        return len(batch.ids)

    _print(f"training, {len(batch.ids)} tokens", rounds, step)
    exact, rounded = gradients.values()
    distance = float((exact - rounded).norm() / exact.norm())
    print(f"  losses {found}, distance of the gradients {distance:.3f}", flush=True)


def _writing(rounds: int) -> None:
    models = {name: _loaded(dtype) for name, dtype in FORMATS.items()}
    instructions = [instruction for instruction, _ in pairs()]
    for count in ROWS:
        prompts = [models["float32"].encoder.prompt(instructions[row % len(instructions)]) for row in range(count)]

        def write(name: str, prompts: list[list[int]] = prompts) -> int:
            written: list[Completion] = []
            generate(
                *(models[name], prompts, SamplingParams(NEW_TOKENS), [None] * len(prompts), max(ROWS)),
                lambda _, completion: written.append(completion),
            )
            return sum(completion.num_tokens for completion in written)

        _print(f"writing {count} at a time", rounds, write)


def _loaded(dtype: torch.dtype) -> LanguageModel:
    loaded = load_bundled()
    return LanguageModel(loaded.model.to(dtype), loaded.encoder, loaded.device, dtype)


def _print(label: str, rounds: int, work: Callable[[str], int]) -> None:
    """Do the work in both formats in turn; the first round warms up."""
    speeds: dict[str, list[float]] = {name: [] for name in FORMATS}
    for _ in range(rounds + 1):
        for name, measured in speeds.items():
            started = time.perf_counter()
            tokens = work(name)
            measured.append(tokens / (time.perf_counter() - started))
    slow, fast = (statistics.median(measured[1:]) for measured in speeds.values())
    print(f"{label}: float32 {slow:.0f}, bfloat16 {fast:.0f} tokens/s, ratio {fast / slow:.2f}", flush=True)


if __name__ == "__main__":
    main()
