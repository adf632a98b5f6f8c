"""Generation by llama.cpp (xllamacpp) from 4-bit GGUF weights, for machines without a GPU.

The prompts' token ids are the same in all backends; samples differ because the random numbers do. With a repetition
penalty llama.cpp looks back `max_new_tokens` tokens, which may include the end of the prompt.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from email_assistant.errors import ModelError
from email_assistant.language_model.decoding import Completion, FinishReason, SamplingParams
from email_assistant.language_model.encoding import ChatEncoder

# The context of a slot grows by this many tokens at a time.
CONTEXT_STEP = 512
# Effectively forbids a token: no logit outweighs this penalty of the DRY sampler.
DRY_PENALTY = 1e4
# DRY requires a sequence breaker; this one does not occur in text.
UNUSED_BREAKER = "\u2417\u2417"


@dataclass(frozen=True)
class Chunk:
    """A piece of a completion.

    Attributes:
        text: The new text.
        finish_reason: Set with the last piece: 'stop' or 'length'.
        num_tokens: Of the last piece, the tokens of the whole completion, with that of its end; else 0.
    """

    text: str
    finish_reason: FinishReason | None = None
    num_tokens: int = 0


class LlamaCpp:
    """A GGUF model, with or without an adapter.

    Attributes:
        encoder: The encoder of the model that the GGUF was made from.
        adapted: Whether the adapter is applied; may be changed between calls.
    """

    def __init__(
        self, gguf: Path, encoder: ChatEncoder, adapter: Path | None, slots: int, threads: int | None = None
    ) -> None:
        """Check that the files exist. The model is loaded with the first prompt, when the context size is known.

        Args:
            gguf: The base model.
            encoder: An encoder with the tokenizer of the base model.
            adapter: A LoRA adapter as GGUF, from `gguf_adapter.write`, or None.
            slots: How many prompts are completed at a time.
            threads: CPU threads; None: one per core.

        Raises:
            ModelError: when a file does not exist.
        """
        for file in (gguf, adapter):
            if file is not None and not file.is_file():
                raise ModelError(f"{file}: no such file; set model.gguf to the base model as a GGUF file")
        self.encoder, self.adapted = encoder, adapter is not None
        self._gguf, self._adapter, self._slots = gguf, adapter, slots
        self._threads = threads or os.cpu_count()
        self._server: Any = None
        self._server_context = self._server_slots = 0

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        params: SamplingParams,
        seeds: Sequence[int | None],
        on_completion: Callable[[int, Completion], None],
    ) -> None:
        """Complete every prompt; `on_completion(index, completion)` is called in this thread for each.

        Raises:
            ModelError: when xllamacpp is not installed, or llama.cpp fails.
        """
        if not prompts:
            return
        slots = min(self._slots, len(prompts))
        server = self._start_server(max(map(len, prompts)) + params.max_new_tokens, slots)
        results: SimpleQueue[tuple[int, Completion | BaseException]] = SimpleQueue()

        def complete(index: int) -> None:
            try:
                response = server.handle_completions(self._request(prompts[index], params, seeds[index]))
                results.put((index, _completion(response)))
            except Exception as error:
                # Raised again below, in the caller's thread.
                results.put((index, error))

        with ThreadPoolExecutor(slots) as pool:
            for index in range(len(prompts)):
                pool.submit(complete, index)
            for _ in prompts:
                index, result = results.get()
                if isinstance(result, BaseException):
                    pool.shutdown(cancel_futures=True)
                    raise result
                on_completion(index, result)

    def stream_chunks(
        self, prompt: Sequence[int], params: SamplingParams, seed: int | None, stop: Sequence[str] = ()
    ) -> Iterator[Chunk]:
        """Yield the completion piece by piece; the last piece says why it ended and how many tokens it has.

        Args:
            prompt: Token ids.
            params: How tokens are chosen.
            seed: Seed of the sampling; None: greedy decoding.
            stop: Sequences that end the text and are not part of it.

        Raises:
            ModelError: as `generate`, or when llama.cpp ends without saying why.
        """
        server = self._start_server(len(prompt) + params.max_new_tokens, 1)
        pieces: SimpleQueue[Chunk | BaseException | None] = SimpleQueue()
        is_stopped = False
        request = {**self._request(prompt, params, seed), "stream": True, "stop": list(stop)}

        def on_chunk(chunk: dict[str, Any]) -> bool:
            pieces.put(_chunk(chunk) if "choices" in chunk else _error(chunk))
            return is_stopped

        def complete() -> None:
            try:
                server.handle_completions({**request, "stream_options": {"include_usage": True}}, on_chunk)
            except Exception as error:
                pieces.put(error)
            pieces.put(None)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(complete)
            try:
                while (piece := pieces.get()) is not None:
                    if isinstance(piece, BaseException):
                        raise piece
                    yield piece
                    if piece.finish_reason:
                        return
                raise ModelError(
                    "llama.cpp: stopped before the text was complete; try again, or use generation.backend=transformers"
                )
            finally:
                is_stopped = True

    def _start_server(self, context: int, slots: int) -> Any:
        """A server with at least this many slots of at least this many tokens; a running one is reused if it can be."""
        if context <= self._server_context and slots <= self._server_slots:
            return self._server
        # The old one is freed before the new one takes memory.
        self._server = None
        self._server_context, self._server_slots = -(-context // CONTEXT_STEP) * CONTEXT_STEP, slots
        try:
            self._server = self._new_server()
        except BaseException:
            self._server_context = self._server_slots = 0
            raise
        return self._server

    def _new_server(self) -> Any:
        try:
            import xllamacpp
        except ImportError as error:
            raise ModelError(
                "generation.backend = llama_cpp: xllamacpp is not installed; pip install 'email-assistant[llama-cpp]'"
            ) from error
        settings = xllamacpp.CommonParams()
        settings.model.path = str(self._gguf)
        settings.n_parallel, settings.n_ctx = self._server_slots, self._server_slots * self._server_context
        settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = self._threads
        settings.verbosity = -1
        # The server listens on 127.0.0.1, which is not used here. A random key keeps other users of the machine out.
        settings.api_keys, settings.cors_origins = [secrets.token_hex()], ""
        # Its prompt cache ignores which adapter the prompts were processed with.
        settings.cache_ram_mib = 0
        settings.ui = settings.endpoint_slots = False
        if self._adapter is not None:
            settings.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(self._adapter), 1.0)]
        try:
            return xllamacpp.Server(settings)
        except RuntimeError as error:
            raise ModelError(f"{self._gguf}: llama.cpp cannot load it: {error}") from error

    def _request(self, prompt: Sequence[int], params: SamplingParams, seed: int | None) -> dict[str, Any]:
        request: dict[str, Any] = {
            "prompt": list(prompt),
            "n_predict": params.max_new_tokens,
            "temperature": 0.0 if seed is None else params.temperature,
            "top_p": params.top_p,
            "top_k": 0,
            "min_p": params.min_p,
            "repeat_penalty": params.repetition_penalty,
            "repeat_last_n": params.max_new_tokens,
            "samplers": ["penalties", "dry", "temperature", "top_p", "min_p"],
            "seed": (seed or 0) % 2**32,
            "cache_prompt": True,
        }
        if params.no_repeat_ngram_size:
            # The DRY sampler penalizes a token that would extend a repeated n-gram.
            request |= {
                "dry_multiplier": DRY_PENALTY,
                "dry_base": 1.0,
                "dry_allowed_length": params.no_repeat_ngram_size - 1,
                "dry_penalty_last_n": params.max_new_tokens,
                "dry_sequence_breakers": [UNUSED_BREAKER],
            }
        if self._adapter is not None:
            request["lora"] = [{"id": 0, "scale": 1.0 if self.adapted else 0.0}]
        return request


def _completion(response: dict[str, Any]) -> Completion:
    if "choices" not in response:
        raise _error(response)
    choice = response["choices"][0]
    return Completion(choice["text"].strip(), int(response["usage"]["completion_tokens"]), _reason(choice))


def _chunk(response: dict[str, Any]) -> Chunk:
    choice = response["choices"][0]
    if choice["finish_reason"] is None:
        return Chunk(choice["text"])
    return Chunk(choice["text"], _reason(choice), int(response["usage"]["completion_tokens"]))


def _reason(choice: dict[str, Any]) -> FinishReason:
    return "stop" if choice["finish_reason"] == "stop" else "length"


def _error(response: dict[str, Any]) -> ModelError:
    return ModelError(f"llama.cpp: {response.get('message') or response.get('error') or response}")
