"""Other trainers on the same step as `training`, where they are installed: TRL, Unsloth, and Liger's kernels.

This part has a process of its own: Unsloth and Liger change the modules of transformers for good.
"""

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from benchmarks.gpu import models
from benchmarks.gpu.loading import save
from benchmarks.gpu.session import Session
from benchmarks.gpu.training import WARM_UP, Case, ours, plain, plain_step, timed
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel, apply_liger_kernels

PEERS = ("trl", "unsloth", "liger_kernel")


def measure(session: Session) -> None:
    """TRL first: it leaves the model as it was."""
    installed = {name: importlib.util.find_spec(name) is not None for name in PEERS}
    session.figure("installed", installed)
    tokens = session.sizes.training_tokens[-1]
    shape, number_format = session.sizes.large, session.sizes.main
    is_gpu = session.device.type == "cuda"
    one, mails = Case(tokens, "one"), Case(tokens, "mails")
    if installed["trl"]:
        base = models.random_base(shape, number_format, session.device)
        for case in (mails, one):
            session.measure(f"TRL, {case.name}", partial(_trl, session, base, case), 5)
    if installed["liger_kernel"] and is_gpu:
        base = models.random_base(shape, number_format, session.device)
        apply_liger_kernels(base.model)  # type: ignore[arg-type]
        for case in (mails, one):
            work = partial(ours, session, base, shape, case)
            session.measure(f"this project with Liger, {case.name}", work, 5)
        _fuse_head_and_loss(base)
        for case in (mails, one):
            work = partial(plain, session, base, shape, case)
            session.measure(f"transformers and peft with Liger, {case.name}", work, 5)
    if installed["unsloth"] and is_gpu:
        session.measure(f"Unsloth, {one.name}", partial(_unsloth, session, one), 40)


def _fuse_head_and_loss(base: LanguageModel) -> None:
    """Liger's loss, which never holds all logits; this project has its own."""
    from transformers.integrations.liger import apply_liger_kernel

    apply_liger_kernel(base.model, {"cross_entropy": False, "fused_linear_cross_entropy": True})


def _trl(session: Session, base: LanguageModel, case: Case) -> dict[str, Any]:
    """TRL's SFTTrainer on the same mails in every step."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer  # type: ignore[import-not-found]

    from benchmarks.gpu.tokenizer import byte_tokenizer

    examples = case.examples(session.sizes.large)
    settings = case.settings(session.device, len(examples))
    clock = _clock(session)
    is_16_bit = session.device.type == "cuda" and base.dtype == torch.bfloat16
    with models.adapted(base) as tuned, tempfile.TemporaryDirectory() as folder:
        options = SFTConfig(
            output_dir=folder,
            per_device_train_batch_size=len(examples),
            max_steps=WARM_UP + session.sizes.steps,
            learning_rate=settings.learning_rate,
            lr_scheduler_type="constant",
            max_length=None,
            completion_only_loss=True,
            gradient_checkpointing=case.recompute,
            gradient_checkpointing_kwargs={"use_reentrant": False},
            optim=settings.optimizer if settings.optimizer == "paged_adamw_8bit" else "adamw_torch",
            bf16=is_16_bit,
            use_cpu=session.device.type == "cpu",
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            seed=1,
        )
        trainer = SFTTrainer(
            model=tuned.model,
            args=options,
            train_dataset=Dataset.from_list(_rows(examples)),
            processing_class=byte_tokenizer(),
            callbacks=[clock],
        )
        trainer.train()
        loss = trainer.state.log_history[0]["loss"]
    speed = case.tokens / statistics.median(clock.seconds[WARM_UP:])
    return {"tokens_per_second": speed, **clock.peaks, "loss": loss}


def _rows(examples: Sequence[TokenizedExample]) -> list[dict[str, list[int]]]:
    return [
        {
            "input_ids": example.ids,
            "completion_mask": [int(at >= example.prompt_length) for at in range(len(example.ids))],
        }
        for example in examples
    ]


def _clock(session: Session) -> Any:
    """A callback of transformers' trainer that keeps the seconds of every step, and the peak after the warm-up."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def __init__(self) -> None:
            self.seconds: list[float] = []
            self.peaks: dict[str, int] = {}
            self.started = 0.0

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            session.synchronize()
            if session.device.type == "cuda" and len(self.seconds) == WARM_UP:
                torch.cuda.reset_peak_memory_stats()
            self.started = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            session.synchronize()
            self.seconds.append(time.perf_counter() - self.started)
            if session.device.type == "cuda":
                self.peaks = {"peak_bytes": torch.cuda.max_memory_allocated()}

    return Clock()


def _unsloth(session: Session, case: Case) -> dict[str, Any]:
    """The usual loop on Unsloth's model, which it loads from a folder and recomputes in its own way."""
    from unsloth import FastLanguageModel  # type: ignore[import-not-found]

    shape, lora = session.sizes.large, models.settings().lora
    folder = session.scratch / "unsloth"
    save(models.random_base(shape, session.sizes.plain, session.device).model, folder)
    model, _ = FastLanguageModel.from_pretrained(str(folder), max_seq_length=case.tokens, load_in_4bit=True)
    model = FastLanguageModel.get_peft_model(
        model,
        r=lora.r,
        lora_alpha=lora.scale_numerator,
        lora_dropout=0.0,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        use_gradient_checkpointing="unsloth",
    )
    encoder: Any = models.IdEncoder()
    tuned = LanguageModel(model, encoder, session.device, session.sizes.main.dtype)
    step, optimizer = plain_step(tuned, Case(case.tokens, case.layout, recompute=False), shape)
    return timed(session, tuned, step, optimizer, case.tokens)
