"""Writing by llama.cpp (xllamacpp): GGUF weights in 4 bit, for people without a GPU.

The prompts' ids are the same as everywhere; what is sampled differs, since the random numbers do.
When it penalises repetition llama.cpp looks back over `max_new_tokens` tokens, the end of the prompt among them.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from email_assistant.errors import ModelError
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.encoding import ChatEncoder

# A slot's context grows by so many tokens.
BLOCK = 512
# What DRY takes off a logit, which nothing makes up for; and a text that breaks no run, since it wants one that does.
FORBIDDEN, NO_BREAKER = 1e4, "\u2417\u2417"


class LlamaCpp:
    """A GGUF model and, where there is one, an adapter on it.

    Attributes:
        encoder: Of the model that the GGUF was made from.
        adapted: Whether the adapter takes part; may be switched between calls.
    """

    def __init__(
        self, gguf: Path, encoder: ChatEncoder, adapter: Path | None, slots: int, threads: int | None = None
    ) -> None:
        """Nothing is loaded before the first prompt says how much room is needed.

        Args:
            gguf: The base model.
            encoder: Of its tokenizer.
            adapter: A LoRA as GGUF, by `gguf_adapter.write`.
            slots: Answers at once.
            threads: None: one for each core.

        Raises:
            ModelError: when xllamacpp is not installed, or a file is not there.
        """
        for file in (gguf, adapter):
            if file is not None and not file.is_file():
                raise ModelError(f"{file}: there is no such file; model.gguf names the base model as GGUF")
        self.encoder, self.adapted = encoder, adapter is not None
        self._gguf, self._adapter, self._slots = gguf, adapter, slots
        self._threads = threads or os.cpu_count()
        self._server: Any = None
        self._context = self._serving = 0

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        decoding: SamplingParams,
        seeds: Sequence[int],
        finished: Callable[[int, Completion], None],
    ) -> None:
        """Answer every prompt by its seed; `finished(index, answer)` is called in this thread as each is written."""
        if not prompts:
            return
        slots = min(self._slots, len(prompts))
        server = self._serve(max(map(len, prompts)) + decoding.max_new_tokens, slots)
        done: SimpleQueue[tuple[int, Completion | BaseException]] = SimpleQueue()

        def write(index: int) -> None:
            try:
                answer: Completion | BaseException = _answer(
                    server.handle_completions(self._request(prompts[index], decoding, seeds[index]))
                )
            except Exception as error:
                # Raised again below, where the caller sees it.
                answer = error
            done.put((index, answer))

        with ThreadPoolExecutor(slots) as pool:
            for index in range(len(prompts)):
                pool.submit(write, index)
            for _ in prompts:
                index, answer = done.get()
                if isinstance(answer, BaseException):
                    pool.shutdown(cancel_futures=True)
                    raise answer
                finished(index, answer)

    def stream(self, prompt: Sequence[int], decoding: SamplingParams, seed: int) -> Iterator[str]:
        """The answer's text piece by piece, as llama.cpp gives it."""
        server = self._serve(len(prompt) + decoding.max_new_tokens, 1)
        pieces: SimpleQueue[str | BaseException | None] = SimpleQueue()
        stopped = False

        def take(chunk: dict[str, Any]) -> bool:
            if "choices" in chunk:
                pieces.put(chunk["choices"][0]["text"])
            else:
                pieces.put(_error(chunk))
            return stopped

        def write() -> None:
            try:
                server.handle_completions({**self._request(prompt, decoding, seed), "stream": True}, take)
            except Exception as error:
                pieces.put(error)
            pieces.put(None)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(write)
            try:
                while (piece := pieces.get()) is not None:
                    if isinstance(piece, BaseException):
                        raise piece
                    yield piece
            finally:
                stopped = True

    def _serve(self, tokens: int, slots: int) -> Any:
        """llama.cpp with room for so many tokens in each of so many slots."""
        if tokens <= self._context and slots <= self._serving:
            return self._server
        try:
            import xllamacpp
        except ImportError as error:
            raise ModelError(
                "generation.backend = llama_cpp: xllamacpp is not installed; pip install 'email-assistant[llama-cpp]'"
            ) from error
        self._server = None
        self._context, self._serving = -(-tokens // BLOCK) * BLOCK, slots
        settings = xllamacpp.CommonParams()
        settings.model.path = str(self._gguf)
        settings.n_parallel, settings.n_ctx = slots, slots * self._context
        settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = self._threads
        settings.verbosity = -1
        # It listens on 127.0.0.1, though nothing here asks it there; no one else on this machine gets in.
        settings.api_keys, settings.cors_origins = [secrets.token_hex()], ""
        # Its store of earlier prompts does not know with which adapter they were read.
        settings.cache_ram_mib = 0
        settings.ui = settings.endpoint_slots = False
        if self._adapter is not None:
            settings.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(self._adapter), 1.0)]
        try:
            self._server = xllamacpp.Server(settings)
        except RuntimeError as error:
            self._context = self._serving = 0
            raise ModelError(f"{self._gguf}: llama.cpp cannot load it: {error}") from error
        return self._server

    def _request(self, prompt: Sequence[int], decoding: SamplingParams, seed: int) -> dict[str, Any]:
        request: dict[str, Any] = {
            "prompt": list(prompt),
            "n_predict": decoding.max_new_tokens,
            "temperature": decoding.temperature,
            "top_p": decoding.top_p,
            "top_k": 0,
            "min_p": decoding.min_p,
            "repeat_penalty": decoding.repetition_penalty,
            "repeat_last_n": decoding.max_new_tokens,
            "samplers": ["penalties", "dry", "temperature", "top_p", "min_p"],
            "seed": seed % 2**32,
            "cache_prompt": True,
        }
        if decoding.no_repeat_ngram_size:
            # Its sampler DRY takes so much off a token that would go on with a run that was written before.
            request |= {
                "dry_multiplier": FORBIDDEN,
                "dry_base": 1.0,
                "dry_allowed_length": decoding.no_repeat_ngram_size - 1,
                "dry_penalty_last_n": decoding.max_new_tokens,
                "dry_sequence_breakers": [NO_BREAKER],
            }
        if self._adapter is not None:
            request["lora"] = [{"id": 0, "scale": 1.0 if self.adapted else 0.0}]
        return request


def _answer(response: dict[str, Any]) -> Completion:
    if "choices" not in response:
        raise _error(response)
    choice = response["choices"][0]
    finish_reason: Literal["stop", "length"] = "stop" if choice["finish_reason"] == "stop" else "length"
    return Completion(choice["text"].strip(), int(response["usage"]["completion_tokens"]), finish_reason)


def _error(response: dict[str, Any]) -> ModelError:
    return ModelError(f"llama.cpp: {response.get('message') or response.get('error') or response}")
