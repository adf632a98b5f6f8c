"""How likely a mail's end is held to be after the steps of a training: by one step's weights, and by their average.

    python -m benchmarks.ends --outputs outputs --part test --every 10 trainer.ema_decay=0.9

Trains anew on the newest split in a folder of outputs and looks, every so many steps, at real mails that are not
learned from. 'Ends' is the sum of the probabilities of a mail's end after each of its tokens, as the mean over mails: 1
is right on average; a model that expects fewer writes longer mails than the owner.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from email_assistant.privacy import guard

guard.protect()

import torch  # noqa: E402

from benchmarks.model import ROOT, configured  # noqa: E402
from email_assistant.evaluation.scoring import embedder  # noqa: E402
from email_assistant.language_model.encoding import TokenizedExample  # noqa: E402
from email_assistant.language_model.loading import LanguageModel, add_adapter  # noqa: E402
from email_assistant.language_model.process import set_up_base  # noqa: E402
from email_assistant.requests.prompting import Prompter, PromptSettings  # noqa: E402
from email_assistant.storage import jsonl  # noqa: E402
from email_assistant.training.trainer import Trainer  # noqa: E402


def main() -> None:
    """Train, look, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outputs", type=Path, default=ROOT / "outputs")
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--mails", type=int, default=100)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("overrides", nargs="*", help="further values, as for run.py")
    arguments = parser.parse_args()
    config = configured("data=archive", *arguments.overrides)
    base = set_up_base(config.model)
    split = arguments.outputs / "latest" / "split"
    pairs = {part: jsonl.read(split / f"{part}.jsonl") for part in ("train", "validation", "test")}
    prompter = Prompter(PromptSettings.of(config), base.encoder, pairs["train"], embedder(config, base))
    examples = {
        part: [example for pair in of_part if (example := prompter.example(pair))] for part, of_part in pairs.items()
    }
    watched = examples[arguments.part][: arguments.mails]

    class Watched(Trainer):
        def _step(self) -> None:
            super()._step()
            if self.state.step % arguments.every == 0 or self.state.step == self.total_steps:
                self._show("one step")
                if self.average:
                    with self.average.applied():
                        self._show("average")

        def _show(self, what: str) -> None:
            loss = self._validation_loss() / sum(example.num_target_tokens for example in self.validation)
            print(f"| {self.state.step} | {what} | {loss:.3f} | {ends(self.model, watched):.2f} |", flush=True)

    print(f"{len(watched)} mails\n\n| step | weights | validation loss | ends |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        model = add_adapter(base, config.lora, config.seed)
        place = Path(folder)
        Watched(model, examples["train"], examples["validation"], config.trainer, config.seed, place, _nowhere).fit()


@torch.no_grad()
def ends(model: LanguageModel, examples: list[TokenizedExample]) -> float:
    """The probabilities of an end after each of a mail's tokens, summed, as the mean over mails."""
    model.model.eval()
    total = 0.0
    for example in examples:
        ids = torch.tensor([example.ids], device=model.device)
        logits: Any = model.model(input_ids=ids, logits_to_keep=example.num_target_tokens + 1).logits
        total += float(logits[0, :-1].float().softmax(dim=-1)[:, model.encoder.end_of_turn].sum())
    return total / len(examples)


def _nowhere(metrics: dict[str, float], step: int) -> None:
    """What is shown is shown here."""


if __name__ == "__main__":
    main()
