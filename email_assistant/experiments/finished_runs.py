"""Whether the local store already has a run, read from its database: importing MLflow takes seconds."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from email_assistant.experiments.connection import database

_RUNS_WITH_TAG = """
    SELECT run_uuid FROM runs JOIN tags USING (run_uuid)
    WHERE status = 'FINISHED' AND lifecycle_stage = 'active' AND tags.key = ? AND tags.value = ?
"""


def has_finished_run(mlruns: Path, tags: Mapping[str, str]) -> bool:
    """Whether a finished run of a local store has all of these tags; False if there is no readable store.

    Args:
        mlruns: The folder of the store.
        tags: At least one tag.
    """
    if not database(mlruns).is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{database(mlruns).resolve().as_uri()}?mode=ro", uri=True)) as connection:
            query = " INTERSECT ".join([_RUNS_WITH_TAG] * len(tags))
            values = [part for tag in tags.items() for part in tag]
            return connection.execute(query, values).fetchone() is not None
    except sqlite3.Error:
        # A store of another version, or one that is being written: what opens it next says what is wrong.
        return False
