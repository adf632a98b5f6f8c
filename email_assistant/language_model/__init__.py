"""The base model and its adapter, the chat encoder, generation, and distributed processes."""

import logging
import warnings

# On some CPUs bitsandbytes looks for a kernel on the hub when it is imported, and warns that there is none.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
# peft and torch use names that the next major version of transformers drops.
warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|torch|peft)\b.*")
