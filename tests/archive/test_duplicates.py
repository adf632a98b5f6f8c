from hypothesis import given
from hypothesis import strategies as st

from email_assistant.archive.duplicates import jaccard, near_duplicates


def test_near_duplicates_match_their_definition() -> None:
    texts = ["a b c d e", "a b c d f", "a b c d e", "x y", "", "y x", "a b c d e g"]
    for threshold in (0.3, 0.6, 0.8, 1.0):
        sets = [frozenset(text.split()) for text in texts]
        expected = {
            (later, earlier)
            for later in range(len(texts))
            for earlier in range(later)
            # Mails with the same words are stored once, as the first of them.
            if sets[later] and jaccard(sets[later], sets[earlier]) >= threshold and sets[earlier] not in sets[:earlier]
        }
        assert set(near_duplicates(texts, threshold)) == expected


@given(
    st.lists(st.text("abcdefgh ", max_size=24).map(" ".join), max_size=25), st.sampled_from([0.3, 0.5, 0.75, 0.9, 1.0])
)
def test_near_duplicates_are_found_exactly(texts: list[str], threshold: float) -> None:
    sets = [frozenset(text.split()) for text in texts]
    repeats = {
        later
        for later in range(len(texts))
        if sets[later] and any(jaccard(sets[later], sets[earlier]) >= threshold for earlier in range(later))
    }
    assert {later for later, _ in near_duplicates(texts, threshold)} == repeats
