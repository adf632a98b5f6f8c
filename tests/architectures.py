"""Small random models of several architectures."""

from pathlib import Path
from typing import Any

WINDOW = 16
# Local and global layers, one key-value head, and scores that are not scaled by the width of a head.
GEMMA3: tuple[str, dict[str, Any]] = (
    "gemma3_text",
    {
        "num_hidden_layers": 3,
        "num_key_value_heads": 1,
        "head_dim": 32,
        "query_pre_attn_scalar": 48,
        "sliding_window": WINDOW,
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
    },
)


def save_model(folder: Path, tokenizer: Any, kind: str, values: dict[str, Any]) -> Path:
    """A model that differs from a Llama of two layers and four heads in its type and these values."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(3)
    usual = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": True,
    }
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **(usual | values)))
    for name, weight in model.named_parameters():
        # transformers starts biases at zero and norms at one, where a missing one would not be noticed. Those of
        # Gemma 3 are stored without the one.
        if weight.dim() == 1:
            mean = 0.0 if name.endswith("bias") or kind == "gemma3_text" else 1.0
            torch.nn.init.normal_(weight, mean=mean, std=0.5)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
