"""A base that is sharded over two processes, real ones: its memory, and the gradients of a step."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

PROGRAM = '''
import sys
from pathlib import Path
import torch
from torch.distributed.tensor import DTensor
from small import PLAIN, encoded, fresh, gradients, relative_distance
from email_assistant.language_model import collectives
from email_assistant.training.batches import collate
from email_assistant.training.loss import CompletionLoss

path = Path(sys.argv[1])
context = collectives.init()
examples = encoded(path)
whole = fresh(path, PLAIN, "nf4")
batch = collate(examples, whole.device)
expected = CompletionLoss(whole.model, ("packed",))(batch)
wanted = gradients(whole, expected)
model = fresh(path, PLAIN, "nf4")
collectives.shard_model(model.model, model.device)
layers = model.model.get_base_model().model.layers
frozen = [weight for layer in layers for weight in layer.parameters() if not weight.requires_grad]


def is_sharded() -> bool:
    """Whether no layer's weights are whole here; each process holds about a half of every one."""
    weights = [weight for layer in layers for weight in layer.parameters() if not weight.requires_grad]
    local = sum(weight.to_local().numel() for weight in weights if isinstance(weight, DTensor))
    return all(isinstance(weight, DTensor) for weight in weights) and local < 0.7 * sum(map(torch.numel, weights))


assert is_sharded()
loss = CompletionLoss(model.model, ("packed",))
with torch.no_grad():
    # A validation, which no backward pass follows.
    loss(batch)
assert loss.mode == "packed" and is_sharded()
for recompute in (False, True):
    if recompute:
        model.model.gradient_checkpointing_enable({"use_reentrant": False})
        model.model.train()
    found = loss(batch)
    assert torch.allclose(found, expected, rtol=1e-5)
    assert relative_distance(gradients(model, found), wanted) < 1e-4
    assert is_sharded()
# One root: a layer can be gathered while the one before it computes.
sharded = [module for module in model.model.modules() if hasattr(module, "_get_fsdp_state")]
roots = [module for module in sharded if module._get_fsdp_state()._is_root]
assert len(sharded) == 1 + len(layers) and len(roots) == 1
collectives.shutdown(context)
print("equal")
'''


@pytest.mark.slow
def test_a_sharded_base_is_freed_after_every_pass_and_trains_as_a_whole_one(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    accelerate = str(Path(sys.executable).with_name("accelerate"))
    launch = [accelerate, "launch", "--config_file", str(ROOT / "launch" / "fsdp.yaml"), "--num_processes", "2"]
    modules = os.pathsep.join(str(ROOT / folder) for folder in ("", "tests", "tests/training"))
    alone = {name: value for name, value in os.environ.items() if name != "WORLD_SIZE"} | {"PYTHONPATH": modules}
    command = [*launch, str(tmp_path / "program.py"), str(tiny_model)]
    done = subprocess.run(command, capture_output=True, text=True, env=alone, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("equal") == 2
