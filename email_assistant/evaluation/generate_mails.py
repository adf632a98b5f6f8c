"""Generates mails for requests: by the configured backend, the best of several candidates, resumably."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from email_assistant.configuration.schema import Config, Generation, Model
from email_assistant.console import StageLogger
from email_assistant.evaluation.best_of_n import best_completion
from email_assistant.language_model import gguf_adapter
from email_assistant.language_model.adapter_folder import check_base
from email_assistant.language_model.decoding import Completion, SamplingParams, completion_seed
from email_assistant.language_model.distributed import DistributedContext
from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.fingerprint import base_fingerprint, gguf_file, model_folder
from email_assistant.language_model.generation import TextGenerator, generate, generate_likeliest
from email_assistant.language_model.llama_cpp import LlamaCpp
from email_assistant.language_model.loading import LanguageModel, load_adapter, load_encoder
from email_assistant.language_model.process_settings import set_up_base
from email_assistant.progress import bar
from email_assistant.storage.jsonl import ResumableJsonl
from email_assistant.storage.records import GeneratedMail, Request


def start_llama_cpp(settings: Generation, base: Model, encoder: ChatEncoder, adapter: Path, work: Path) -> LlamaCpp:
    """Start llama.cpp with the configured GGUF file and the adapter, which is converted to GGUF in `work`."""
    target = work / "adapter.gguf"
    gguf_adapter.write(adapter, model_folder(base.path), target)
    return LlamaCpp(gguf_file(base), encoder, target, settings.slots, base.threads)


def text_generator(settings: Generation, base: Model, model: LanguageModel, adapter: Path, work: Path) -> TextGenerator:
    """The configured backend: the model itself, or llama.cpp with the same adapter."""
    if settings.backend == "transformers":
        return model
    return start_llama_cpp(settings, base, model.encoder, adapter, work)


def sampling_params(settings: Generation) -> SamplingParams:
    """The configured sampling parameters."""
    return SamplingParams(
        settings.max_new_tokens,
        settings.temperature,
        settings.top_p,
        settings.repetition_penalty,
        settings.no_repeat_ngram_size,
        settings.min_p,
    )


def generate_mails(
    model: TextGenerator,
    requests: Sequence[Request],
    prompts: Sequence[list[int]],
    settings: Generation,
    seed: int,
    progress_file: Path,
    label: str,
    cached: Mapping[str, GeneratedMail] | None = None,
    on_first: Callable[[GeneratedMail], None] | None = None,
) -> list[GeneratedMail]:
    """Generate a mail for every request, except for those that an interrupted run finished.

    Args:
        model: Generates the mails.
        requests: The requests, each with an id of its own.
        prompts: The prompt's token ids for each request.
        settings: Sampling parameters, number of candidates and batch size.
        seed: Together with the prompt, it seeds the sampling of a mail.
        progress_file: Where finished mails are kept until the caller is done.
        label: Shown on the progress bar and in the log.
        cached: Mails that were generated before, by the id of their request.
        on_first: Called with the first mail that is finished, to print it while the others are generated.

    Returns:
        The mails, in the order of the requests.
    """
    with ResumableJsonl(progress_file, GeneratedMail) as progress:
        resumed = len({request["id"] for request in requests} & progress.records.keys() - (cached or {}).keys())
        if resumed:
            StageLogger(__name__, label).info("resuming: %d of %d mails are finished", resumed, len(requests))
        mails = {**(cached or {}), **progress.records}
        known = len(mails)
        pending = [(request, ids) for request, ids in zip(requests, prompts, strict=True) if request["id"] not in mails]
        with bar(label, len(requests), len(requests) - len(pending)) as progress_bar:

            def on_completion(index: int, answer: Completion) -> None:
                request_id = pending[index][0]["id"]
                mail: GeneratedMail = {
                    "id": request_id,
                    "text": answer.text,
                    "tokens": answer.num_tokens,
                    "ended": answer.is_complete,
                }
                progress.append(mail)
                mails[request_id] = mail
                progress_bar.advance()
                if on_first and len(mails) == known + 1:
                    with progress_bar.paused():
                        on_first(mail)

            requests_left = [request for request, _ in pending]
            generate_best(model, requests_left, [ids for _, ids in pending], settings, seed, on_completion)
    return [mails[request["id"]] for request in requests]


def generate_best(
    model: TextGenerator,
    requests: Sequence[Request],
    prompts: Sequence[list[int]],
    settings: Generation,
    seed: int,
    on_best: Callable[[int, Completion], None],
) -> None:
    """Generate `generation.candidates` mails for each prompt and choose the best.

    Args:
        model: Generates the mails.
        requests: What each mail should say, which decides between its candidates.
        prompts: Token ids, one list for each request.
        settings: Sampling parameters, number of candidates and batch size.
        seed: Together with the prompt and the candidate's number, it seeds the sampling of a mail.
        on_best: Called with the prompt's index and the chosen mail once all its candidates are generated.
    """
    count = settings.num_candidates
    if settings.beams > 1 and not isinstance(model, LlamaCpp):

        def on_completions(index: int, completions: list[Completion]) -> None:
            on_best(index, best_completion(requests[index], completions))

        generate_likeliest(model, prompts, sampling_params(settings), count, settings.batch_size, on_completions)
        return
    candidates: dict[int, dict[int, Completion]] = {index: {} for index in range(len(prompts))}

    def on_completion(row: int, completion: Completion) -> None:
        index, candidate = divmod(row, count)
        candidates[index][candidate] = completion
        if len(candidates[index]) == count:
            finished = candidates.pop(index)
            on_best(index, best_completion(requests[index], [finished[number] for number in range(count)]))

    rows = [prompt for prompt in prompts for _ in range(count)]
    seeds = [candidate_seed(settings, seed, prompt, candidate) for prompt in prompts for candidate in range(count)]
    generate(model, rows, sampling_params(settings), seeds, settings.batch_size, on_completion)


def candidate_seed(settings: Generation, seed: int, prompt: Sequence[int], candidate: int = 0) -> int | None:
    """The seed of a candidate; None if it is written greedily.

    Args:
        settings: Says whether the first candidate is.
        seed: Seed of the whole run.
        prompt: Token ids.
        candidate: Its number.
    """
    is_greedy = not candidate and (settings.greedy_first or settings.by_beams)
    return None if is_greedy else completion_seed(seed, prompt, candidate)


@contextmanager
def tuned_model(
    config: Config, distributed: DistributedContext, adapter: Path, scratch: Path | None = None
) -> Iterator[TextGenerator]:
    """Load the base model with an adapter.

    Args:
        config: The whole configuration.
        distributed: Decides the device.
        adapter: The adapter's folder.
        scratch: A folder for the adapter in llama.cpp's format, which the caller removes, as a process must that may
            be ended before the block is; None: a folder of the outputs that is removed here.

    Raises:
        ModelError: when the adapter was trained on another base model.
    """
    # Checked before the base model is read, which takes a while.
    check_base(adapter, base_fingerprint(config.model, config.outputs))
    if config.generation.backend == "llama_cpp":
        with _scratch_folder(config.outputs, scratch) as folder:
            yield start_llama_cpp(config.generation, config.model, load_encoder(config.model), adapter, folder)
    else:
        yield load_adapter(
            set_up_base(config.model, distributed), adapter, base_fingerprint(config.model, config.outputs)
        )


@contextmanager
def _scratch_folder(outputs: Path, scratch: Path | None) -> Iterator[Path]:
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
        yield scratch
        return
    outputs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=outputs) as folder:
        yield Path(folder)
