import pytest

from email_assistant.archive.redaction import Redactor, is_snils


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Write to Jane.Roe+x@y.example, please.", "en", "Write to [EMAIL-1], please."),
        ("Call +44 20 7946 0018 or (415) 555-2671.", "en", "Call [PHONE-1] or [PHONE-2]."),
        ("тел. 8 (495) 123-45-67", "ru", "тел. [PHONE-1]"),
        ("Card 4111 1111 1111 1111, not 4111 1111 1111 1112.", "en", "Card [CARD-1], not 4111 1111 1111 1112."),
        ("IBAN DE89 3704 0044 0532 0130 00.", "en", "IBAN [IBAN-1]."),
        ("DE88370400440532013000", "en", "DE88370400440532013000"),
        ("ИНН 7707083893, СНИЛС 112-233-445 95", "ru", "ИНН [INN-1], СНИЛС [SNILS-1]"),
        ("ИНН 500100732259", "ru", "ИНН [INN-1]"),
        ("паспорт 45 08 123456", "ru", "паспорт [PASSPORT-1]"),
        ("Passport No. C01X00T47 or passport 123456789", "en", "Passport No. C01X00T47 or passport [PASSPORT-1]"),
        ("р/с 40817810099910004312", "ru", "р/с [ACCOUNT-1]"),
        ("account number 12345678", "en", "account number [ACCOUNT-1]"),
        ("SSN 536-90-4399", "en", "SSN [TAX-1]"),
        ("password: hunter22", "en", "password: [SECRET-1]"),
        ("пароль: qwerty123", "ru", "пароль: [SECRET-1]"),
        ("key AKIAIOSFODNN7EXAMPLE", "en", "key [SECRET-1]"),
        ("https://x.example/reset?token=abc1", "en", "[URL-1]"),
        ("https://me:pw@x.example/", "en", "[URL-1]"),
        ("see https://x.example/a/page?id=3", "en", "see https://x.example/a/page?id=3"),
        # What only looks like it.
        ("On 2024-05-03 at 10:30, room 1234567, $1,234,567.89", "en", None),
        ("The password is easy to guess.", "en", None),
        ("order 1234567890, ISBN 978-3-16-148410-0", "en", None),
        ("--freq 1575420000 --rate 13000000, Pin=-20 dBm", "en", None),
        ("10.1038/s41586-021-03819-2 and 192.168.10.2:8080", "en", None),
    ],
)
def test_personal_data_is_replaced_and_similar_text_is_not(text: str, language: str, expected: str | None) -> None:
    assert Redactor().redact(text, language) == (text if expected is None else expected)


def test_the_same_value_keeps_its_placeholder_and_is_counted() -> None:
    redactor = Redactor()
    assert redactor.redact("a@x.example b@x.example") == "[EMAIL-1] [EMAIL-2]"
    assert redactor.redact("B@X.example, +44 20 7946 0018, +442079460018") == "[EMAIL-2], [PHONE-1], [PHONE-1]"
    assert redactor.counts == {"email": 3, "phone": 2}


def test_snils_by_its_check_digits() -> None:
    assert is_snils("112-233-445 95")
    assert is_snils("087-654-303 00")
    assert not is_snils("112-233-445 96")
