"""Models, configurations and pairs that several benchmarks use."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gguf
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.settings import ROOT, composed
from email_assistant.archive import readers
from email_assistant.archive.selection import read_and_select
from email_assistant.archive.selection_steps import SelectionRules
from email_assistant.commands.catalog import CONFIG_CHECKS
from email_assistant.configuration.schema import Config, Model
from email_assistant.language_model import number_format
from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.process_settings import set_up_base
from email_assistant.requests.instructions import instruction_prefix

DEMO = ROOT / "demo" / "archive.mbox"
SMOLLM2 = ROOT / "models" / "smollm2_135m"


def processor_kind() -> str:
    """What torch and oneDNN multiply with on this CPU: AMX, AVX512-BF16, AVX-512, AVX2, or torch's name for less."""
    if torch.cpu._is_amx_tile_supported():
        return "AMX"
    if torch.cpu._is_avx512_bf16_supported():
        return "AVX512-BF16"
    return torch.backends.cpu.get_cpu_capability().replace("AVX512", "AVX-512")


def auto_format() -> str:
    """The number format of `model.dtype=auto` for the bundled model on this CPU, as runs choose it."""
    return number_format.format_of(_bundled("auto"), configured().outputs) or "float32"


def load_bundled(dtype: str = "float32", threads: int | None = None) -> LanguageModel:
    """The bundled model on the CPU, as this project loads it."""
    return set_up_base(_bundled(dtype, threads))


def _bundled(dtype: str, threads: int | None = None) -> Model:
    values: Any = {"path": str(SMOLLM2), "quantization": "none", "dtype": dtype, "device": "cpu"}
    return Model(**values, threads=threads, gguf=None, head_start=None, architecture=None)


def configured(*overrides: str) -> Config:
    """The configuration that run.py composes from conf/ and overrides."""
    return composed(CONFIG_CHECKS, *overrides)


def pairs(archive: Path = DEMO, owner: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Mails of an archive, each after an instruction that is made from its headers: (instruction, mail)."""
    with tempfile.TemporaryDirectory() as work:
        rules = SelectionRules(min_words=5, max_words=1500, duplicate_similarity=0.9, drop=frozenset({"vacation"}))
        _, _, chosen = read_and_select(lambda: readers.read([archive], "auto", {}), list(owner), rules, Path(work))
        emails = list(chosen.kept)
    template = "Write an email[ to {recipient}][ about {topic}]"
    return [
        (instruction_prefix(template, email["text"], email["subject"], email["to"]) + ".", email["text"])
        for email in emails
    ]


def unmodified(dtype: str) -> LanguageModel:
    """The bundled model as transformers loads it, without the changes to the process that `set_up_base` makes."""
    model = AutoModelForCausalLM.from_pretrained(SMOLLM2, dtype=getattr(torch, dtype))
    model.requires_grad_(False)
    return LanguageModel(model, ChatEncoder(AutoTokenizer.from_pretrained(SMOLLM2)), model.device, model.dtype)


def dequantized(source: Path, target: Path) -> Path:
    """Write a GGUF file with the same weights in float32."""
    reader = gguf.GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(target, str(architecture))
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name not in ("general.architecture", "general.file_type"):
            inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
    for tensor in reader.tensors:
        shape = [int(size) for size in reversed(tensor.shape)]
        writer.add_tensor(tensor.name, gguf.dequantize(tensor.data, tensor.tensor_type).reshape(shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
