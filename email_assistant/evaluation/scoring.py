"""Scoring generated mails against the owner's, on the validation set and on the test set."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from email_assistant.configuration.schema import Config, Mauve
from email_assistant.evaluation.perplexity import perplexity
from email_assistant.language_model import number_format
from email_assistant.language_model.embeddings import embed_texts
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.process_settings import set_up_base
from email_assistant.metrics.copying import TrainingMails, copying, longest_run
from email_assistant.metrics.formulas import Array
from email_assistant.metrics.mauve_score import MauveSettings, mauve_score
from email_assistant.metrics.per_mail_score import PerMailScore, mean_score
from email_assistant.metrics.scores import OWNER_MAILS, REQUESTS, SCORES_VERSION
from email_assistant.metrics.sense import sense
from email_assistant.metrics.style import style_distances
from email_assistant.metrics.text import signatures, text_scores
from email_assistant.metrics.usual import usual_in
from email_assistant.progress import bar
from email_assistant.requests.shorthand import spelled_out
from email_assistant.storage.hashing import hash_of
from email_assistant.storage.jsonl import Field
from email_assistant.storage.records import GeneratedMail, Pair


def perplexity_of(
    model: LanguageModel, pairs: Sequence[Pair], prompts: Sequence[list[int]], label: str
) -> PerMailScore:
    """Perplexity of the owner's mails given their prompts, with the adapter enabled or disabled as it is."""
    examples = [model.encoder.completed(ids, pair["email"]) for pair, ids in zip(pairs, prompts, strict=True)]
    # What does not fit into the model's window is not counted.
    examples = [replace(example, ids=example.ids[: model.window]) for example in examples]
    with bar(f"{label}: real", len(examples)) as progress_bar:
        return perplexity(model.model, examples, model.device, progress_bar.advance)


class Scorer:
    """Scores generated mails against the owner's; everything about the owner's mails is computed once.

    Attributes:
        real: The owner's mails.
        mauve: The settings of MAUVE.
    """

    def __init__(
        self,
        settings: Mauve,
        seed: int,
        embedding_model: LanguageModel,
        features_name: str,
        pairs: Sequence[Pair],
        training: Sequence[Pair],
        vocabulary: Mapping[str, int],
    ) -> None:
        """Prepare the owner's mails.

        Args:
            settings: How MAUVE is computed.
            seed: The first seed of MAUVE's clusters.
            embedding_model: The model that embeds mails for MAUVE, without its adapter if it has one.
            features_name: Its name, for the signature.
            pairs: The requests whose mails will be scored, with the owner's mails.
            training: The owner's training pairs.
            vocabulary: The tokens that perplexity is counted in.
        """
        self._settings, self._vocabulary = settings, vocabulary
        self._embedding_model, self._features_name = embedding_model, features_name
        self.real = [pair["email"] for pair in pairs]
        # A mail says 'should' where its request says 'shd', or says 'shd', too.
        self._requests = [spelled_out(pair["instruction"]) for pair in pairs]
        self._contexts = [pair.get("context") for pair in pairs]
        self._asked = [[pair["instruction"], pair.get("context")] for pair in pairs]
        owned = Field(training, "email")
        self._training, self._usual = TrainingMails(owned), usual_in(owned)
        seeds = tuple(range(seed, seed + settings.seeds))
        self.mauve = MauveSettings(settings.buckets, settings.scaling_factor, seeds)
        self._real_features = self._features(self.real)

    def measure(self, texts: Sequence[str], ended: Sequence[bool] | None = None) -> dict[str, PerMailScore]:
        """All scores that need only the mails' texts.

        Args:
            texts: A generated mail for each of the pairs, in their order.
            ended: Whether the model ended each mail, rather than the limit of tokens; None if no model generated them.
        """
        scores = text_scores(texts, self.real)
        scores["mauve"] = mauve_score(self._features(texts), self._real_features, self.mauve)
        if ended is not None:
            scores["ended"] = mean_score([float(each) for each in ended])
        return scores | self.measure_content(texts) | style_distances(texts, self.real)

    def measure_generated(self, mails: Sequence[GeneratedMail]) -> dict[str, PerMailScore]:
        """The scores of `measure`, for mails that a model generated."""
        return self.measure([mail["text"] for mail in mails], [mail["ended"] for mail in mails])

    def measure_content(self, texts: Sequence[str]) -> dict[str, PerMailScore]:
        """Sense, and copying from training mails: scores that need no reference mail."""
        said = sense([spelled_out(text) for text in texts], self._requests, self._contexts, self._usual)
        return said | copying(texts, self._training)

    def longest_copy(self, texts: Sequence[str]) -> int:
        """The longest run of words that any generated mail shares with a training mail."""
        return longest_run(texts, self._training)

    def signatures(self) -> dict[str, str]:
        """Signatures of the scores: everything that their values depend on besides the generated mails.

        The hashes of the owner's mails and of the requests concern all scores.
        """
        settings, mails = self._settings, len(self.real)
        by_rules = dict.fromkeys(("sense", "facts_kept", "facts_invented"), f"rules:{SCORES_VERSION}")
        mauve = (
            f"features:{self._features_name}|mails:{mails}|buckets:{self.mauve.buckets_for(mails, mails)}|"
            f"scale:{settings.scaling_factor}|tokens:{settings.max_tokens}|seeds:{list(self.mauve.seeds)}"
        )
        compared = {
            "perplexity": f"vocabulary:{hash_of(self._vocabulary)}",
            OWNER_MAILS: hash_of(self.real),
            REQUESTS: hash_of(self._asked),
        }
        return {**by_rules, **signatures(), "mauve": mauve, **compared}

    def _features(self, texts: Sequence[str]) -> Array:
        """MAUVE's features, (texts, width)."""
        return embed_texts(self._embedding_model, texts, self._settings.max_tokens, "last")


def build_scorer(config: Config, model: LanguageModel, pairs: Sequence[Pair], training: Sequence[Pair]) -> Scorer:
    """A scorer whose MAUVE features come from `evaluation.mauve.model_path`, by default from the base of `model`."""
    settings = config.evaluation.mauve
    embedding_model = load_embedding_model(config) if settings.model_path else model
    name = Path(settings.model_path or config.model.path).name
    vocabulary = model.encoder.tokenizer.get_vocab()
    return Scorer(settings, config.seed, embedding_model, name, pairs, training, vocabulary)


def load_embedding_model(config: Config) -> LanguageModel:
    """Load the model of `evaluation.mauve.model_path` (null: the base model), on the device of the base model."""
    return set_up_base(number_format.features_model(config) or config.model)
