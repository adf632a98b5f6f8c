"""Work on a step's examples in micro-batches, which become smaller when memory runs out."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import torch

from email_assistant.console import StageLogger
from email_assistant.errors import OutOfMemoryError
from email_assistant.language_model import collectives
from email_assistant.language_model.device import free_memory, is_out_of_memory
from email_assistant.language_model.distributed import DistributedContext
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.training.batches import Batch, collate, local_shard, micro_batches
from email_assistant.training.loss import COMPARED_SEQUENCES, PADDED_MODES, CompletionLoss

log = StageLogger(__name__, "train")


class MicroBatcher:
    """Splits examples into micro-batches and retries with smaller ones when memory runs out.

    Attributes:
        loss: Decides by its mode whether rows are padded.
        max_tokens: Limit of a micro-batch; halved permanently when memory runs out.
    """

    def __init__(
        self,
        loss: CompletionLoss,
        device: torch.device,
        max_tokens: int,
        share_prefix: bool,
        distributed: DistributedContext,
    ) -> None:
        """Set the limits; nothing is computed yet.

        Args:
            loss: Decides by its mode whether rows are padded.
            device: The device of the batches.
            max_tokens: Limit of a micro-batch; a single mail may exceed it.
            share_prefix: Whether sequences may share what they start with, if the loss supports it.
            distributed: Each works on its share of the examples.
        """
        self.loss, self._device, self._share_prefix, self._distributed = loss, device, share_prefix, distributed
        self.max_tokens = max_tokens

    def retry_on_oom(
        self,
        work: Callable[[Batch], torch.Tensor],
        examples: Sequence[TokenizedExample],
        seed: int,
        reset: Callable[[], None],
    ) -> torch.Tensor:
        """The sum of what `work` returns for this process's micro-batches.

        When memory runs out, all of it is repeated with at most half as many tokens at once.

        Args:
            work: Called for each micro-batch.
            examples: The examples of the step, of all processes.
            seed: Set at the start of every try.
            reset: Called before another try, to drop partial results such as gradients.

        Returns:
            (1,) float64.

        Raises:
            OutOfMemoryError: when there is not enough memory for a single mail, or with several processes, which would
                have to shrink together.
        """
        while True:
            torch.manual_seed(seed)
            total = torch.zeros(1, dtype=torch.float64, device=self._device)
            try:
                for batch in self.batches(examples):
                    total += work(batch)
                return total
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                longest = max(len(example.ids) for example in examples)
                if self._distributed.world_size > 1 or self.max_tokens <= longest // 2:
                    raise OutOfMemoryError(
                        f"not enough memory for {min(self.max_tokens, longest)} tokens at once; use a lower "
                        "trainer.max_length, model.quantization=nf4 or trainer.gradient_checkpointing=true (stage=plan "
                        "shows what fits)"
                    ) from None
            # Only after the except block are the tensors that the traceback referred to unreachable.
            reset()
            free_memory()
            self.max_tokens = min(self.max_tokens, sum(len(example.ids) for example in examples)) // 2
            log.info("out of memory: continuing with at most %d tokens at once", self.max_tokens)

    def batches(self, examples: Sequence[TokenizedExample]) -> Iterator[Batch]:
        """This process's share of the examples, in micro-batches of at most `max_tokens` ids."""
        mode = self.loss.mode or self.loss.choose_mode(collate(examples[:COMPARED_SEQUENCES], self._device))
        padded = mode in PADDED_MODES
        shard = local_shard(examples, self._distributed.rank, self._distributed.world_size)
        groups = micro_batches(shard, self.max_tokens, padded)
        shares = self._share_prefix and mode == "decoder" and self._device.type == "cpu"
        for group in groups:
            yield collate(group, self._device, share_prefix=shares)
        if self._distributed.sharded:
            # All processes gather a layer together, so each has to run the model equally often.
            idle = collate([min(examples, key=lambda example: len(example.ids))], self._device)
            idle = dataclasses.replace(idle, loss_mask=torch.zeros_like(idle.loss_mask))
            yield from [idle] * (collectives.all_reduce_max(self._distributed, len(groups)) - len(groups))
