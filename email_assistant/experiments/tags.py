"""Names of a run's tags and files in the store. Existing stores use them, so they must not change."""

# What a run was started for, and its value for a sweep's parent run.
STAGE_TAG, SWEEP = "stage", "sweep"
# Set on a sweep's parent: identifies the sweep, so that running it again with the same overrides resumes it.
SWEEP_KEY_TAG = "sweep.key"
# Set on a job of a sweep: the parent run, the id of the newest call of the sweep, and why the job was pruned.
PARENT_TAG = "mlflow.parentRunId"
CALL_TAG = "sweep.call"
PRUNED_TAG = "sweep.pruned"
# Prefix of the tags that hold the keys of a run's artifacts, by stage.
ARTIFACT_TAG = "artifact."
# The hash of the adapter weights that a run used.
WEIGHTS_TAG = "adapter.weights"
# The process that the run belongs to.
PROCESS_TAG = "process"
# Set on a repeated run: the original run, and whether all results are identical.
REPEAT_TAG, SAME_TAG = "repeat.of", "repeat.same"
COMMIT_TAG = "mlflow.source.git.commit"
NAME_TAG = "mlflow.runName"
# Files of a run: its composed configuration, the folder of its artifacts' manifests, and its adapter.
CONFIGURATION, MANIFESTS, ADAPTER = "configuration.yaml", "manifests", "adapter"
