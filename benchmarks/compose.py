"""Time to the first words of a draft, and per token after that, with the bundled model and its head start.

python -m benchmarks compose    the page (six drafts at once) and the API (one) of stage=compose over HTTP,
                                transformers' own streaming, and llama.cpp with the same adapter on 4-bit weights

Each arm answers the same requests, one after another; the order of the arms alternates from round to round.
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
from pathlib import Path
from typing import Any

from transformers import TextIteratorStreamer

from benchmarks.model import ROOT, configured
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
ROUNDS, PORT = 3, 8499
# The times at which text arrived, in seconds after asking.
Arm = Callable[[str], list[float]]


def report() -> None:
    """Print a line for each arm."""
    config = configured("generation.max_new_tokens=80")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        token = stack.enter_context(_server(folder))
        model = stack.enter_context(tuned_model(config, SINGLE_PROCESS, HEAD_START))
        assert isinstance(model, LanguageModel)
        llama = start_llama_cpp(config.generation, config.model, model.encoder, HEAD_START, folder)
        arms: dict[str, Arm] = {
            f"page, {DRAFTS} drafts": lambda note: _over_http(
                token, "/page/drafts", {"request": note}, b'"draft":0,"text"'
            ),
            "api, one draft": lambda note: _over_http(token, "/v1/chat/completions", _chat(note), b'"content": "'),
            "transformers": lambda note: _transformers(model, note),
            "llama.cpp": lambda note: _llama_cpp(llama, config, note),
        }
        found: dict[str, list[list[float]]] = {name: [] for name in arms}
        for number in range(ROUNDS + 1):
            for name in arms if number % 2 else reversed(arms):
                times = [arms[name](note) for note in NOTES]
                # The first round warms up.
                found[name] += times if number else []
    for name, runs in found.items():
        first = statistics.median(times[0] for times in runs)
        token_time = statistics.median((times[-1] - times[0]) / (len(times) - 1) for times in runs if len(times) > 1)
        print(
            f"compose: {name}: first words after {first:.2f} s, then {1000 * token_time:.0f} ms per token", flush=True
        )


@contextmanager
def _server(outputs: Path) -> Iterator[str]:
    arguments = [f"infer.adapter={HEAD_START}", f"compose.port={PORT}", f"paths.outputs={outputs}/outputs"]
    command = [sys.executable, "run.py", "stage=compose", "tracking=none", "generation.max_new_tokens=80", *arguments]
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
        kwargs={**inputs, "streamer": streamer, "max_new_tokens": 80, "do_sample": False},
    )
    thread.start()
    times = [time.perf_counter() - started for text in streamer if text]
    thread.join()
    return times


def _llama_cpp(llama: LlamaCpp, config: Any, note: str) -> list[float]:
    started = time.perf_counter()
    pieces = stream(llama, llama.encoder.prompt(note), sampling_params(config.generation), 1)
    return [time.perf_counter() - started for text in pieces if text]
