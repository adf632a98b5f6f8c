"""The adapter as GGUF, for llama.cpp and Ollama."""

from pathlib import Path

import pytest
from conftest import RunPy


@pytest.mark.slow
def test_an_adapter_is_exported_with_a_file_for_ollama(run_py: RunPy, tmp_path: Path, made_outputs: Path) -> None:
    exported = run_py("stage=export", "tracking=none", "export.folder=out")
    assert exported.code == 0, exported.err
    assert exported.made == []
    assert (tmp_path / "out" / "adapter.gguf").read_bytes()[:4] == b"GGUF"
    modelfile = (tmp_path / "out" / "Modelfile").read_text()
    assert "ADAPTER ./adapter.gguf" in modelfile
    assert 'PARAMETER stop "<|im_end|>"' in modelfile
