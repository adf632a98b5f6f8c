"""The loss of supervised tokens alone: no logits are made where nothing is to be predicted."""

from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from email_assistant.language_model.decoder import Decoder
from email_assistant.training.batches import Batch

# Rows of logits that exist at once; of a vocabulary of 128,000 in float32 that is 0.13 GB.
CHUNK = 256
# Ways are compared on so many ids of so many sequences.
COMPARED_IDS, COMPARED_SEQUENCES = 64, 3
# How the states of the last layer come about:
# decoder   by this project's own forward pass, sequences one after another (on a processor)
# packed    by transformers, one row of sequences that position ids keep apart
# padded    by transformers, a row for each sequence, padded on the right
# whole     by transformers as padded, with logits for every position
ForwardMode = Literal["decoder", "packed", "padded", "full_logits"]


class CompletionLoss:
    """Sums the cross-entropy of supervised tokens.

    The usual model is a decoder and an output head without bias: there the head is applied to
    supervised positions alone, in chunks. The first way whose logits equal those of the model itself on
    the first two sequences is taken, so that models that do more to their logits (soft caps, scales), or
    that do not keep packed sequences apart, are served too, by a slower way.
    """

    def __init__(
        self,
        model: nn.Module,
        ways: tuple[ForwardMode, ...] | None = None,
        noise_alpha: float | None = None,
        recompute: bool = False,
    ) -> None:
        """Look at how the model makes its logits; nothing is computed yet.

        Args:
            model: A causal model of transformers, with an adapter or without.
            ways: That may be taken, best first; None: those that suit the model's device.
            noise_alpha: NEFTune's alpha (Jain et al. 2023, arXiv:2310.05914): while training, uniform noise
                of at most alpha / sqrt(length times width) is added to every embedding; None: none.
            recompute: Make activations again in the backward pass where the way is 'decoder'; the others
                do so by the model's own switch.
        """
        wrapped: Any = model
        base: Any = wrapped.get_base_model() if hasattr(model, "get_base_model") else model
        self._model = model
        self._transformer: Any = base.base_model
        self._embed: Any = base.get_input_embeddings()
        self._head: Any = base.get_output_embeddings()
        self._noise_alpha, self._recompute = noise_alpha, recompute
        self._decoder = Decoder.from_model(model, for_training=True)
        usual: tuple[ForwardMode, ...] = ("packed",) if self._embed.weight.is_cuda else ("decoder",)
        self._ways = (*usual, "padded") if ways is None else ways
        self.way: ForwardMode | None = None

    def choose_mode(self, batch: Batch) -> ForwardMode:
        """Compare ways on the beginnings of a batch's sequences, once; what was found is kept in `way`."""
        if self.way is None:
            first = _beginnings(batch)
            with torch.no_grad():
                was_training = self._model.training
                self._model.eval()
                expected = self._model(input_ids=_padded(first.ids, first), use_cache=False).logits[first.rows].float()
                fitting = [way for way in self._ways if self._equals(way, first, expected)]
                self._model.train(was_training)
            self.way = fitting[0] if fitting else "full_logits"
        return self.way

    def _equals(self, way: ForwardMode, first: Batch, expected: torch.Tensor) -> bool:
        if way == "full_logits":
            return True
        head = self._head
        if type(head) is not nn.Linear or head.bias is not None or head.weight.requires_grad:
            return False
        if way == "decoder" and self._decoder is None:
            return False
        found = head(self._hidden(way, self._embed(first.ids), first)).float()
        return bool(torch.allclose(found, expected, rtol=1e-2, atol=1e-2 * float(expected.abs().max())))

    def __call__(self, batch: Batch, by_mail: bool = False) -> torch.Tensor:
        """The summed loss of a batch, a scalar in nats.

        Args:
            batch: Of any number of sequences.
            by_mail: Add up each sequence's mean over its supervised tokens, not the tokens' losses: divide by
                the step's sequences then, and by its supervised tokens else.
        """
        way = self.choose_mode(batch)
        embedded = self._noisy(self._embed(batch.ids), batch)
        predicted = batch.supervised[1:]
        targets = batch.ids[1:][predicted]
        weights = batch.per_mail_weights if by_mail else None
        if way != "full_logits":
            hidden = self._hidden(way, embedded, batch)[:-1][predicted]
            return _HeadLoss.apply(hidden, self._head.weight, targets, weights)  # type: ignore[no-any-return,no-untyped-call]
        logits = self._model(inputs_embeds=_padded(embedded, batch), use_cache=False).logits[batch.rows]
        losses = functional.cross_entropy(logits[:-1][predicted].float(), targets, reduction="none")
        return (losses if weights is None else losses * weights).sum()

    def of_shapes(self, batch: Batch, supervised: int) -> torch.Tensor:
        """The loss of so many tokens at the front, without looking into the batch: for tensors without contents."""
        embedded, targets = self._embed(batch.ids), batch.ids[:supervised]
        if self.way == "decoder":
            hidden = self._hidden("decoder", embedded, batch)
        else:
            rows = 1 if self.way == "packed" else len(batch.lengths)
            positions = torch.arange(len(batch.ids) // rows)[None].expand(rows, -1)
            hidden = self._transformer(
                inputs_embeds=embedded.view(rows, -1, embedded.shape[-1]), position_ids=positions, use_cache=False
            ).last_hidden_state.flatten(0, 1)
        return _HeadLoss.apply(hidden[:supervised], self._head.weight, targets, None)  # type: ignore[no-any-return,no-untyped-call]

    def _noisy(self, embedded: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The embeddings with NEFTune's noise while the model is in training mode."""
        if self._noise_alpha is None or not self._model.training:
            return embedded
        lengths = torch.tensor(batch.lengths, device=embedded.device, dtype=embedded.dtype)
        most = self._noise_alpha / torch.sqrt(lengths * embedded.shape[1])
        noise = torch.empty_like(embedded).uniform_(-1, 1)
        return embedded + noise * most.repeat_interleave(lengths.long())[:, None]

    def _hidden(self, way: ForwardMode, embedded: torch.Tensor, batch: Batch) -> torch.Tensor:
        """States of the last layer, (tokens, width)."""
        if way == "decoder":
            assert self._decoder is not None
            return self._decoder.hidden_states(
                embedded, batch.lengths, batch.shared, self._recompute and self._model.training
            )
        if way == "packed":
            # Without a mask transformers keeps sequences apart where positions begin anew.
            packed: torch.Tensor = self._transformer(
                inputs_embeds=embedded[None], position_ids=batch.positions[None], use_cache=False
            ).last_hidden_state
            return packed[0]
        padded: torch.Tensor = self._transformer(
            inputs_embeds=_padded(embedded, batch), use_cache=False
        ).last_hidden_state
        return padded[batch.rows]


def _beginnings(batch: Batch) -> Batch:
    """The first ids of a batch's first sequences: enough to compare by."""
    lengths = batch.lengths[:COMPARED_SEQUENCES]
    kept = torch.cat([torch.arange(length) < COMPARED_IDS for length in lengths]).to(batch.ids.device)
    tokens = sum(lengths)
    shorter = [min(length, COMPARED_IDS) for length in lengths]
    return Batch(batch.ids[:tokens][kept], batch.supervised[:tokens][kept], shorter)


def _padded(tokens: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Right-padded rows of what a batch has for every token, (sequences, longest, ...); padding is zero."""
    rows = batch.rows
    padded = tokens.new_zeros(*rows.shape, *tokens.shape[1:])
    padded[rows] = tokens
    return padded


class _HeadLoss(torch.autograd.Function):
    """Cross-entropy of a frozen head's logits; the gradient is made chunk by chunk in the forward pass."""

    @staticmethod
    def forward(
        context: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        targets: torch.Tensor,
        weights: torch.Tensor | None,
    ) -> torch.Tensor:
        total = hidden.new_zeros((), dtype=torch.float32)
        gradient = torch.empty_like(hidden) if context.needs_input_grad[0] else None
        for start in range(0, len(targets), CHUNK):
            part = slice(start, start + CHUNK)
            logits = functional.linear(hidden[part], weight).float()
            rows = torch.arange(len(logits), device=logits.device)
            # In place: a copy of the logits costs more than the exponential.
            logits.sub_(logits.amax(dim=-1, keepdim=True))
            of_targets = logits[rows, targets[part]]
            mass = logits.exp_().sum(dim=-1, keepdim=True)
            losses = mass.log().squeeze(1) - of_targets
            total += (losses if weights is None else losses * weights[part]).sum()
            if gradient is not None:
                probabilities = logits.div_(mass)
                probabilities[rows, targets[part]] -= 1
                if weights is not None:
                    probabilities.mul_(weights[part, None])
                gradient[part] = probabilities.to(weight.dtype) @ weight
        context.gradient = gradient
        return total

    @staticmethod
    def backward(context: Any, *above: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        return context.gradient * above[0], None, None, None
