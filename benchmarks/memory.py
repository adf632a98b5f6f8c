"""The memory that stage=plan estimates, and the real peak of a process; each case in a process of its own.

python -m benchmarks memory           the bundled model: training in float32 and NF4, and writing
python -m benchmarks.memory llama3    one QLoRA step in the shapes of Llama-3-8B, random NF4 weights, on CPU: some
                                      minutes and 14 GB
"""

import argparse
import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForCausalLM

from benchmarks.measure import Row, in_new_process, print_rows
from benchmarks.model import auto_format, configured
from benchmarks.training import encoded
from email_assistant.configuration.schema import Config
from email_assistant.language_model.decoding import SamplingParams
from email_assistant.language_model.device import choose_device
from email_assistant.language_model.generation import generate
from email_assistant.language_model.loading import add_adapter, attach_lora, load_encoder, quantize_nf4
from email_assistant.language_model.meta_model import architecture
from email_assistant.language_model.process_settings import configure, keep_freed_memory, set_up_base
from email_assistant.training import planning
from email_assistant.training.batches import Batch
from email_assistant.training.loss import CompletionLoss
from email_assistant.training.memory_estimate import ComputeSpec, MicroBatch
from email_assistant.training.planning import TrainingSetup
from email_assistant.training.trainer import Trainer, TrainingData, enable_recomputation

# Overrides of the configuration by what is measured. The number format is that of `model.dtype=auto`.
CASES = {
    "training, batches of 2,048 tokens": ["trainer.micro_batch_tokens=2048", "trainer.batch_size=16"],
    "training with recomputation": ["trainer.gradient_checkpointing=true", "trainer.batch_size=16"],
    "training with NF4, batches of 1,024 tokens": ["model.quantization=nf4", "trainer.micro_batch_tokens=1024"],
    "writing 32 mails": ["generation.batch_size=32", "generation.max_new_tokens=64"],
}
LLAMA3 = ["model=llama3_8b", "trainer=large", "trainer.optimizer=adamw", "model.device=cpu", "model.dtype=float32"]
LLAMA3_BATCH = MicroBatch([256], 0.6)


def _train(config: Config) -> int:
    """Train two steps on the demo's mails; returns the estimate in bytes."""
    encoder = load_encoder(config.model)
    examples = encoded(encoder, 48)
    machine = planning.target_machine(config.plan, config.model)
    estimate = planning.estimate_training(TrainingSetup.from_config(config), machine, examples).total
    model = add_adapter(set_up_base(config.model), config.lora, config.seed)
    settings = config.trainer
    with tempfile.TemporaryDirectory() as folder:
        loop = Trainer(model, TrainingData(examples, examples[:2]), settings, config.seed, Path(folder))
        loop.validate()
        for _ in range(2):
            loop.train_step()
    return estimate


def _write(config: Config) -> int:
    encoder = load_encoder(config.model)
    rows = config.generation.batch_size
    prompts = [
        encoder.prompt(f"Write an email about number {number}. " + "More of it. " * 20) for number in range(rows)
    ]
    longest, new_tokens = max(map(len, prompts)), config.generation.max_new_tokens
    setup, machine = TrainingSetup.from_config(config), planning.target_machine(config.plan, config.model)
    resident = planning.estimate_training(setup, machine, None).resident
    estimate = planning.estimate_generation(setup, machine, resident, rows, longest, new_tokens).total
    model = set_up_base(config.model)
    generate(model, prompts, SamplingParams(new_tokens, 0.6, 0.9, 1.1), range(rows), rows, lambda index, answer: None)
    return estimate


def _llama3(config: Config) -> int:
    """One step on random weights in the real shapes; returns the estimate in bytes."""
    base = architecture(config.model)
    setup, machine = TrainingSetup.from_config(config), planning.target_machine(config.plan, config.model)
    resident = planning.estimate_training(setup, machine, None).resident
    mode = setup.mode(machine, base)
    spec = ComputeSpec(machine.dtype, nf4=True, mode=mode, recompute=True)
    step = planning.estimate_micro_batch(setup, base, spec, LLAMA3_BATCH)
    estimate = resident.process + sum(resident.weights.values()) + step.total
    device = choose_device(config.model)
    configure(config.model, device)
    model = random_model(base, device)
    keep_freed_memory(sum(weight.numel() * weight.element_size() for weight in model.parameters()))
    tuned = attach_lora(model, config.lora)
    tuned.train()
    enable_recomputation(tuned)
    optimizer = torch.optim.AdamW([weight for weight in tuned.parameters() if weight.requires_grad], lr=1e-4)
    count = LLAMA3_BATCH.num_tokens
    ids = torch.arange(count) % 1000
    batch = Batch(ids, torch.arange(count) >= count * (1 - LLAMA3_BATCH.target_share), LLAMA3_BATCH.lengths)
    loss = CompletionLoss(tuned, recompute=True)
    loss.mode = mode
    total = loss(batch)
    total.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    assert torch.isfinite(total)
    return estimate


def random_model(base: Any, device: torch.device) -> Any:
    """A model of random weights, quantized layer by layer, so that all of them are never in memory unquantized."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(base, dtype=torch.float32)
    model.requires_grad_(False)
    torch.manual_seed(1)
    noise = 0.02 * torch.randn(2**22, device=device)
    # By name: a list of modules would keep the unquantized ones alive.
    for name in [name for name, module in model.named_modules() if module._parameters]:
        module = model.get_submodule(name)
        module.to_empty(device=device)
        for weight in module.parameters():
            if weight.dim() > 1:
                # Repeats the same random numbers: drawing seven billion would take minutes.
                for part in weight.data.view(-1).split(len(noise)):
                    part.copy_(noise[: len(part)])
            else:
                nn.init.ones_(weight)
        if "layers" in name and isinstance(module, nn.Linear):
            parent = model.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], quantize_nf4(module, torch.float32, device))
    # Its frequencies too: on the CPU they would be copied to a GPU in every forward pass.
    model.model.rotary_emb = type(model.model.rotary_emb)(base).to(device)
    model.is_loaded_in_4bit = True
    return model


def _estimate_and_peak(work: Callable[[Config], int], *overrides: str) -> tuple[float, float]:
    """Work in this process: the estimate and the peak, in GB of 2^30 bytes."""
    estimate = work(configured(*overrides))
    return estimate / 2**30, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _row(what: str, work: Callable[[Config], int], *overrides: str) -> Row:
    estimate, peak = in_new_process(_estimate_and_peak, work, *overrides)
    return Row(f"peak memory of {what}, GB", "the estimate of `stage=plan`", [peak], [estimate], less_is_better=True)


def rows(rounds: int) -> Iterator[Row]:
    """A row for each case, measured once: the peak is the same in every round."""
    dtype = f"model.dtype={auto_format()}"
    for case, overrides in CASES.items():
        yield _row(case, _write if case.startswith("writing") else _train, dtype, *overrides)


def main() -> None:
    """Measure the shapes of Llama-3-8B."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=["llama3"])
    parser.parse_args()
    what = f"a step in Llama-3-8B's shapes with NF4, {LLAMA3_BATCH.num_tokens} tokens with recomputation"
    print_rows("benchmarks.memory llama3", [_row(what, _llama3, *LLAMA3)])


if __name__ == "__main__":
    from email_assistant.privacy import guard

    guard.protect()
    main()
