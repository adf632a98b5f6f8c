"""Writes texts as their requests arrive, many at once, piece by piece. Each can be cancelled at any token.

`ContinuousBatch` completes a known list of prompts; here prompts come and go, each with its own sampling parameters.
"""

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch

from email_assistant.errors import ModelError
from email_assistant.language_model.beam_search import BeamRow, Hypothesis, Search, advance_beams
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding import FinishReason, SamplingParams
from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.generation import TextGenerator, find_likeliest, generate_tokens
from email_assistant.language_model.llama_cpp import LlamaCpp
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.sampler import Sampler
from email_assistant.language_model.static_decoder import batch_decoder

# What the decoder shows for the bytes of an unfinished character.
UNFINISHED = "\ufffd"
# Rows of a batch. More would slow down each of them.
MAX_ROWS = 8
# How many later requests may begin before one that needs more rows than are free.
MAX_PASSES = 8


class TextStream:
    """Turns tokens into pieces of text that are final once they are returned.

    Space at the end and what may become a stop sequence are held back until more text follows.

    Attributes:
        num_tokens: Tokens so far.
        is_stopped: Whether a stop sequence was found; it is not part of the text.
    """

    def __init__(self, encoder: ChatEncoder, stop: Sequence[str] = (), continues: bool = False) -> None:
        """Start without text.

        Args:
            encoder: Decodes the tokens.
            stop: Sequences that end the text, none empty.
            continues: Whether the text continues another one, so that space at its start counts.
        """
        self._encoder, self._stop, self._continues = encoder, tuple(stop), continues
        self._ids: list[int] = []
        self._text = ""
        self._sent = 0
        self.is_stopped = False

    @property
    def num_tokens(self) -> int:
        """Tokens so far."""
        return len(self._ids)

    def add(self, token: int, is_last: bool) -> str:
        """Add a token; returns the text that is final now, often a word, sometimes nothing."""
        self._ids.append(token)
        return self._final(self._encoder.decode(self._ids), is_last)

    def add_text(self, more: str, is_last: bool) -> str:
        """Add text that was decoded elsewhere, instead of tokens; returns the text that is final now."""
        self._text += more
        return self._final(self._text, is_last)

    def _final(self, text: str, is_last: bool) -> str:
        if not self._continues:
            text = text.lstrip()
        found = [place for place in map(text.find, self._stop) if place >= 0]
        if found:
            self.is_stopped = True
            return self._send(text[: min(found)].rstrip())
        if is_last:
            return self._send(text.rstrip())
        if text.endswith(UNFINISHED):
            return ""
        return self._send(text[: len(text) - self._held_back(text)].rstrip())

    def _send(self, text: str) -> str:
        piece = text[self._sent :]
        self._sent = max(self._sent, len(text))
        return piece

    def _held_back(self, text: str) -> int:
        """The length of the longest end of the text that begins a stop sequence."""
        return max(
            (size for stop in self._stop for size in range(1, len(stop)) if text.endswith(stop[:size])),
            default=0,
        )


@dataclass(frozen=True)
class TextRequest:
    """A text to write.

    Attributes:
        id: Unique among the texts that are being written.
        prompt: Token ids.
        params: How tokens are chosen.
        seed: Seed of its sampling; None: greedy decoding.
        stop: Sequences that end the text.
        continues: Whether the prompt ends with the beginning of the text.
    """

    id: str
    prompt: list[int]
    params: SamplingParams
    seed: int | None
    stop: tuple[str, ...] = ()
    continues: bool = False


@dataclass(frozen=True)
class BeamRequest:
    """The likeliest texts for one prompt, found by beam search; each comes whole, in one piece.

    Attributes:
        ids: One for each text, as of `TextRequest`.
        prompt: Token ids.
        params: The longest text and `no_repeat_ngram_size`; the others have no effect.
        stop: Sequences that end a text.
        continues: Whether the prompt ends with the beginning of the text.
    """

    ids: tuple[str, ...]
    prompt: list[int]
    params: SamplingParams
    stop: tuple[str, ...] = ()
    continues: bool = False


@dataclass(frozen=True)
class Piece:
    """More of a text.

    Attributes:
        id: The id of its request.
        text: The new part; may be empty.
        num_tokens: Tokens of the whole text so far.
        finish_reason: Set with the last piece: 'stop' if the model or a stop sequence ended the text, 'length' if it
            reached `max_new_tokens`.
        log_probability: The mean of the text's log-probabilities so far, as of `Completion`; None if the backend does
            not return them.
    """

    id: str
    text: str
    num_tokens: int
    finish_reason: FinishReason | None
    log_probability: float | None = None


class TextWriter(Protocol):
    """Writes the texts of all requests that were added."""

    @property
    def is_busy(self) -> bool:
        """Whether any text is unfinished."""

    def add(self, request: TextRequest | BeamRequest) -> None:
        """Add a text to write, or a search for several."""

    def cancel(self, request_id: str) -> None:
        """Stop writing a text, which gets no more pieces. Nothing happens if it is finished."""

    def step(self) -> list[Piece]:
        """Write one more token of each text that is being written."""


def text_writer(model: TextGenerator, max_rows: int = MAX_ROWS) -> TextWriter:
    """A batch if this project's decoder runs the model, else a writer of one text after another."""
    if isinstance(model, LanguageModel):
        with torch.inference_mode():
            decoder = batch_decoder(model)
        if decoder:
            return BatchWriter(decoder, model.encoder, max_rows)
    return SequentialWriter(model)


@dataclass
class _Row:
    """A text that is being written; row i of the batch is row i of the decoder.

    Attributes:
        request: Its request.
        prompt_logits: Logits of the first token, (vocabulary,), for further rows with the same prompt.
        sampler: Chooses its tokens.
        stream: Its text.
        last_token: Its last token.
        log_probability: The sum of its tokens' log-probabilities, in nats.
    """

    request: TextRequest
    prompt_logits: torch.Tensor
    sampler: Sampler
    stream: TextStream
    last_token: int = -1
    log_probability: float = 0.0


@dataclass
class _Beams:
    """A running beam search, and those of its texts that nobody cancelled."""

    request: BeamRequest
    search: Search
    wanted: set[str]


@dataclass
class _Waiting:
    """A request that has not begun, and how many later ones began before it."""

    request: TextRequest | BeamRequest
    times_passed: int = 0


class BatchWriter:
    """Writes up to `max_rows` texts in one batch of this project's decoder; the others wait their turn.

    While a search waits for all of its rows, later requests that need fewer may begin, but only `MAX_PASSES` of them:
    then the rows that become free are left to the search.
    """

    def __init__(self, decoder: CachedDecoder, encoder: ChatEncoder, max_rows: int = MAX_ROWS) -> None:
        """Start without texts.

        Args:
            decoder: A decoder without rows.
            encoder: The encoder of its model.
            max_rows: Texts that are written at the same time; a search for more of them runs alone.
        """
        self._decoder, self._encoder, self._max_rows = decoder, encoder, max_rows
        self._rows: list[_Row | BeamRow] = []
        self._waiting: list[_Waiting] = []
        # By the number of the search.
        self._searches: dict[int, _Beams] = {}
        self._numbers = itertools.count()

    @property
    def is_busy(self) -> bool:
        """Whether any text is unfinished."""
        return bool(self._rows or self._waiting)

    def add(self, request: TextRequest | BeamRequest) -> None:
        """Add a text to write, or a search for several."""
        self._waiting.append(_Waiting(request))

    @torch.inference_mode()
    def cancel(self, request_id: str) -> None:
        """Stop writing a text and free its row; a search continues while any of its texts is wanted."""
        still_wanted = ((waiting, _without(waiting.request, request_id)) for waiting in self._waiting)
        self._waiting = [replace(waiting, request=request) for waiting, request in still_wanted if request]
        for beams in self._searches.values():
            beams.wanted.discard(request_id)
        self._searches = {number: beams for number, beams in self._searches.items() if beams.wanted}
        for index in reversed(range(len(self._rows))):
            row = self._rows[index]
            cancelled = (
                row.search.prompt_id not in self._searches if isinstance(row, BeamRow) else row.request.id == request_id
            )
            if cancelled:
                self._evict(index)
        self._release_if_idle()

    @torch.inference_mode()
    def step(self) -> list[Piece]:
        """Write one more token of each text in the batch, and let waiting texts join where there is room."""
        logits = list(self._decoder.step([_last_token(row) for row in self._rows])) if self._rows else []
        while request := self._next_request():
            logits.append(self._admit(request))
        pieces, finished = [], []
        for index, row in enumerate(self._rows):
            if isinstance(row, _Row):
                piece = self._advance(row, logits[index])
                pieces.append(piece)
                if piece.finish_reason:
                    finished.append(index)
        found, unused = self._advance_beams(logits)
        # From the end, because a row that is evicted is replaced by the last one.
        for index in sorted([*finished, *unused], reverse=True):
            self._evict(index)
        self._release_if_idle()
        return [*pieces, *found]

    def _next_request(self) -> TextRequest | BeamRequest | None:
        """The next request to begin with: the first that fits, unless it would pass one that was passed too often."""
        for index, waiting in enumerate(self._waiting):
            if self._has_room(waiting.request):
                for passed in self._waiting[:index]:
                    passed.times_passed += 1
                return self._waiting.pop(index).request
            if waiting.times_passed >= MAX_PASSES:
                return None
        return None

    def _has_room(self, request: TextRequest | BeamRequest) -> bool:
        singles = sum(isinstance(row, _Row) for row in self._rows)
        rows = singles + sum(beams.search.width for beams in self._searches.values())
        return not rows or rows + (len(request.ids) if isinstance(request, BeamRequest) else 1) <= self._max_rows

    def _admit(self, request: TextRequest | BeamRequest) -> torch.Tensor:
        """Add a row; a prompt is computed once for all its rows. Returns logits of the first token, (vocabulary,)."""
        same = next(
            (
                (index, row.prompt_logits)
                for index, row in enumerate(self._rows)
                if isinstance(row, _Row) and row.request.prompt == request.prompt
            ),
            None,
        )
        if same is None:
            logits = self._decoder.prefill([request.prompt])[0]
        else:
            self._decoder.fork(same[0])
            logits = same[1]
        if isinstance(request, BeamRequest):
            params, number = request.params, next(self._numbers)
            search = Search(number, len(request.ids), params.max_new_tokens, params.no_repeat_ngram_size)
            self._searches[number] = _Beams(request, search, set(request.ids))
            self._rows.append(BeamRow(search, 0))
        else:
            stream = TextStream(self._encoder, request.stop, request.continues)
            # The sampler changes logits in place; further rows with the same prompt need them unchanged.
            self._rows.append(_Row(request, logits.clone(), Sampler(request.params, [request.seed]), stream))
        return logits.clone()

    def _advance(self, row: _Row, logits: torch.Tensor) -> Piece:
        (row.last_token,) = row.sampler.sample(logits[None], [0])
        row.log_probability += row.sampler.log_probabilities[0]
        is_end = row.last_token in self._encoder.stop_ids
        return _next_piece(row.request, row.stream, row.last_token, is_end, row.log_probability)

    def _advance_beams(self, logits: Sequence[torch.Tensor]) -> tuple[list[Piece], list[int]]:
        """Continue the searches; returns the texts of those that are done, and the indices of rows to evict."""
        indices = [index for index, row in enumerate(self._rows) if isinstance(row, BeamRow)]
        if not indices:
            return [], []
        chosen = torch.stack([logits[index] for index in indices])
        done, unused = advance_beams(self._decoder, self._rows, indices, chosen, self._encoder.stop_ids)
        pieces = []
        for search in done:
            beams = self._searches.pop(search.prompt_id)
            found = _whole_texts(beams.request, self._encoder, search.found)
            pieces += [piece for piece in found if piece.id in beams.wanted]
        return pieces, unused

    def _evict(self, index: int) -> None:
        """Remove a row; the last one takes its index."""
        self._decoder.evict(index)
        self._rows[index] = self._rows[-1]
        self._rows.pop()

    def _release_if_idle(self) -> None:
        if not self.is_busy:
            self._decoder.release_caches()


def _last_token(row: _Row | BeamRow) -> int:
    return row.search.beams[row.number].tokens[-1] if isinstance(row, BeamRow) else row.last_token


def _without(request: TextRequest | BeamRequest, request_id: str) -> TextRequest | BeamRequest | None:
    """A waiting request without a text that was cancelled."""
    if isinstance(request, TextRequest):
        return None if request.id == request_id else request
    ids = tuple(each for each in request.ids if each != request_id)
    return replace(request, ids=ids) if ids else None


def _whole_texts(request: BeamRequest, encoder: ChatEncoder, found: Sequence[Hypothesis]) -> list[Piece]:
    """The pieces of a search that is done."""
    # Fewer than asked for, if the vocabulary is that small.
    texts = [*found, *[found[-1]] * (len(request.ids) - len(found))]
    return [_whole(request, encoder, text_id, each) for text_id, each in zip(request.ids, texts, strict=True)]


def _whole(request: BeamRequest, encoder: ChatEncoder, text_id: str, found: Hypothesis) -> Piece:
    """The only piece of a text that a search found; its tokens count up to a stop sequence."""
    stream = TextStream(encoder, request.stop, request.continues)
    if request.stop:
        text = "".join(_until_stopped(stream, found.tokens))
    else:
        text = stream.add_text(encoder.decode(found.tokens), is_last=True)
    is_end = stream.is_stopped or found.tokens[-1] in encoder.stop_ids
    num_tokens = stream.num_tokens or len(found.tokens)
    return Piece(text_id, text, num_tokens, "stop" if is_end else "length", found.score)


def _until_stopped(stream: TextStream, tokens: Sequence[int]) -> Iterator[str]:
    """Add tokens until a stop sequence; yields the text that is final after each."""
    for number, token in enumerate(tokens, start=1):
        yield stream.add(token, number == len(tokens))
        if stream.is_stopped:
            return


def _next_piece(request: TextRequest, stream: TextStream, token: int, is_end: bool, log_probability: float) -> Piece:
    """The piece of a text that a token adds; `log_probability` is the sum of all its tokens."""
    is_full = stream.num_tokens + 1 == request.params.max_new_tokens
    text = stream.add(token, is_end or is_full)
    reason: FinishReason | None = "stop" if is_end or stream.is_stopped else "length" if is_full else None
    return Piece(request.id, text, stream.num_tokens, reason, log_probability / stream.num_tokens)


@dataclass
class SequentialWriter:
    """Writes one text after another, for models and backends that have no batch which others can join."""

    model: TextGenerator
    _waiting: deque[TextRequest | BeamRequest] = field(default_factory=deque)
    _current: tuple[str, Iterator[Piece]] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether any text is unfinished."""
        return bool(self._current or self._waiting)

    def add(self, request: TextRequest | BeamRequest) -> None:
        """Add a text to write, or a search for several."""
        self._waiting.append(request)

    def cancel(self, request_id: str) -> None:
        """Stop writing a text."""
        self._waiting = deque(filter(None, (_without(request, request_id) for request in self._waiting)))
        if self._current and self._current[0] == request_id:
            self._current = None

    def step(self) -> list[Piece]:
        """Write one more token of the first text; a search is finished in one step."""
        if self._current is None:
            if not self._waiting:
                return []
            request = self._waiting.popleft()
            if isinstance(request, BeamRequest):
                return _likeliest(self.model, request)
            self._current = (request.id, _pieces(self.model, request))
        piece = next(self._current[1])
        if piece.finish_reason:
            self._current = None
        return [piece]


def _likeliest(model: TextGenerator, request: BeamRequest) -> list[Piece]:
    """The texts of a search.

    Raises:
        ModelError: when llama.cpp runs the model.
    """
    if isinstance(model, LlamaCpp):
        raise ModelError("llama.cpp has no beam search; set generation.search=sample")
    pieces: list[Piece] = []

    def on_found(_: int, found: list[Hypothesis]) -> None:
        pieces.extend(_whole_texts(request, model.encoder, found))

    width = len(request.ids)
    find_likeliest(model, [request.prompt], request.params, width, width, on_found)
    return pieces


def stream(model: TextGenerator, prompt: Sequence[int], params: SamplingParams, seed: int | None) -> Iterator[str]:
    """Yield one text piece by piece; in total it is what `generate` completes with this seed.

    Raises:
        ModelError: as `LlamaCpp.stream_chunks`.
    """
    return (piece.text for piece in _pieces(model, TextRequest("", list(prompt), params, seed)))


def _pieces(model: TextGenerator, request: TextRequest) -> Iterator[Piece]:
    """A text piece by piece; closing the iterator stops its generation."""
    if isinstance(model, LlamaCpp):
        yield from _llama_cpp_pieces(model, request)
        return
    stream, total = TextStream(model.encoder, request.stop, request.continues), 0.0
    for generated in generate_tokens(model, [request.prompt], request.params, [request.seed], 1):
        total += generated.log_probability
        piece = _next_piece(request, stream, generated.token, generated.token in model.encoder.stop_ids, total)
        yield piece
        if piece.finish_reason:
            return


def _llama_cpp_pieces(model: LlamaCpp, request: TextRequest) -> Iterator[Piece]:
    """As `_pieces`. llama.cpp streams text; it counts the tokens and says why the text ended with the last piece."""
    stream = TextStream(model.encoder, continues=request.continues)
    chunks = model.stream_chunks(request.prompt, request.params, request.seed, request.stop)
    for so_far, chunk in enumerate(chunks, start=1):
        text = stream.add_text(chunk.text, chunk.finish_reason is not None)
        yield Piece(request.id, text, chunk.num_tokens or so_far, chunk.finish_reason)
