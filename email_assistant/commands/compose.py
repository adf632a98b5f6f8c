"""Serves the page and the API on 127.0.0.1 until Ctrl-C."""

import gc
import logging
import webbrowser
from pathlib import Path

from email_assistant.archive.edits import FOLDER
from email_assistant.compose.access import OPENING_FILE, TOKEN_FILE, Access, load_token
from email_assistant.compose.app import Serving, build
from email_assistant.compose.server import serve
from email_assistant.configuration.schema import Config
from email_assistant.errors import ModelError
from email_assistant.experiments.registry import SCHEME, adapter_path
from email_assistant.language_model.adapter_folder import check_folder, request_forms
from email_assistant.language_model.fingerprint import head_start_folder
from email_assistant.metrics.usual import Usual, usual_in
from email_assistant.pipeline.context import Context
from email_assistant.privacy.loopback import HOST, bind
from email_assistant.storage import jsonl
from email_assistant.storage.atomic import write_private
from email_assistant.storage.records import Pair

log = logging.getLogger(__name__)
# A page of this machine that leads to the link: programs' arguments, unlike this file, can be seen by other users.
OPENING_PAGE = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={link}">\n'
# Characters of an artifact's key in its adapter's name.
KEY_LENGTH = 8


def check(config: Config) -> None:
    """Check the adapter and the port before anything is loaded.

    Raises:
        ModelError: when the adapter's folder does not contain one.
        ConfigurationError: when the port is taken.
    """
    if adapter := adapter_path(config):
        check_folder(adapter)
    bind(config.compose.port, "compose.port=").close()


def run(context: Context) -> None:
    """Serve until Ctrl-C."""
    config = context.config
    access = Access(load_token(config.outputs))
    app = build(config, _serving(context), access, config.compose.port)
    bound = bind(config.compose.port, "compose.port=")
    link = f"http://{HOST}:{config.compose.port}/login?key={access.new_link_key()}"
    # Not logged: the log is a file.
    print(f"Open the page: {link} (works once, within ten minutes; Ctrl-C stops the page)", flush=True)
    print(
        f"For mail programs: http://{HOST}:{config.compose.port}/v1, token in {config.outputs / FOLDER / TOKEN_FILE}",
        flush=True,
    )
    opening = config.outputs / FOLDER / OPENING_FILE
    try:
        if config.compose.open:
            write_private(opening, OPENING_PAGE.format(link=link))
            webbrowser.open(opening.resolve().as_uri())
        # stage=lock refuses while the page runs.
        with context.cache.locked("compose", str(config.compose.port), lambda: None):
            serve(app, bound)
        # At its end Python would look for garbage among all modules, for longer than the rest takes.
        gc.freeze()
    finally:
        opening.unlink(missing_ok=True)


def _serving(context: Context) -> Serving:
    """The adapter: the one that is named, else the one that this configuration trained, else a head start."""
    config = context.config
    split = context.artifacts.get("split")
    training = split.path("train.jsonl") if split else None
    usual = usual_in(pair["email"] for pair in jsonl.Lines(training, Pair)) if training else Usual()
    shown = training if config.retrieval.method != "none" else None
    adapter, reason = _adapter(context)
    if adapter:
        return Serving(adapter, _name(config, adapter), True, request_forms(adapter), shown, usual)
    try:
        start = head_start_folder(config.model, config.outputs)
    except ModelError as error:
        # The page is up and says so.
        return Serving(None, "", False, [], None, usual, str(error))
    if start is None:
        return Serving(None, "", False, [], None, usual, reason)
    return Serving(start, f"{start.name}-head-start", False, request_forms(start), None, usual)


def _adapter(context: Context) -> tuple[Path | None, str]:
    """The adapter of the configuration; or None and what makes one."""
    named = adapter_path(context.config)
    if named:
        return named, ""
    trained = context.artifacts.get("train")
    return (trained.path("adapter"), "") if trained else (None, "python run.py data.path=sent.mbox")


def _name(config: Config, adapter: Path) -> str:
    """The name of an adapter, for programs: that in the registry, or of its folder, or of base model and artifact."""
    address = config.infer.adapter or ""
    if address.startswith(SCHEME):
        return address.removeprefix(SCHEME)
    if adapter.name != "adapter":
        return adapter.resolve().name
    return f"{Path(config.model.path).name}-{adapter.resolve().parent.name[:KEY_LENGTH]}"
