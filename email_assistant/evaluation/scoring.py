"""Writing mails for instructions and scoring them: the same for validation and for the test set."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from email_assistant.configuration.schema import Config, Generation, Model
from email_assistant.evaluation import candidates
from email_assistant.evaluation.perplexity import perplexity
from email_assistant.language_model import gguf_adapter
from email_assistant.language_model.decoding import Completion, SamplingParams, row_seed
from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.features import embed_texts
from email_assistant.language_model.fingerprint import gguf_file, model_folder
from email_assistant.language_model.generation import TextGenerator, generate
from email_assistant.language_model.llama_cpp import LlamaCpp
from email_assistant.language_model.loading import LanguageModel, load_base
from email_assistant.metrics.copying import TrainingMails, copying, longest
from email_assistant.metrics.facts import habitual
from email_assistant.metrics.faithfulness import faithfulness
from email_assistant.metrics.formulas import Array
from email_assistant.metrics.mauve_score import MauveSettings, mauve_measured, mauve_scores
from email_assistant.metrics.measured import Measured, mean
from email_assistant.metrics.style import style_distances
from email_assistant.metrics.text import signatures, text_scores
from email_assistant.progress import bar
from email_assistant.requests.prompting import Embed, asked
from email_assistant.storage import jsonl

Record = dict[str, Any]


def by_llama_cpp(config: Config, encoder: ChatEncoder, adapter: Path, work: Path) -> LlamaCpp:
    """llama.cpp with the configured GGUF, and the adapter written as GGUF into the folder `work`."""
    target = work / "adapter.gguf"
    gguf_adapter.write(adapter, model_folder(config.model.path), target)
    return LlamaCpp(gguf_file(config), encoder, target, config.generation.slots, config.model.threads)


def writer(config: Config, model: LanguageModel, adapter: Path, work: Path) -> TextGenerator:
    """What writes mails: the model itself, or llama.cpp with the same adapter."""
    if config.generation.backend == "transformers":
        return model
    return by_llama_cpp(config, model.encoder, adapter, work)


def embedder(config: Config, model: LanguageModel | None) -> Embed:
    """Texts to vectors by the base model, which is loaded when it is first needed where there is none."""
    loaded: list[LanguageModel] = [] if model is None else [model]

    def embed(texts: Sequence[str]) -> Any:
        if not loaded:
            loaded.append(load_base(config.model))
        return embed_texts(loaded[0], texts, config.evaluation.mauve.max_tokens, "mean")

    return embed


def decoding_of(settings: Generation) -> SamplingParams:
    """The configured way to choose tokens."""
    return SamplingParams(
        settings.max_new_tokens,
        settings.temperature,
        settings.top_p,
        settings.repetition_penalty,
        settings.no_repeat_ngram_size,
        settings.min_p,
    )


def write_mails(
    model: TextGenerator,
    pairs: Sequence[Record],
    prompts: Sequence[list[int]],
    config: Config,
    progress_file: Path,
    what: str,
) -> list[Record]:
    """A mail for every pair; what an interrupted call had written is read back.

    Args:
        model: That writes.
        pairs: With an `id` each.
        prompts: The prompt's ids for each pair.
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
    pending = [(pair, ids) for pair, ids in zip(pairs, prompts, strict=True) if pair["id"] not in written]
    with progress_file.open("a", encoding="utf-8") as file, bar(what, len(pairs), len(written)) as progress:

        def keep(index: int, answer: Completion) -> None:
            record = {"id": pending[index][0]["id"], **answer.record()}
            written[record["id"]] = record
            file.write(jsonl.line(record))
            file.flush()
            progress.advance()

        write_best(model, [pair["instruction"] for pair, _ in pending], [ids for _, ids in pending], config, keep)
    return [written[pair["id"]] for pair in pairs]


def write_best(
    model: TextGenerator,
    instructions: Sequence[str],
    prompts: Sequence[list[int]],
    config: Config,
    finished: Callable[[int, Completion], None],
) -> None:
    """Write the configured number of candidates for each prompt and choose of them.

    Args:
        model: That writes.
        instructions: What each mail should say, which the candidates are compared with.
        prompts: Token ids, one for each instruction.
        config: For decoding, candidates, seed and batch size.
        finished: Called with the place of the prompt and the chosen answer as soon as all its candidates are there.
    """
    num_candidates = config.generation.num_candidates
    answers: dict[int, dict[int, Completion]] = {place: {} for place in range(len(prompts))}

    def keep(row: int, answer: Completion) -> None:
        place, candidate = divmod(row, num_candidates)
        answers[place][candidate] = answer
        if len(answers[place]) == num_candidates:
            written = answers.pop(place)
            finished(place, candidates.best(instructions[place], [written[each] for each in range(num_candidates)]))

    rows = [prompt for prompt in prompts for _ in range(num_candidates)]
    seeds = [row_seed(config.seed, prompt, candidate) for prompt in prompts for candidate in range(num_candidates)]
    generate(model, rows, decoding_of(config.generation), seeds, config.generation.batch_size, keep)


def perplexity_of(model: LanguageModel, pairs: Sequence[Record], prompts: Sequence[list[int]], what: str) -> Measured:
    """Perplexity of the real mails after their prompts, by the model as it is: with its adapter or without."""
    examples = [model.encoder.completed(ids, pair["email"]) for pair, ids in zip(pairs, prompts, strict=True)]
    with bar(f"{what}: real", len(examples)) as progress:
        return perplexity(model.model, examples, model.device, progress.advance)


class Scorer:
    """Scores written mails against the owner's; what is known of the real mails is computed once."""

    def __init__(
        self, config: Config, features_by: LanguageModel, pairs: Sequence[Record], training: Sequence[Record]
    ) -> None:
        """Look at the real mails and at those that the owner is known by.

        Args:
            config: For MAUVE's settings and the seed.
            features_by: The model of MAUVE's features; an adapter on it is left out.
            pairs: With the real mail of each that is to be written.
            training: The owner's training pairs.
        """
        self.config, self._features_by = config, features_by
        self._known: dict[tuple[str, ...], Array] = {}
        self.real = [pair["email"] for pair in pairs]
        self._asked = [asked(pair) for pair in pairs]
        owned = jsonl.Field(training, "email")
        self._training, self._habitual = TrainingMails(owned), habitual(owned)
        settings = config.evaluation.mauve
        seeds = tuple(range(config.seed, config.seed + settings.seeds))
        self.mauve = MauveSettings(settings.buckets, settings.scaling_factor, seeds)
        self._real_features = self._features(self.real)

    def measure(self, written: Sequence[Record]) -> dict[str, Measured]:
        """All scores of written mails but those that need more than their texts.

        Args:
            written: Records with `text` and, where a model wrote them, `ended`; one for each pair, in order.
        """
        texts = [record["text"] for record in written]
        found = text_scores(texts, self.real)
        found["mauve"] = mauve_measured(self._features(texts), self._real_features, self.mauve)
        if all("ended" in record for record in written):
            found["ended"] = mean([float(record["ended"]) for record in written])
        return found | self.measure_content(texts) | style_distances(texts, self.real)

    def measure_content(self, texts: Sequence[str]) -> dict[str, Measured]:
        """What mails keep of their requests and add, and what they copy: the scores that are of each mail by itself."""
        return faithfulness(texts, self._asked, self._habitual) | copying(texts, self._training)

    def longest_copy(self, written: Sequence[Record]) -> int:
        """The longest run of words that any written mail shares with a training mail."""
        return longest([record["text"] for record in written], self._training)

    def mauve_by_seed(self, written: Sequence[Record]) -> list[float]:
        """MAUVE as `mauve-text` computes it, for each seed of the clusters."""
        return mauve_scores(self._features([record["text"] for record in written]), self._real_features, self.mauve)

    def signatures(self) -> dict[str, str]:
        """How the scores were computed."""
        settings, mails = self.config.evaluation.mauve, len(self.real)
        model = Path(settings.model_path or self.config.model.path).name
        return signatures() | {
            "mauve": f"features:{model}|mails:{mails}|buckets:{self.mauve.buckets_for(mails, mails)}|"
            f"scale:{settings.scaling_factor}|tokens:{settings.max_tokens}|seeds:{list(self.mauve.seeds)}"
        }

    def _features(self, texts: Sequence[str]) -> Array:
        """MAUVE's features of an arm's texts, which two scores ask for, made once."""
        key = tuple(texts)
        if key not in self._known:
            self._known[key] = embed_texts(self._features_by, texts, self.config.evaluation.mauve.max_tokens, "last")
        return self._known[key]


def scorer(config: Config, writing: LanguageModel, pairs: Sequence[Record], training: Sequence[Record]) -> Scorer:
    """A scorer whose features come of the configured model, or of the writing one's base."""
    path = config.evaluation.mauve.model_path
    return Scorer(config, another_model(config, path) if path else writing, pairs, training)


def another_model(config: Config, path: str) -> LanguageModel:
    """A model beside the base, for features."""
    settings = Model(
        path=path,
        gguf=None,
        architecture=None,
        quantization="none",
        dtype="auto",
        device=config.model.device,
        threads=config.model.threads,
    )
    return load_base(settings)
