"""What the store's page shows of an experiment at first: what it is, and the columns that tell its runs apart.

MLflow keeps a view that is shared with others as a tag of its experiment, in the page's own terms.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

VIEW = "scores"
VIEW_TAG, NOTE_TAG = f"mlflow.sharedViewState.{VIEW}", "mlflow.note.content"
COLUMNS = (
    *(f"attributes.`{name}`" for name in ("Created", "Duration")),
    "tags.`stage`",
    *(f"metrics.`{name}`" for name in ("validation_loss", "validation_bleu", "validation_mauve")),
    *(f"metrics.`{name}`" for name in ("test_tuned_bleu", "test_tuned_mauve", "test_base_bleu")),
    *(f"params.`{name}`" for name in ("lora.r", "trainer.learning_rate", "trainer.epochs", "split.max_train_mails")),
)
NOTE = (
    "The runs on one archive. **validation_loss** tells runs apart with the fewest mails (lower is better); "
    "**test_tuned_…** are scores on mails that training never saw, **test_base_…** those of the model without adapter. "
    "A run called *sweep* holds the jobs of a sweep, a table and a picture of them. Which run to take, and whether the "
    "difference is real: `python run.py stage=compare`. The adapters are private, as the mails are."
)


@dataclass(frozen=True)
class Shown:
    """An experiment of the page.

    Attributes:
        name: Its name.
        runs: How many it has, at most as many as one page of the store's answers.
        address: Of its page behind the server's own.
    """

    name: str
    runs: int
    address: str


def prepare(client: "MlflowClient") -> list[Shown]:
    """Give every experiment its columns, and a note where it has none; those with runs come first."""
    shown = []
    for one in client.search_experiments():
        client.set_experiment_tag(one.experiment_id, VIEW_TAG, json.dumps({"selectedColumns": COLUMNS}))
        if NOTE_TAG not in one.tags:
            client.set_experiment_tag(one.experiment_id, NOTE_TAG, NOTE)
        runs = len(client.search_runs([one.experiment_id], max_results=1000))
        if runs or one.name != "Default":
            address = f"/#/experiments/{one.experiment_id}/runs?viewStateShareKey={VIEW}"
            shown.append(Shown(one.name, runs, address))
    return sorted(shown, key=lambda experiment: not experiment.runs)
