from email_assistant.archive import signatures


def test_a_signature_is_cut_and_the_sign_off_kept() -> None:
    text = "Hello.\n\nCheers, W\n-- \nW. Example\n+44 20 7946 0000"
    assert signatures.strip_signature(text) == "Hello.\n\nCheers, W"
    assert signatures.strip_signature("-- \nonly this") == "-- \nonly this"


def test_a_signature_without_delimiter_is_learned() -> None:
    texts = [f"Mail number {number}.\n\nWill\nTel. +44 20 7946 0000\nwww.will.example" for number in range(10)]
    learned = signatures.learn(texts)
    assert signatures.strip_signature(texts[0], learned) == "Mail number 0.\n\nWill"
    assert signatures.learn(texts[:3]) == signatures.SignatureProfile()
