"""Linear layers of decoding are the same in every layout of their weights."""

from pathlib import Path

import pytest
import torch
from conftest import model_settings

from email_assistant.language_model import decoding_linear
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding_linear import DecodingLinear, can_pack, linear
from email_assistant.language_model.process_settings import set_up_base

needs_onednn = pytest.mark.skipif(
    not can_pack(torch.float32, torch.device("cpu")), reason="oneDNN's layout was measured on x86 alone"
)


@needs_onednn
@pytest.mark.parametrize("rows", [1, 2, 5, 60])
@pytest.mark.parametrize("has_bias", [True, False])
def test_a_packed_weight_gives_the_same_product(rows: int, has_bias: bool) -> None:
    torch.manual_seed(0)
    weight, bias, inputs = torch.randn(48, 96), torch.randn(48) if has_bias else None, torch.randn(rows, 96)
    expected = inputs @ weight.t() + (0 if bias is None else bias)
    layer = DecodingLinear(weight, bias)
    assert torch.allclose(layer(inputs), expected, atol=1e-4)
    layer.pack()
    assert len(layer.weight) == 0
    assert torch.allclose(layer(inputs), expected, atol=1e-4)


@needs_onednn
def test_products_do_not_depend_on_the_number_of_threads() -> None:
    torch.manual_seed(0)
    layer, inputs = DecodingLinear(torch.randn(576, 1536)), torch.randn(9, 1536)
    layer.pack()
    threads = torch.get_num_threads()
    try:
        outputs = []
        for count in (1, 2):
            torch.set_num_threads(count)
            outputs.append(layer(inputs))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*outputs)


def test_weights_in_bfloat16_and_extended_ones_keep_their_layout() -> None:
    rounded, extended = torch.randn(8, 4).bfloat16(), torch.randn(8, 6)
    for layer in (DecodingLinear(rounded), DecodingLinear(extended, None, torch.randn(2, 4))):
        layer.pack()
        assert len(layer.weight) == 8


def test_other_processors_keep_the_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding_linear.platform, "machine", lambda: "arm64")
    layer, inputs = DecodingLinear(torch.randn(8, 4)), torch.randn(3, 4)
    layer.pack()
    assert len(layer.weight) == 8
    assert torch.equal(layer(inputs), linear(inputs, layer.weight, None))


@needs_onednn
@torch.inference_mode()
def test_a_decoder_packs_its_weights_when_several_rows_are_written(tiny_model: Path) -> None:
    model = set_up_base(model_settings(tiny_model)).model
    decoder = CachedDecoder.from_model(model)
    assert decoder is not None
    decoder.prefill([[5, 6, 7]])
    decoder.step([8])
    assert len(decoder._layers[0].o_proj.weight) > 0
    decoder.prefill([[5, 6]])
    after_two = decoder.step([9, 7])
    assert len(decoder._layers[0].o_proj.weight) == 0
    expected = [model(input_ids=torch.tensor([row])).logits[0, -1] for row in ([5, 6, 7, 8, 9], [5, 6, 7])]
    assert torch.allclose(after_two, torch.stack(expected), rtol=1e-3, atol=1e-3)
    decoder.evict(1)
    last = model(input_ids=torch.tensor([[5, 6, 7, 8, 9, 4]])).logits[0, -1]
    assert torch.allclose(decoder.step([4])[0], last, rtol=1e-3, atol=1e-3)
