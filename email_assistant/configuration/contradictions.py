"""Checks of keys that must agree with one another. Each yields a line for every error: the key, and what to do."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import SplitResult, urlsplit

from email_assistant.configuration.schema import Config
from email_assistant.privacy import guard

# A part of summarizer.starts that is left out if a placeholder in it has no value.
_OPTIONAL = re.compile(r"\[([^\]]*)\]")


def summarizer(config: Config) -> Iterator[str]:
    """The texts of every language are complete, the forms fit the method, and `summarizer=from_file` has a file."""
    settings = config.summarizer
    forms = ",".join(settings.forms)
    if settings.method == "rough" and "order" in settings.forms:
        yield f"summarizer.forms = [{forms}]: rules cannot write orders; use [rough], or summarizer=base_model"
    if settings.method == "model" and "order" not in settings.forms:
        yield f"summarizer.forms = [{forms}]: rough notes need no model; use summarizer=rough"
    if settings.method == "from_file" and settings.path is None:
        yield "summarizer.path: is missing; summarizer=from_file needs a file of corrected pairs, like pairs.jsonl"
    if "en" not in settings.prompts:
        yield "summarizer.prompts: 'en' is missing; it is the fallback for all other languages"
    for language, prompt in settings.prompts.items():
        if "{email}" not in prompt:
            yield f"summarizer.prompts.{language}: the placeholder {{email}} is missing; the mail goes there"
        if language not in settings.starts:
            yield f"summarizer.starts.{language}: is missing; summarizer.prompts has this language"
        if "{facts}" not in settings.mentions.get(language, ""):
            yield f"summarizer.mentions.{language}: the placeholder {{facts}} is missing; names and numbers go there"
    for language, start in settings.starts.items():
        for part in _OPTIONAL.findall(start):
            yield from _unknown_placeholders(f"summarizer.starts.{language}", part, "recipient", "topic")
        yield from _unknown_placeholders(f"summarizer.starts.{language}", _OPTIONAL.sub("", start))
    for language, mention in settings.mentions.items():
        yield from _unknown_placeholders(f"summarizer.mentions.{language}", mention, "facts")


def _unknown_placeholders(key: str, template: str, *known: str) -> Iterator[str]:
    """An error for a template with a placeholder or brace that cannot be filled in."""
    rest = template
    for name in known:
        rest = rest.replace(f"{{{name}}}", "")
    if "{" in rest or "}" in rest:
        allowed = " and ".join(f"{{{name}}}" for name in known)
        remedy = f"use only {allowed}" if known else "put placeholders inside [ ]"
        yield f"{key} = {template}: cannot be filled in; {remedy}"


def head_start(config: Config) -> Iterator[str]:
    """A head start is added to the base weights, so these must not be quantized, and its arm needs one."""
    if config.model.head_start not in (None, "auto") and config.model.quantization != "none":
        yield "model.head_start: cannot be added to 4-bit weights; use model.head_start=null"
    if "head_start" in config.evaluation.arms and config.model.head_start is None:
        yield "evaluation.arms: the arm head_start needs a head start; set model.head_start=auto, or remove the arm"


def lora_init(config: Config) -> Iterator[str]:
    """PiSSA and OLoRA change the base weights, so these must not be quantized."""
    init = config.lora.init
    if init != "default" and config.model.quantization != "none":
        yield f"lora.init = {init}: cannot change 4-bit weights; use lora.init=default"
    if init != "default" and config.lora.use_dora:
        yield f"lora.init = {init}: cannot be combined with lora.use_dora=true; use one of them"


def backends(config: Config) -> Iterator[str]:
    """Libraries that need a certain file or device."""
    if config.generation.backend == "llama_cpp" and config.model.gguf is None:
        yield "model.gguf: is missing; generation.backend=llama_cpp needs the base model as a GGUF file"
    if config.trainer.optimizer == "paged_adamw_8bit" and config.model.device == "cpu":
        yield "trainer.optimizer = paged_adamw_8bit: needs CUDA; use adamw with model.device=cpu"


def dora_as_gguf(config: Config) -> Iterator[str]:
    """llama.cpp has no DoRA: without this check, an adapter would be trained before it is refused."""
    if config.lora.use_dora and config.infer.adapter is None:
        remedy = "cannot read an adapter with DoRA; use lora.use_dora=false"
        if config.generation.backend == "llama_cpp":
            yield f"generation.backend = llama_cpp: {remedy}, or generation.backend=transformers"
        elif config.stage == "export":
            yield f"stage = export: llama.cpp {remedy}"


def compared_arm(config: Config) -> Iterator[str]:
    """Validation mails are written by the tuned model alone."""
    compare = config.compare
    if compare.arm != "tuned" and compare.mails == "validation":
        yield f"compare.arm = {compare.arm}: only the tuned model writes validation mails; use compare.mails=test"


def decoding(config: Config) -> Iterator[str]:
    """Logits are divided by the temperature, so a tiny one makes them infinite."""
    if 0 < config.generation.temperature < 0.001:
        yield (
            f"generation.temperature = {config.generation.temperature}: too low to sample with; "
            "use 0 to decode greedily, or at least 0.001"
        )


def private_training(config: Config) -> Iterator[str]:
    """Settings that each privacy mode of training needs to keep its promise."""
    privacy = config.trainer.privacy
    if privacy == "careful" and (config.data.redact == "none" or not config.trainer.canaries):
        yield "trainer.privacy = careful: needs data.redact=pii and trainer.canaries=8; experiment=private sets them"
    if privacy == "differential" and config.retrieves_in_training:
        yield (
            "trainer.privacy = differential: a mail in another mail's prompt would influence more than its own "
            "gradient; use retrieval.training_share=0"
        )


def purge(config: Config) -> Iterator[str]:
    """A purge needs terms."""
    if config.stage == "purge" and config.purge.match is None:
        yield "purge.match: is missing; name what to remove, as in purge.match='from:bo@x.example or subject:merger'"


def drafts(config: Config) -> Iterator[str]:
    """Drafts are written for the requests of a file."""
    if config.infer.drafts is not None and config.infer.input is None:
        yield "infer.drafts: needs infer.input, a file of requests; for single mails use stage=compose"


def allowed_origins(config: Config) -> Iterator[str]:
    """Origins are named one by one, as browsers send them."""
    for origin in config.compose.allow_origins:
        parts = _parts_of(origin)
        if (
            parts is None
            or "*" in origin
            or not parts.scheme
            or not parts.netloc
            or parts.path
            or parts.query
            or parts.username
        ):
            yield (
                f"compose.allow_origins = {origin}: not an origin, such as moz-extension://2b1f… or "
                "http://127.0.0.1:5173; list each one in full"
            )


def _parts_of(address: str) -> SplitResult | None:
    """The parts of a URL; None if its host or port is malformed."""
    try:
        parts = urlsplit(address)
        # Read here, because only reading it finds out whether it is a port.
        return parts if parts.port is None or parts.port else None
    except ValueError:
        return None


def tracking_server(config: Config) -> Iterator[str]:
    """Runs contain mail, so they go only to a private IP address: a host name would have to be looked up elsewhere."""
    tracking = config.tracking
    if not tracking.uri:
        return
    parts = _parts_of(tracking.uri)
    subject = f"tracking.uri = {tracking.uri}"
    if parts is None or parts.scheme not in ("http", "https"):
        yield f"{subject}: not the address of an MLflow server, such as http://10.0.0.5:5000"
    elif not guard.is_private(parts.hostname or ""):
        yield (
            f"{subject}: runs contain adapters and mails, which may only go to this machine or a private network; "
            "use the server's IP address there, such as http://10.0.0.5:5000"
        )
    elif not tracking.allow_remote:
        yield f"{subject}: runs contain adapters and mails; tracking.allow_remote=true allows sending them there"


def several_processes(config: Config, world_size: int, sharded: bool) -> Iterator[str]:
    """Settings that need a single process, or a whole base model in each.

    Args:
        config: The whole configuration.
        world_size: The number of processes that train together.
        sharded: Whether the base model is sharded over them.
    """
    if sharded and config.lora.init != "default":
        yield f"lora.init = {config.lora.init}: changes the base model, which is sharded here; use default"
    if world_size > 1 and config.trainer.privacy == "differential":
        yield "trainer.privacy = differential: cannot train in several processes; run it without the launcher"


def languages(config: Config) -> Iterator[str]:
    """Languages are codes, as mails are labelled with."""
    for language in config.data.languages:
        if not re.fullmatch(r"[a-z]{2,3}", language):
            lowered = language.lower()
            meant = f"; did you mean {lowered}?" if re.fullmatch(r"[a-z]{2,3}", lowered) else ""
            yield f"data.languages = {language}: must be the code of a language, such as en or ru{meant}"


def lengths(config: Config) -> Iterator[str]:
    """A mail can have the least number of words and the greatest."""
    data = config.data
    if data.max_words is not None and data.max_words < data.min_words:
        yield f"data.max_words = {data.max_words}: is less than data.min_words = {data.min_words}, so no mail is kept"


CONTRADICTIONS: tuple[Callable[[Config], Iterator[str]], ...] = (
    languages,
    lengths,
    summarizer,
    head_start,
    lora_init,
    backends,
    dora_as_gguf,
    compared_arm,
    decoding,
    private_training,
    purge,
    drafts,
    allowed_origins,
    tracking_server,
)
