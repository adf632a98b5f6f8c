"""The base model, its adapter, the one chat encoder, and decoding."""

import logging
import warnings

# On some processors bitsandbytes looks for a kernel on a hub when it is imported, and warns that it found none.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
# peft and torch call names of transformers that its next major version drops.
warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|torch|peft)\b.*")
