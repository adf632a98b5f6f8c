"""Time to the first words of a draft, and per token after that, with the bundled model and its head start.

python -m benchmarks compose    the page (several drafts at once) and the API (one) of stage=compose over HTTP,
                                transformers' own streaming, and llama.cpp with the same adapter on 4-bit weights

Each arm answers the same requests, one after another.
"""

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from transformers import TextIteratorStreamer

from benchmarks.measure import Row, alternate, is_installed
from benchmarks.model import configured
from benchmarks.settings import ROOT
from email_assistant.compose.writing import DRAFTS
from email_assistant.evaluation.generate_mails import sampling_params, start_llama_cpp, tuned_model
from email_assistant.language_model.distributed import SINGLE_PROCESS
from email_assistant.language_model.llama_cpp import LlamaCpp
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.streaming import stream

HEAD_START = ROOT / "head_start" / "smollm2_135m"
NOTES = (
    "piers: need the ladder back before sunday, for the chapel lamp",
    "ida: meeting moved to thursday 14:30, room 12. bring the plans",
    "bo: invoice 417 paid twice by mistake, 250 dollars. please send one back. no hurry",
    "team: deploy failed again, rolled back to last week's version. will look at it tomorrow morning",
)
PORT, NEW_TOKENS = 8499, 24
PAGE, API = f"the page, {DRAFTS} drafts at once", "the API, one draft"
TRANSFORMERS, LLAMA_CPP = "streaming of transformers, one draft", "llama.cpp, 4-bit weights, one draft"
# The times at which text arrived, in seconds after asking.
Arm = Callable[[str], list[float]]


def rows(rounds: int) -> Iterator[Row]:
    """Seconds to the first words, and milliseconds per token after them: medians over the notes."""
    config = configured(f"generation.max_new_tokens={NEW_TOKENS}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        token = stack.enter_context(_server(folder))
        model = stack.enter_context(tuned_model(config, SINGLE_PROCESS, HEAD_START))
        assert isinstance(model, LanguageModel)
        arms: dict[str, Arm] = {
            PAGE: lambda note: _over_http(token, "/page/drafts", {"request": note}, b'"draft":0,"text"'),
            API: lambda note: _over_http(token, "/v1/chat/completions", _chat(note), b'"content": "'),
            TRANSFORMERS: lambda note: _transformers(model, note),
        }
        if is_installed("xllamacpp"):
            llama = start_llama_cpp(config.generation, config.model, model.encoder, HEAD_START, folder)
            arms[LLAMA_CPP] = lambda note: _llama_cpp(llama, config, note)
        for arm in arms.values():
            # The first answer warms up.
            arm(NOTES[0])
        runs = alternate({name: partial(_first_and_next, arm) for name, arm in arms.items()}, rounds)
    first, after = (0, "first words of a draft, s"), (1, "each token after them, ms")
    for ours, (index, what), peers in (
        (PAGE, first, (TRANSFORMERS, LLAMA_CPP)),
        (API, first, (TRANSFORMERS, LLAMA_CPP)),
        (API, after, (TRANSFORMERS, LLAMA_CPP)),
        (PAGE, after, (API,)),
    ):
        for peer in peers:
            figures, theirs = ([run[index] for run in runs.get(name, [])] for name in (ours, peer))
            yield Row(f"{ours}: {what}", peer, figures, theirs, less_is_better=True)


def _first_and_next(arm: Arm) -> tuple[float, float]:
    times = [arm(note) for note in NOTES]
    per_token = [(each[-1] - each[0]) / (len(each) - 1) for each in times if len(each) > 1]
    return statistics.median(each[0] for each in times), 1000 * statistics.median(per_token)


@contextmanager
def _server(outputs: Path) -> Iterator[str]:
    arguments = [f"infer.adapter={HEAD_START}", f"compose.port={PORT}", f"paths.outputs={outputs}/outputs"]
    arguments += ["tracking=none", f"generation.max_new_tokens={NEW_TOKENS}"]
    command = [sys.executable, "run.py", "stage=compose", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        # Lines of the log may come before the two that say where the page is.
        while "For mail programs:" not in process.stdout.readline():
            assert process.poll() is None
        token = (outputs / "outputs" / "compose" / "token").read_text().strip()
        while b'"ready"' not in _request(token, "GET", "/page/state", None).read():
            time.sleep(0.2)
        yield token
    finally:
        process.terminate()
        process.wait()


def _request(token: str, method: str, path: str, body: Any) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    return connection.getresponse()


def _over_http(token: str, path: str, body: Any, marker: bytes) -> list[float]:
    """When lines with text of the first draft arrived."""
    started = time.perf_counter()
    lines = _request(token, "POST", path, body)
    return [time.perf_counter() - started for line in lines if marker in line and marker + b'"' not in line]


def _chat(note: str) -> dict[str, Any]:
    return {"model": "smollm2_135m", "messages": [{"role": "user", "content": note}], "stream": True}


def _transformers(model: LanguageModel, note: str) -> list[float]:
    started = time.perf_counter()
    tokenizer: Any = model.encoder.tokenizer
    streamer = TextIteratorStreamer(tokenizer, skip_prompt=True)
    inputs = tokenizer.pad({"input_ids": [model.encoder.prompt(note)]}, return_tensors="pt")
    thread = threading.Thread(
        target=model.model.generate,
        kwargs={**inputs, "streamer": streamer, "max_new_tokens": NEW_TOKENS, "do_sample": False},
    )
    thread.start()
    times = [time.perf_counter() - started for text in streamer if text]
    thread.join()
    return times


def _llama_cpp(llama: LlamaCpp, config: Any, note: str) -> list[float]:
    started = time.perf_counter()
    pieces = stream(llama, llama.encoder.prompt(note), sampling_params(config.generation), 1)
    return [time.perf_counter() - started for text in pieces if text]
