"""The adapter for llama.cpp and Ollama: a GGUF LoRA, and a Modelfile with its prompt template and sampling."""

from pathlib import Path

from email_assistant.configuration.schema import Config
from email_assistant.console import StageLogger
from email_assistant.experiments import lineage
from email_assistant.experiments.registry import adapter_path
from email_assistant.language_model.adapter_folder import WEIGHTS, check_base, check_folder
from email_assistant.language_model.fingerprint import base_fingerprint, model_folder
from email_assistant.pipeline.context import Context, adapter_folder, tag_adapter
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact
from email_assistant.storage.hashing import hash_file

log = StageLogger(__name__, "export")
GGUF, MODELFILE = "adapter.gguf", "Modelfile"


def check(config: Config) -> None:
    """Refuse a missing adapter or base model before anything is trained.

    Raises:
        ModelError: when either is missing.
    """
    model_folder(config.model.path)
    if adapter := adapter_path(config):
        check_folder(adapter)


def _privacy_note(context: Context, adapter: Path) -> str:
    """What is known about how much an adapter remembers, in one line."""
    weights = hash_file(adapter / WEIGHTS)
    trained = next(
        (artifact for artifact in context.cache.all_of("train") if lineage.has_weights(artifact, weights)), None
    )
    return f"private: it may repeat mails that it was trained on; {_guarantee(trained)}{_extracted(context, trained)}"


def _guarantee(trained: Artifact | None) -> str:
    metrics = jsonl.read_json(trained.path("metrics.json"))["metrics"] if trained else {}
    if "privacy_epsilon" not in metrics:
        return ""
    return (
        f"it is differentially private for each training mail: epsilon {metrics['privacy_epsilon']:.2g}, delta "
        f"{metrics['privacy_delta']:.1e}; "
    )


def _extracted(context: Context, trained: Artifact | None) -> str:
    """How many training mails it repeated verbatim when their beginning was given."""
    for evaluation in lineage.evaluations_of(context.cache, trained):
        measured = jsonl.read_json(evaluation.path("report.json"))["memorisation"]
        if measured:
            extracted = measured["extracted"]
            return (
                f"given the first {measured['known_tokens']} tokens of a training mail, it repeated the next "
                f"{measured['extracted_tokens']} verbatim for {extracted['tuned']:.0%} of {measured['mails']} mails "
                f"(base model: {extracted['base']:.0%})"
            )
    return "how much it repeats has not been measured (stage=evaluate measures it)"


def run(context: Context) -> None:
    """Write adapter.gguf and Modelfile into `export.folder`."""
    from email_assistant.language_model import gguf_adapter
    from email_assistant.language_model.loading import load_encoder
    from email_assistant.language_model.modelfile import render_modelfile

    config = context.config
    context.run.open()
    adapter, folder = adapter_folder(context), Path(config.export.folder)
    tag_adapter(context.run, adapter)
    check_base(adapter, base_fingerprint(config.model, config.outputs))
    folder.mkdir(parents=True, exist_ok=True)
    gguf_adapter.write(adapter, model_folder(config.model.path), folder / GGUF)
    num_ctx = config.trainer.max_length + config.generation.max_new_tokens
    encoder = load_encoder(config.model)
    text = render_modelfile(encoder, config.generation, config.model.gguf, GGUF, num_ctx, config.seed)
    (folder / MODELFILE).write_text(text, encoding="utf-8")
    log.info("%s", _privacy_note(context, adapter))
    log.info("%s and %s in %s; try: ollama create NAME -f %s", GGUF, MODELFILE, folder, folder / MODELFILE)
