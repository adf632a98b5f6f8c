import math

import numpy as np
import pytest

from email_assistant.metrics.mauve_score import MauveSettings, mauve_score
from email_assistant.metrics.text import text_scores


def test_bleu_of_equal_mails_is_100_and_of_others_0() -> None:
    mails = ["the lamp on the pier is mended", "come to tea on Saturday at four"]
    scores, signatures = text_scores(mails, mails)
    assert scores["bleu"] == pytest.approx(100)
    assert scores["chrf"] == pytest.approx(100)
    assert scores["length_ratio"] == 1
    assert text_scores(["xyz"] * 2, mails)[0]["bleu"] == 0
    assert "tok:13a" in signatures["bleu"]
    assert "version:" in signatures["chrf"]


def test_bleu_by_hand() -> None:
    # 'the cat sat on the mat now' against 'the cat sat on the mat': precisions 6/7, 5/6, 4/5, 3/4, no brevity penalty.
    scores, _ = text_scores(["the cat sat on the mat now"], ["the cat sat on the mat"])
    assert scores["bleu"] == pytest.approx(100 * math.prod([6 / 7, 5 / 6, 4 / 5, 3 / 4]) ** 0.25)


def test_mauve_is_higher_where_distributions_are_nearer() -> None:
    chance = np.random.default_rng(0)
    real = chance.normal(size=(60, 16)).astype(np.float32)
    settings = MauveSettings(buckets=5, scaling_factor=5.0, seed=1)
    same = mauve_score(real + 0.01, real, settings)
    far = mauve_score(real + 5, real, settings)
    assert 0 < far < 0.2 < same <= 1
    assert mauve_score(real + 0.01, real, settings) == same


def test_features_are_the_last_tokens_whatever_the_batch(tiny_model: object) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from email_assistant.metrics.mauve_score import features

    model = AutoModelForCausalLM.from_pretrained(tiny_model).eval()
    rows = [[1, 2, 3], [4, 5], [6] * 9]
    found = features(model, rows, torch.device("cpu"))
    for row, vector in zip(rows, found, strict=True):
        alone = model.model(torch.tensor([row])).last_hidden_state[0, -1].detach().numpy()
        assert np.allclose(vector, alone, atol=1e-5)
