"""The loss over target tokens; logits are computed only where a token is to be predicted."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from email_assistant.console import StageLogger
from email_assistant.errors import ModelError
from email_assistant.language_model import varlen_attention
from email_assistant.language_model.decoder import Decoder, same_logits
from email_assistant.language_model.decoder_layers import changes
from email_assistant.training.batches import Batch

log = StageLogger(__name__, "train")
# Rows of logits that exist at once: 0.13 GB for a vocabulary of 128,000 in float32.
CHUNK_ROWS = 256
# Modes are compared on the first tokens of the first sequences of a batch.
COMPARED_TOKENS, COMPARED_SEQUENCES = 64, 3
# Settings of models that change the logits of the head, unless they are 0 or 1.
LOGIT_CHANGES = ("final_logit_softcapping", "logits_scaling", "logit_scale")
# How the last hidden states are computed:
# decoder       this project's own forward pass, sequences one after another; possible on GPUs, with the attention of
#               'varlen', but not chosen there until it is known to be the faster one
# varlen        transformers, one row whose sequences are attended to one by one (`varlen_attention`, on GPUs)
# packed        transformers, one row in which position ids separate the sequences, by a mask
# padded        transformers, one row per sequence, padded on the right
# full_logits   transformers as in 'padded', with logits at every position
ForwardMode = Literal["decoder", "varlen", "packed", "padded", "full_logits"]
# Modes whose rows are as long as the longest sequence.
PADDED_MODES: tuple[ForwardMode, ...] = ("padded", "full_logits")


def default_modes(device: torch.device) -> tuple[ForwardMode, ...]:
    """The modes to try on a device before 'full_logits', fastest first."""
    return ("varlen", "packed", "padded") if device.type == "cuda" else ("decoder", "padded")


class CompletionLoss:
    """The summed cross-entropy of target tokens.

    Most models are a decoder and an output head without bias. For these, the head is applied in chunks, to the target
    positions only. The loss uses the first mode whose logits match the model's own on the start of a few sequences.
    Models that change their logits (soft caps, scales) or do not separate packed sequences therefore work too, in a
    slower mode.

    Attributes:
        mode: The mode in use; None before `choose_mode`.
    """

    def __init__(
        self,
        model: nn.Module,
        modes: Sequence[ForwardMode] | None = None,
        neftune_alpha: float | None = None,
        recompute: bool | int = False,
    ) -> None:
        """Inspect how the model computes its logits; nothing is computed yet.

        Args:
            model: A causal model of transformers, with or without an adapter.
            modes: Allowed modes, best first; None: `default_modes` of the model's device.
            neftune_alpha: Alpha of `neftune_noise`, which is added while the model is in training mode; None: no noise.
            recompute: As of `Decoder.hidden_states`, in mode 'decoder'. In the other modes the model's own gradient
                checkpointing recomputes.
        """
        wrapped: Any = model
        base: Any = wrapped.get_base_model() if hasattr(model, "get_base_model") else model
        self._model = model
        self._transformer: Any = base.base_model
        self._embed: Any = base.get_input_embeddings()
        self._head: Any = base.get_output_embeddings()
        self._neftune_alpha, self._recompute = neftune_alpha, recompute
        device = self._embed.weight.device
        self._decoder = Decoder.from_model(model, for_training=True, device_type=device.type)
        self._modes = default_modes(device) if modes is None else modes
        self.mode: ForwardMode | None = None

    def choose_mode(self, batch: Batch) -> ForwardMode:
        """Choose the first mode that computes the model's own logits on the start of a batch; done once."""
        if self.mode is None:
            self.mode = self._first_matching_mode(_truncated(batch))
            if self.mode != self._modes[0]:
                # A surprise, and it needs more memory than was estimated.
                log.info("this model needs a slower way to compute the loss: %s", self.mode)
        return self.mode

    @torch.no_grad()
    def _first_matching_mode(self, start: Batch) -> ForwardMode:
        was_training = self._model.training
        self._model.eval()
        # As it will be computed: outside of autocast the adapter's products have another format.
        with self._autocast():
            logits = self._model(input_ids=_padded(start.ids, start), use_cache=False).logits
            expected = logits[start.row_mask].float()
            found = next((mode for mode in self._modes if self._matches(mode, start, expected)), None)
        self._model.train(was_training)
        return found or "full_logits"

    def _autocast(self) -> torch.autocast:
        """The formats of the model's operations: those of its weights, or autocast's where these have 16 bits."""
        weight = self._embed.weight
        return torch.autocast(weight.device.type, weight.dtype, enabled=weight.dtype != torch.float32)

    def expected_mode(self) -> ForwardMode:
        """The mode that `choose_mode` will choose, by the model's modules and settings: for models without weights."""
        suits = varlen_attention.suits(self._transformer)
        modes = [mode for mode in self._modes if mode != "varlen" or suits]
        return next((mode for mode in modes if self._is_possible(mode)), "full_logits")

    def _is_possible(self, mode: ForwardMode) -> bool:
        """Whether the model has the modules and settings that a mode needs."""
        head = self._head
        if mode == "full_logits":
            return True
        if type(head) is not nn.Linear or head.bias is not None or head.weight.requires_grad:
            return False
        # In 16 bits a small change of logits could not be told from rounding.
        return not changes(self._model.config, LOGIT_CHANGES) and (mode != "decoder" or self._decoder is not None)

    def _matches(self, mode: ForwardMode, batch: Batch, expected: torch.Tensor) -> bool:
        if mode == "full_logits" or not self._is_possible(mode):
            return mode == "full_logits"
        head = self._head
        if head.weight.is_meta:
            # Offloaded: accelerate fetches the weight only when the module itself runs.
            return False
        needs_flash = mode == "varlen" or (mode == "decoder" and batch.ids.is_cuda)
        if needs_flash and not varlen_attention.is_supported(self._transformer):
            return False
        if mode == "varlen":
            varlen_attention.install(self._transformer)
        logits = head(self._hidden(mode, self._embed(batch.ids), batch).to(head.weight.dtype)).float()
        return same_logits(logits.to(expected.device), expected, head.weight.dtype)

    def __call__(self, batch: Batch, per_mail: bool = False) -> torch.Tensor:
        """The summed loss of a batch, a scalar in nats.

        Args:
            batch: Any number of sequences.
            per_mail: Sum each sequence's mean over its target tokens, to be divided by the number of sequences. Else
                the tokens' losses are summed, to be divided by the number of target tokens.
        """
        mode = self.choose_mode(batch)
        with self._autocast():
            return self._summed_loss(mode, batch, per_mail)

    def _summed_loss(self, mode: ForwardMode, batch: Batch, per_mail: bool) -> torch.Tensor:
        embedded = self._embed(batch.ids)
        if self._neftune_alpha is not None and self._model.training:
            embedded = embedded + neftune_noise(embedded, batch.lengths, self._neftune_alpha)
        # A position predicts the id after it.
        predicts = batch.loss_mask[1:]
        targets = batch.ids[1:][predicts]
        weights = batch.per_mail_weights if per_mail else None
        if mode != "full_logits":
            return self._head_loss(self._hidden(mode, embedded, batch)[:-1][predicts], targets, weights)
        logits = self._model(inputs_embeds=_padded(embedded, batch), use_cache=False).logits[batch.row_mask]
        losses = functional.cross_entropy(logits[:-1][predicts].float(), targets, reduction="none")
        return (losses if weights is None else losses * weights).sum()

    def loss_of_fake_batch(self, batch: Batch, num_targets: int) -> torch.Tensor:
        """The loss of the first tokens, computed without reading the batch's values: for tensors without data.

        Args:
            batch: Sequences; all of one length if `mode`, which has to be set, is one of `PADDED_MODES`.
            num_targets: How many tokens are targets.
        """
        with self._autocast():
            embedded, targets = self._embed(batch.ids), batch.ids[:num_targets]
            if self.mode == "decoder":
                return self._head_loss(self._hidden("decoder", embedded, batch)[:num_targets], targets, None)
            rows = 1 if self.mode in ("packed", "varlen") else len(batch.lengths)
            embedded = embedded.view(rows, -1, embedded.shape[-1])
            position_ids = torch.arange(len(batch.ids) // rows, device=embedded.device)[None].expand(rows, -1)
            if self.mode == "full_logits":
                logits = self._model(inputs_embeds=embedded, position_ids=position_ids, use_cache=False).logits
                every = logits.flatten(0, 1)[torch.arange(len(batch.ids), device=embedded.device)]
                return functional.cross_entropy(every[:num_targets].float(), targets, reduction="none").sum()
            given = {}
            if self.mode == "varlen":
                varlen_attention.install(self._transformer)
                given = varlen_attention.arguments(batch.lengths, embedded.device)
            hidden = self._run_transformer(embedded, position_ids, **given).flatten(0, 1)
            return self._head_loss(hidden[:num_targets], targets, None)

    def _hidden(self, mode: ForwardMode, embedded: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The last hidden states, (tokens, width)."""
        if mode == "decoder":
            if self._decoder is None:
                raise ModelError("this project's decoder does not run this model; leave the mode to choose_mode")
            recompute = self._recompute if self._model.training else False
            return self._decoder.hidden_states(embedded, batch.lengths, batch.prefix_length, recompute)
        if mode == "varlen":
            given = varlen_attention.arguments(batch.lengths, embedded.device)
            return self._run_transformer(embedded[None], batch.position_ids[None], **given)[0]
        if mode == "packed":
            # Given no mask, transformers separates sequences where position ids start again from 0.
            return self._run_transformer(embedded[None], batch.position_ids[None])[0]
        return self._run_transformer(_padded(embedded, batch), None)[batch.row_mask]

    def _run_transformer(self, embedded: torch.Tensor, position_ids: torch.Tensor | None, **given: Any) -> torch.Tensor:
        """The last hidden states of rows by transformers, (rows, tokens, width), on the device of the embeddings."""
        hidden: torch.Tensor = self._transformer(
            inputs_embeds=embedded, position_ids=position_ids, use_cache=False, **given
        ).last_hidden_state
        # With the layers spread over several GPUs they are on the last one.
        return hidden.to(embedded.device)

    def _head_loss(self, hidden: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        """The summed loss of the hidden states before the targets, on the device of the targets."""
        device = self._head.weight.device
        weights = None if weights is None else weights.to(device)
        loss = chunked_cross_entropy(hidden.to(device), self._head.weight, targets.to(device), weights)
        return loss.to(targets.device)


def neftune_noise(embedded: torch.Tensor, lengths: Sequence[int], alpha: float) -> torch.Tensor:
    """Noise to add to embeddings in training (NEFTune, Jain et al. 2023, arXiv:2310.05914).

    Args:
        embedded: (tokens, width) embeddings of sequences one after another.
        lengths: Number of tokens of each sequence.
        alpha: Scale.

    Returns:
        (tokens, width): uniform in +-alpha / sqrt(length * width).
    """
    # bfloat16 has no odd integers above 256: lengths stay integers, and bounds are computed in float32.
    counts = torch.tensor(lengths, device=embedded.device)
    bounds = alpha / torch.sqrt(counts.float() * embedded.shape[1])
    noise = torch.empty_like(embedded).uniform_(-1, 1)
    return noise * bounds.to(embedded.dtype).repeat_interleave(counts, output_size=len(embedded))[:, None]


def _truncated(batch: Batch) -> Batch:
    """The first tokens of a batch's first sequences: enough to compare modes on."""
    lengths = batch.lengths[:COMPARED_SEQUENCES]
    kept = torch.cat([torch.arange(length) < COMPARED_TOKENS for length in lengths]).to(batch.ids.device)
    tokens = sum(lengths)
    shorter = [min(length, COMPARED_TOKENS) for length in lengths]
    return Batch(batch.ids[:tokens][kept], batch.loss_mask[:tokens][kept], shorter)


def _padded(values: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Right-padded rows of one value per token, (sequences, longest, ...); padding is zero."""
    mask = batch.row_mask
    padded = values.new_zeros(*mask.shape, *values.shape[1:])
    padded[mask] = values
    return padded


def chunked_cross_entropy(
    hidden: torch.Tensor, head: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None
) -> torch.Tensor:
    """The summed cross-entropy of a frozen head's logits, which exist only `CHUNK_ROWS` rows at a time.

    Args:
        hidden: (targets, width) hidden states.
        head: (vocabulary, width) weight of the output head; it gets no gradient.
        targets: (targets,) token ids.
        weights: (targets,) factors of the losses; None: all 1.

    Returns:
        A float32 scalar in nats.
    """
    return _ChunkedCrossEntropy.apply(hidden, head, targets, weights)  # type: ignore[no-any-return,no-untyped-call]


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Computes the gradient of each chunk in the forward pass, so that no logits are kept for the backward pass."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        head: torch.Tensor,
        targets: torch.Tensor,
        weights: torch.Tensor | None,
    ) -> torch.Tensor:
        total = hidden.new_zeros((), dtype=torch.float32)
        gradient = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        hidden = hidden.to(head.dtype)
        # Every chunk in the same memory: new pages would take as long as the product.
        products = head.new_empty(min(CHUNK_ROWS, len(targets)), len(head))
        in_float32 = products if head.dtype == torch.float32 else products.float()
        for start in range(0, len(targets), CHUNK_ROWS):
            chunk = slice(start, start + CHUNK_ROWS)
            product = torch.mm(hidden[chunk], head.t(), out=products[: len(hidden[chunk])])
            logits = in_float32[: len(product)].copy_(product)
            rows = torch.arange(len(logits), device=logits.device)
            # In place: a copy of the logits costs more than the exponential.
            logits.sub_(logits.amax(dim=-1, keepdim=True))
            target_logits = logits[rows, targets[chunk]]
            normalizer = logits.exp_().sum(dim=-1, keepdim=True)
            losses = normalizer.log().squeeze(1) - target_logits
            total += (losses if weights is None else losses * weights[chunk]).sum()
            if gradient is not None:
                grad_logits = logits.div_(normalizer)
                grad_logits[rows, targets[chunk]] -= 1
                if weights is not None:
                    grad_logits.mul_(weights[chunk, None])
                gradient[chunk] = product.copy_(grad_logits) @ head
        ctx.gradient = gradient
        return total

    @staticmethod
    def backward(ctx: Any, *grad_output: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        return ctx.gradient * grad_output[0], None, None, None
