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
# The architectures of the models that people take: the model type, what distinguishes it from a small Llama, and the
# mode in which the loss runs it on a CPU.
ARCHITECTURES: dict[str, tuple[str, dict[str, Any], str]] = {
    "llama": ("llama", {}, "decoder"),
    "qwen2": ("qwen2", {}, "decoder"),
    "qwen3": ("qwen3", {"head_dim": 16}, "decoder"),
    "gemma2": ("gemma2", {"head_dim": 16, "sliding_window": WINDOW, "query_pre_attn_scalar": 16}, "full_logits"),
    "gemma3": (*GEMMA3, "decoder"),
    "phi3": ("phi3", {}, "decoder"),
    "mistral": ("mistral", {"sliding_window": WINDOW}, "decoder"),
    "mixtral": ("mixtral", {"num_local_experts": 4}, "padded"),
    "qwen3_moe": (
        "qwen3_moe",
        {"head_dim": 16, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32},
        "padded",
    ),
    "granite": (
        "granite",
        {"embedding_multiplier": 2.0, "residual_multiplier": 0.3, "attention_multiplier": 0.1, "logits_scaling": 4.0},
        "full_logits",
    ),
    # No rotary embedding in the second layer.
    "smollm3": ("smollm3", {"no_rope_layers": [1, 0]}, "decoder"),
    "olmo2": ("olmo2", {}, "padded"),
    "gpt2": ("gpt2", {}, "padded"),
    "gpt_neox": ("gpt_neox", {}, "padded"),
    "falcon": ("falcon", {}, "padded"),
}


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
