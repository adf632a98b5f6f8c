"""Writing mails for instructions and scoring them: the same for validation and for the test set."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from email_assistant import jsonl
from email_assistant.config import Config, Generation, Model
from email_assistant.language_model import gguf_adapter
from email_assistant.language_model.decoding import Answer, Decoding
from email_assistant.language_model.encoding import ChatEncoder, request
from email_assistant.language_model.fingerprint import gguf_file, model_folder
from email_assistant.language_model.generation import Writer, write_all
from email_assistant.language_model.llama_cpp import LlamaCpp
from email_assistant.language_model.loading import LanguageModel, load_base
from email_assistant.metrics.mauve_score import MauveSettings, features, mauve_score
from email_assistant.metrics.text import text_scores
from email_assistant.progress import bar

Record = dict[str, Any]


def asked(pair: Record) -> str:
    """What is asked of the model for a pair: the same in training, scoring and inference."""
    return request(pair["instruction"], pair.get("context"))


def by_llama_cpp(config: Config, encoder: ChatEncoder, adapter: Path, work: Path) -> LlamaCpp:
    """llama.cpp with the configured GGUF, and the adapter written as GGUF into the folder `work`."""
    target = work / "adapter.gguf"
    gguf_adapter.write(adapter, model_folder(config.model.path), target)
    return LlamaCpp(gguf_file(config), encoder, target, config.generation.slots, config.model.threads)


def writer(config: Config, model: LanguageModel, adapter: Path, work: Path) -> Writer:
    """What writes mails: the model itself, or llama.cpp with the same adapter."""
    if config.generation.backend == "transformers":
        return model
    return by_llama_cpp(config, model.encoder, adapter, work)


def decoding_of(settings: Generation) -> Decoding:
    """The configured way to choose tokens."""
    return Decoding(settings.max_new_tokens, settings.temperature, settings.top_p, settings.repetition_penalty)


def write_mails(
    model: Writer,
    pairs: Sequence[Record],
    prompt_of: Callable[[Record], list[int]],
    config: Config,
    progress_file: Path,
    what: str,
) -> list[Record]:
    """A mail for every pair; what an interrupted call had written is read back.

    Args:
        model: That writes.
        pairs: With an `id` each.
        prompt_of: The prompt's ids for a pair.
        config: For decoding, seed and batch size.
        progress_file: Lines of finished mails.
        what: The label of the progress bar.

    Returns:
        Records of `id`, `text`, `tokens` and `ended`, in the order of the pairs.
    """
    progress_file.parent.mkdir(parents=True, exist_ok=True)
    finished = jsonl.read_finished(progress_file)
    jsonl.write(progress_file, finished)
    written: dict[str, Record] = {record["id"]: record for record in finished}
    pending = [pair for pair in pairs if pair["id"] not in written]
    with progress_file.open("a", encoding="utf-8") as file, bar(what, len(pairs), len(written)) as progress:

        def keep(index: int, answer: Answer) -> None:
            record = {"id": pending[index]["id"], **asdict(answer)}
            written[record["id"]] = record
            file.write(jsonl.line(record))
            file.flush()
            progress.advance()

        prompts = [prompt_of(pair) for pair in pending]
        write_all(model, prompts, decoding_of(config.generation), config.seed, config.generation.batch_size, keep)
    return [written[pair["id"]] for pair in pairs]


@dataclass
class Scorer:
    """Scores written mails against the owner's; the real mails' features are computed once."""

    config: Config
    features_by: LanguageModel
    real: Sequence[str]

    def __post_init__(self) -> None:
        """Compute the features of the real mails."""
        self._real_features = self._features(self.real)

    def score(self, written: Sequence[Record]) -> tuple[dict[str, float], dict[str, str]]:
        """BLEU, chrF, MAUVE, the ratio of lengths and the share that ended by itself, with their settings."""
        texts = [record["text"] for record in written]
        scores, signatures = text_scores(texts, self.real)
        settings = self.config.evaluation.mauve
        mauve = MauveSettings(settings.buckets, settings.scaling_factor, self.config.seed)
        scores["mauve"] = mauve_score(self._features(texts), self._real_features, mauve)
        scores["ended"] = sum(bool(record["ended"]) for record in written) / len(written)
        signatures["mauve"] = (
            f"features:{Path(settings.model_path or self.config.model.path).name}|mails:{len(texts)}|"
            f"buckets:{settings.buckets or 'tenth, at least 5'}|scale:{settings.scaling_factor}|"
            f"tokens:{settings.max_tokens}|seed:{self.config.seed}"
        )
        return scores, signatures

    def _features(self, texts: Sequence[str]) -> Any:
        encoder = self.features_by.encoder
        ids = [encoder.text_ids(text)[: self.config.evaluation.mauve.max_tokens] for text in texts]
        model: Any = self.features_by.model
        if not hasattr(model, "disable_adapter"):
            return features(model, [row or [encoder.pad_id] for row in ids], self.features_by.device)
        with model.disable_adapter():
            base = model.get_base_model()
            return features(base, [row or [encoder.pad_id] for row in ids], self.features_by.device)


def scorer(config: Config, writing: LanguageModel, real: Sequence[str]) -> Scorer:
    """A scorer whose features come of the configured model, or of the writing one's base."""
    path = config.evaluation.mauve.model_path
    if path is None:
        return Scorer(config, writing, real)
    settings = Model(
        path=path,
        gguf=None,
        architecture=None,
        quantization="none",
        dtype="auto",
        device=config.model.device,
        threads=config.model.threads,
    )
    return Scorer(config, load_base(settings), real)
