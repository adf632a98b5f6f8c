"""The first view of an experiment in MLflow's UI: a note, and the columns that distinguish its runs.

MLflow stores a shared view as a tag of the experiment, in a format of its UI.
"""

import json
from dataclasses import dataclass

from email_assistant.experiments import lazy_mlflow

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
    "The runs of one archive. **validation_loss** (lower is better) needs the fewest mails to distinguish runs. "
    "**test_tuned_…** are scores on test mails, which training never saw; **test_base_…** are the base model's scores "
    "on the same mails. A run named *sweep* holds the jobs of a sweep, with a table and a plot of all of them. "
    "`python run.py stage=compare` shows which run is best and whether the difference is significant. "
    "Adapters are as private as the mails they were trained on."
)


@dataclass(frozen=True)
class Experiment:
    """An experiment as the UI lists it.

    Attributes:
        name: Its name.
        runs: Its number of runs, at most 1000.
        address: The path of its page on the server.
    """

    name: str
    runs: int
    address: str


def prepare(client: "lazy_mlflow.MlflowClient") -> list[Experiment]:
    """Set the columns of every experiment, and its note if it has none.

    Returns:
        The experiments, those with runs first.
    """
    experiments = []
    for experiment in client.search_experiments():
        client.set_experiment_tag(experiment.experiment_id, VIEW_TAG, json.dumps({"selectedColumns": COLUMNS}))
        if NOTE_TAG not in experiment.tags:
            client.set_experiment_tag(experiment.experiment_id, NOTE_TAG, NOTE)
        runs = len(client.search_runs([experiment.experiment_id], max_results=1000))
        if runs or experiment.name != "Default":
            runs_page = f"/#/experiments/{experiment.experiment_id}/runs"
            address = f"{runs_page}?workflowType=machine_learning&viewStateShareKey={VIEW}"
            experiments.append(Experiment(experiment.name, runs, address))
    return sorted(experiments, key=lambda experiment: not experiment.runs)
