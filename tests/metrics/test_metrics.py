"""Every score against values computed by hand or by the library that defines it."""

import math
import os
import random
import sys
from dataclasses import replace
from pathlib import Path

import faiss
import mauve
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF

from email_assistant.errors import DataError
from email_assistant.metrics import style
from email_assistant.metrics.authorship import authorship_score, train_judge
from email_assistant.metrics.copying import TrainingMails, copied_share, copying, longest_run
from email_assistant.metrics.facts import facts, frequent_facts, phrases
from email_assistant.metrics.formulas import FORMULAS, Array, divergence_area, jensen_shannon, wasserstein
from email_assistant.metrics.mauve_score import MauveSettings, mauve_by_seed, mauve_score
from email_assistant.metrics.per_mail_score import PerMailScore, load, mean_score, ratio_score, save
from email_assistant.metrics.scores import SCORES
from email_assistant.metrics.sense import sense
from email_assistant.metrics.text import signatures, text_scores
from email_assistant.metrics.usual import Usual

MAUVE = MauveSettings(buckets=5, scaling_factor=5.0, seeds=(1, 2, 3))


def test_bleu_is_100_for_equal_mails_and_0_for_mails_without_common_words() -> None:
    mails = ["the lamp on the pier is mended", "come to tea on Saturday at four"]
    scores = text_scores(mails, mails)
    assert scores["bleu"].value == pytest.approx(100)
    assert scores["chrf"].value == pytest.approx(100)
    assert scores["length_ratio"].value == 1
    assert text_scores(["xyz"] * 2, mails)["bleu"].value == 0
    assert "tok:13a" in signatures()["bleu"]
    assert "version:" in signatures()["chrf"]


def test_bleu_by_hand() -> None:
    # 'the cat sat on the mat now' against 'the cat sat on the mat': precisions 6/7, 5/6, 4/5, 3/4, no brevity penalty.
    scores = text_scores(["the cat sat on the mat now"], ["the cat sat on the mat"])
    assert scores["bleu"].value == pytest.approx(100 * math.prod([6 / 7, 5 / 6, 4 / 5, 3 / 4]) ** 0.25)


def test_bleu_and_chrf_of_a_resample_are_those_that_sacrebleu_computes_on_its_mails() -> None:
    written = ["the cat sat on the mat now", "rope is wanted at the pier", "", "see you at noon, Bo"]
    real = ["the cat sat on the mat", "rope is needed on the pier today", "no", "see you at ten, Bo"]
    draws = np.array([[2, 0, 1, 1], [0, 3, 0, 1.0]])
    found = text_scores(written, real)
    for row, drawn in enumerate([[0, 0, 2, 3], [1, 1, 1, 3]]):
        sides = [written[index] for index in drawn], [[real[index] for index in drawn]]
        assert found["bleu"].resample(draws)[row] == pytest.approx(BLEU().corpus_score(*sides).score)
        assert found["chrf"].resample(draws)[row] == pytest.approx(CHRF().corpus_score(*sides).score)


def by_mauve_text(written: Array, real: Array) -> list[float]:
    """What mauve-text itself computes, for each seed."""
    scores = []
    for seed in MAUVE.seeds:
        result = mauve.compute_mauve(
            p_features=real,
            q_features=written,
            num_buckets=MAUVE.buckets_for(len(written), len(real)),
            mauve_scaling_factor=MAUVE.scaling_factor,
            seed=seed,
            verbose=False,
        )
        scores.append(float(result.mauve))
    return scores


def test_mauve_is_higher_for_closer_distributions() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(60, 16))
    same, far = (mauve_score(real + shift, real, MAUVE).value for shift in (0.01, 5))
    assert 0 < far < 0.2 < same <= 1


def test_mauve_takes_the_largest_seed_of_a_run() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(20, 8))
    assert 0 < mauve_score(real + 0.1, real, replace(MAUVE, seeds=(2**31 - 2, 2**32 - 1))).value <= 1


@pytest.mark.parametrize(("mails", "shift"), [(60, 0.4), (15, 0.1), (40, 3.0)])
def test_mauve_is_that_of_mauve_text(mails: int, shift: float) -> None:
    rng = np.random.default_rng(mails)
    written, real = rng.normal(size=(mails, 16)) + shift, rng.normal(size=(mails, 16))
    score = mauve_score(written, real, MAUVE)
    assert mauve_by_seed(score) == by_mauve_text(written, real)
    assert score.value == pytest.approx(np.mean(mauve_by_seed(score)))


def test_mauve_of_few_mails_prints_no_warning(capfd: pytest.CaptureFixture[str]) -> None:
    real = np.random.default_rng(0).normal(size=(12, 8))
    mauve_score(real + 0.1, real, MAUVE)
    assert capfd.readouterr() == ("", "")


def test_on_macos_faiss_shares_the_process_with_the_openmp_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    written, real = rng.normal(size=(30, 8)), rng.normal(size=(30, 8))
    on_linux, threads = mauve_score(written, real, MAUVE), faiss.omp_get_max_threads()
    # Set first, so that what is set there is undone.
    monkeypatch.setenv("KMP_DUPLICATE_LIB_OK", "")
    monkeypatch.delenv("KMP_DUPLICATE_LIB_OK")
    monkeypatch.setattr(sys, "platform", "darwin")
    faiss.omp_set_num_threads(2)
    try:
        on_macos = mauve_score(written, real, MAUVE)
        assert os.environ["KMP_DUPLICATE_LIB_OK"] == "TRUE"
        assert faiss.omp_get_max_threads() == 1
    finally:
        faiss.omp_set_num_threads(threads)
    assert np.array_equal(on_macos.contributions, on_linux.contributions)


def test_the_divergence_area_is_one_for_equal_and_small_for_disjoint_distributions() -> None:
    same = np.array([0.2, 0.3, 0.5])
    assert divergence_area(same, same, 5.0) == pytest.approx(1.0)
    # With nothing in common KL(Q|R) = -ln(1-w) and KL(P|R) = -ln(w): the curve is x = (1-w)^5, y = w^5.
    weights = np.concatenate([[0], np.linspace(1e-6, 1 - 1e-6, 25), [1]])
    by_hand = np.trapezoid(weights[::-1] ** 5, (1 - weights[::-1]) ** 5)
    found = divergence_area(np.array([1.0, 0]), np.array([0, 1.0]), 5.0)
    assert found == pytest.approx(by_hand, rel=1e-6)
    assert found < 0.01


def test_jensen_shannon_by_hand() -> None:
    # Halves against one whole: H(3/4, 1/4) - H(1/2, 1/2) / 2 = 0.8113 - 0.5 bits, and its root.
    entropy = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert jensen_shannon(np.array([[2.0, 2.0], [7.0, 0.0]]), 0) == pytest.approx(math.sqrt(entropy - 0.5))
    assert jensen_shannon(np.array([[1.0, 0.0], [0.0, 9.0]]), 0) == pytest.approx(1.0)
    assert jensen_shannon(np.array([[3.0, 1.0], [6.0, 2.0]]), 0) == pytest.approx(0.0, abs=1e-7)
    assert jensen_shannon(np.array([[0.0, 0.0], [6.0, 2.0]]), 0) == 1.0
    assert jensen_shannon(np.zeros((2, 2)), 0) == 0.0


def test_wasserstein_by_hand() -> None:
    # Everything moves by two bins; then half of it by one.
    assert wasserstein(np.array([[4.0, 0, 0], [0, 0, 9.0]]), 0.25) == pytest.approx(0.5)
    assert wasserstein(np.array([[2.0, 0, 0], [1.0, 1.0, 0]]), 1.0) == pytest.approx(0.5)


@given(st.lists(st.lists(st.integers(0, 20), min_size=4, max_size=4), min_size=2, max_size=2))
@settings(deadline=None)
def test_distances_are_symmetric_and_bounded(sides: list[list[int]]) -> None:
    there, back = (np.array(each, dtype=float) for each in (sides, sides[::-1]))
    for formula in (jensen_shannon, wasserstein):
        assert formula(there, 0.1) == pytest.approx(formula(back, 0.1))
        assert 0 <= formula(there, 0.1) <= 1


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Hi Bo,\n\nThe rope is here.", "hi NAME,"),
        ("Dear Ms. Anna Berg:\nThanks.", "dear NAME:"),
        ("Bo -\nrope.", "NAME-"),
        ("Anna Berg,\nrope.", "NAME,"),
        ("Good morning all!\nRope.", "good morning all!"),
        ("Здравствуйте, Анна!\nСпасибо.", "здравствуйте NAME!"),
        ("The rope is here and it is good.", ""),
        ("Send rope, please", ""),
        ("no rope,\nsorry", ""),
        ("", ""),
    ],
)
def test_the_form_of_a_greeting(text: str, form: str) -> None:
    assert style.greeting(text) == form


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("Hi,\nThe rope is here.\n\nFair winds,\nAda", "fair winds, / ada"),
        ("The rope is here.\nAda", "ada"),
        ("The rope is here and it is good, says he.", ""),
        ("Hi Bo,\nThe rope is here and it is good, says he.", ""),
    ],
)
def test_sign_offs(text: str, ending: str) -> None:
    assert style.sign_off(text) == ending


def test_punctuation_emoji_and_lengths_are_counted() -> None:
    assert style.punctuation("Well... no?! Yes!!! (ok) -- a, b") == {
        "..": 1,
        "?!?!": 1,
        "!!": 1,
        "(": 1,
        ")": 1,
        "--": 1,
        ",": 1,
    }
    assert style.emoji("hi :) 😀") == {"2": 1}
    assert style.emoji("it is 10:00 (ok)") == {"0": 1}
    assert style.emoji("привет)))") == {"1": 1}
    assert style.sentence_lengths("One two. Three!\nFour five six\n\n") == [2, 1, 3]
    assert style.mail_length("One two. Don't!") == [3]
    assert style.function_words("The rope of the pier и не") == {"the": 2, "of": 1, "и": 1, "не": 1}


def test_style_distances_are_0_for_the_same_mails_and_an_octave_for_double_length() -> None:
    mails = ["Hi Bo,\n" + "rope " * 8 + "\nAda", "Hi Cy,\n" + "rope " * 8 + "\nAda"]
    for name, measured in style.style_distances(mails, mails[::-1]).items():
        assert measured.value == pytest.approx(0, abs=1e-7), name
    double = style.style_distances(["rope " * 16], ["rope " * 8])
    assert double["style_mail_length"].value == pytest.approx(1.0)
    assert double["style_sentence_length"].value == pytest.approx(1.0)
    assert double["style_greeting"].value == 0
    assert style.style_distances(["Hi Bo,\nRope is here."], ["The rope is here"])["style_greeting"].value == 1


def test_the_copied_share_counts_a_word_as_often_as_the_request_has_it() -> None:
    assert copied_share(["the rope", "Tin"], ["The rope and the tin.", "tin"]) == pytest.approx((2 / 5 + 1) / 2)
    assert copied_share([], []) == 0


def test_copied_runs_by_hand() -> None:
    training = TrainingMails(["one two three four five six seven eight nine ten eleven twelve thirteen", "a b c d"])
    assert training.runs("x a b c y") == [0, 3, 0, 0, 0]
    written = ["One, two, three, four five six seven eight nine ten eleven twelve!", "x a b c d y z w", ""]
    found = copying(written, training)
    assert found["longest_copy"].value == pytest.approx((12 + 4 + 0) / 3)
    assert found["copied"].value == pytest.approx(12 / (12 + 8))
    assert longest_run(written, training) == 12
    assert longest_run([], training) == 0


def test_shared_runs_are_those_that_brute_force_finds() -> None:
    rng = random.Random(3)

    def drawn() -> list[str]:
        return [rng.choice("abcde") for _ in range(rng.randrange(30))]

    mails = [drawn() for _ in range(20)]
    training = TrainingMails([" ".join(mail) for mail in mails])
    for words in [drawn() for _ in range(20)]:
        longest_at = []
        for first in range(len(words)):
            lengths = range(len(words) - first + 1)
            shared = [
                length
                for length in lengths
                if any(
                    words[first : first + length] == mail[start : start + length]
                    for mail in mails
                    for start in range(len(mail) - length + 1)
                )
            ]
            longest_at.append(max(shared, default=0) if max(shared, default=0) >= 3 else 0)
        assert training.runs(" ".join(words)) == longest_at


def test_facts_are_names_dates_and_numbers() -> None:
    assert facts("Tell Bo to send 12 ropes by Friday at 10:30. Thanks. I'm off to Bergen") == {
        "bo",
        "12",
        "frid",
        "10:30",
        "berg",
    }
    assert facts("The rope") == set()
    listed = "Two things:\n(1)  Is it dry? (ii) Call me.\n * Please ask.\n2. Bring it.\u00a0\u00a0 The tin leaks."
    assert facts(listed) == {"1", "2"}
    assert facts("Ask FP&L and R&D, but not Q.") == {"fp&l", "r&d"}
    assert "пятн" in {fact[:4] for fact in facts("привези в пятницу")}


def test_frequent_facts_are_in_many_mails() -> None:
    assert frequent_facts(["send it to Bo. so says Ada", "rope, says Ada", *["rope"] * 8]) == {"ada"}


def test_the_judge_tells_two_writers_apart_and_needs_enough_mails() -> None:
    mine = [f"Ahoy Bo!! rope {number} is here...\nFair winds, Ada" for number in range(30)]
    others = [f"Dear colleague, please find attached report number {number}. Kind regards" for number in range(30)]
    judge = train_judge(mine, others, seed=1)
    assert judge is not None
    assert judge.accuracy > 0.95
    assert (
        authorship_score(
            judge, ["Ahoy Cy!! tar is here...\nFair winds, Ada", "Dear colleague, please find my report."]
        ).value
        == 0.5
    )
    assert train_judge(mine[:9], others, seed=1) is None
    assert train_judge(mine, [], seed=1) is None


def test_means_and_ratios() -> None:
    assert mean_score([1, 2, 6]).value == 3
    assert ratio_score([1, 2], [2, 4]).value == 0.5
    assert ratio_score([0, 0], [0, 0]).value == 0
    assert PerMailScore(np.array([[2 * math.log(3), 2.0], [0.0, 2.0]]), "perplexity").value == pytest.approx(
        math.sqrt(3)
    )


def test_every_score_has_a_formula_and_a_name() -> None:
    texts = ["Hi Bo,\nrope 12.", "No."]
    found = text_scores(texts, texts) | style.style_distances(texts, texts) | copying(texts, TrainingMails(texts))
    found |= sense(texts, texts, [None, None], Usual())
    assert {measured.formula for measured in found.values()} <= set(FORMULAS)
    missing = set(SCORES) - set(found)
    assert missing == {"mauve", "authorship", "perplexity", "ended"}
    assert not set(found) - set(SCORES)


def test_saved_scores_are_read_back(tmp_path: Path) -> None:
    arms = {"tuned": text_scores(["a b", "c d"], ["a b", "c e"]), "base": {"ended": mean_score([1, 0])}}
    save(tmp_path / "m.npz", ["one", "two"], arms)
    ids, found = load(tmp_path / "m.npz")
    assert ids == ["one", "two"]
    assert {arm: {name: score.value for name, score in scores.items()} for arm, scores in found.items()} == {
        arm: {name: score.value for name, score in scores.items()} for arm, scores in arms.items()
    }
    (tmp_path / "m.npz").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="not a file of scores"):
        load(tmp_path / "m.npz")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We meet Ann Rope & Sons at 8 pm on Sept. 17 at Bo's.", ["Ann Rope & Sons", "8 pm", "Sept. 17", "Bo"]),
        (
            "It costs $12.50 or 5%.  So what? Cheryl Nelson pays tomorrow.",
            ["$12.50", "5%", "Cheryl Nelson", "tomorrow"],
        ),
        (
            "We ask R&D or Rope T&C about the E320 necessary for USD20 million.",
            ["R&D", "Rope T&C", "E320", "USD20 million"],
        ),
        ("1. Rope\n(2) Tin for 3 men, not 4 of them", ["3 men", "4"]),
        ("See https://x.example/A1 or Ask@x.example. This is it.   Please do.", []),
        ("Приезжай в четверг к Дарье Кузьминой, 17 марта.", ["четверг", "Дарье Кузьминой", "17 марта"]),
    ],
)
def test_phrases_are_names_dates_and_numbers_as_typed(text: str, expected: list[str]) -> None:
    assert phrases(text) == expected
