"""The predicted probability of a mail's end during a training, by the weights of a step and by their moving average.

    python -m benchmarks.ends --outputs outputs --part test --every 10 trainer.ema_decay=0.9

Trains on the newest split in a folder of outputs and, every few steps, evaluates real mails that are not trained on.
'Ends' is the sum of the end-of-turn token's probabilities after each token of a mail, as the mean over mails: 1 is
right on average; a model that expects fewer ends writes longer mails than the owner.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from email_assistant.privacy import guard

guard.protect()

import torch  # noqa: E402

from benchmarks.model import ROOT, configured  # noqa: E402
from email_assistant.language_model.encoding import TokenizedExample  # noqa: E402
from email_assistant.language_model.loading import LanguageModel, add_adapter  # noqa: E402
from email_assistant.language_model.process_settings import set_up_base  # noqa: E402
from email_assistant.requests.prompting import (  # noqa: E402
    Prompter,
    PromptSettings,
    retrieval_embedder,
)
from email_assistant.storage import jsonl  # noqa: E402
from email_assistant.training.trainer import Trainer, TrainingData  # noqa: E402


def main() -> None:
    """Train, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outputs", type=Path, default=ROOT / "outputs")
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--mails", type=int, default=100)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("overrides", nargs="*", help="overrides, as for run.py")
    arguments = parser.parse_args()
    config = configured("data=archive", *arguments.overrides)
    base = set_up_base(config.model)
    split = arguments.outputs / "latest" / "split"
    pairs = {part: jsonl.read(split / f"{part}.jsonl") for part in ("train", "validation", "test")}
    prompter = Prompter(PromptSettings.of(config), base.encoder, pairs["train"], retrieval_embedder(config, base))
    examples = {
        part: [example for pair in of_part if (example := prompter.example(pair))] for part, of_part in pairs.items()
    }
    evaluated = examples[arguments.part][: arguments.mails]

    class EvaluatingTrainer(Trainer):
        def train_step(self) -> None:
            super().train_step()
            if self.state.step % arguments.every == 0 or self.state.step == self.total_steps:
                self._print("one step")
                if self.average:
                    with self.average.applied():
                        self._print("average")

        def _print(self, weights: str) -> None:
            print(
                f"| {self.state.step} | {weights} | {self.validation_loss():.3f} | {ends(self.model, evaluated):.2f} |",
                flush=True,
            )

    print(f"{len(evaluated)} mails\n\n| step | weights | validation loss | ends |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        model = add_adapter(base, config.lora, config.seed)
        data = TrainingData(examples["train"], examples["validation"])
        EvaluatingTrainer(model, data, config.trainer, config.seed, Path(folder)).fit()


@torch.no_grad()
def ends(model: LanguageModel, examples: list[TokenizedExample]) -> float:
    """The end-of-turn token's probabilities, summed over the tokens of a mail, as the mean over mails."""
    model.model.eval()
    total = 0.0
    for example in examples:
        ids = torch.tensor([example.ids], device=model.device)
        logits: Any = model.model(input_ids=ids, logits_to_keep=example.num_target_tokens + 1).logits
        total += float(logits[0, :-1].float().softmax(dim=-1)[:, model.encoder.end_of_turn].sum())
    return total / len(examples)


if __name__ == "__main__":
    main()
