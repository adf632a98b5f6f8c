"""What the configured model can and cannot do, and which one would serve this machine and these mails better."""

from collections.abc import Iterator, Mapping

from email_assistant.configuration.schema import Config
from email_assistant.console import StageLogger
from email_assistant.experiments import sweep_environment
from email_assistant.pipeline.context import Context
from email_assistant.progress import current_call
from email_assistant.requests.request_form import EXAMPLES
from email_assistant.storage import jsonl

log = StageLogger(__name__, "model")
# The smallest GPU for experiment=llama3_qlora_a100, by the memory that its maker names. Tests compare it with the
# estimates, with what that file says, and with docs/models.md.
LARGE_MODEL_GPU_GB = 12
# Memory for Gemma 3 270M in float32.
GEMMA_GB = 6.0
# Models with fewer parameters work from rough notes only.
SMALL_PARAMETERS = 1e9
# From this share of mails in other languages on, the advice warns about a model that knows only English.
_OTHER_SHARE = 0.2


def log_advice(stage: str, context: Context) -> None:
    """Log the advice before the first training of a call that runs all stages to their scores."""
    call = current_call()
    if stage != "train" or call is None or "evaluate" not in call.stages or sweep_environment.current_job():
        return
    # torch takes seconds to import.
    import torch

    from email_assistant.language_model.meta_model import architecture, build_on_meta

    config = context.config
    model = build_on_meta(architecture(config.model), torch.float32, nf4=False)
    parameters = sum(weight.numel() for weight in model.parameters())
    languages: Mapping[str, int] = jsonl.read_json(context.artifacts["data"].path("report.json"))["languages"]
    for line in advice(config, parameters, languages, gpu_gb(), memory_gb()):
        log.info("%s", line)


def advice(
    config: Config, parameters: int, languages: Mapping[str, int], gpu: float | None, memory: float
) -> Iterator[str]:
    """Lines of advice.

    Args:
        config: The whole configuration.
        parameters: Number of parameters of its model.
        languages: Number of mails by language (ISO 639-1).
        gpu: Memory of the GPU in GB of 2^30 bytes; None if there is none.
        memory: Available memory of the machine, in the same unit.
    """
    if parameters >= SMALL_PARAMETERS:
        return
    size = f"{parameters / 1e6:.0f} million parameters"
    order = f"('{EXAMPLES['order']}')"
    orders = (
        f"; rules turn English orders {order} into notes"
        if config.summarizer.orders_as_notes
        else f", not orders {order}"
    )
    yield f"{size}: type rough notes ('{EXAMPLES['rough']}'){orders}"
    yield "a model of this size mixes up who does what for whom, and loses parts of long notes: read before you send"
    others = sum(count for language, count in languages.items() if language != "en")
    # A card has a little less than its name says.
    if gpu is not None and round(gpu) >= LARGE_MODEL_GPU_GB:
        yield (
            f"this machine's GPU has {gpu:.0f} GB, enough for Llama-3-8B, which should write better (docs/models.md): "
            "experiment=llama3_qlora_a100"
        )
    elif others >= _OTHER_SHARE * max(1, sum(languages.values())) and config.model.path.endswith("smollm2_135m"):
        named = max((language for language in languages if language != "en"), key=lambda name: languages[name])
        if memory >= GEMMA_GB:
            yield f"it knows little but English; for '{named}', install Gemma 3 270M (make gemma): model=gemma3_270m"
    else:
        yield (
            "larger models should write better (docs/models.md); Llama-3-8B needs a GPU with "
            f"{LARGE_MODEL_GPU_GB} GB or more"
        )


def gpu_gb() -> float | None:
    """Memory of the first GPU in GB of 2^30 bytes; None if there is none."""
    import torch

    return torch.cuda.get_device_properties(0).total_memory / 2**30 if torch.cuda.is_available() else None


def memory_gb() -> float:
    """Available memory of the CPU in GB of 2^30 bytes."""
    import torch

    from email_assistant.language_model.device import available_memory

    return available_memory(torch.device("cpu")) / 2**30
