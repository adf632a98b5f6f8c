"""Messages of an invented owner."""

from datetime import UTC, datetime, timedelta

from email_assistant.archive.messages import ParsedMessage, Person

ME = Person("Ada Example", "ada@x.example")


def mail(number: int, text: str = "", **values: object) -> ParsedMessage:
    text = text or f"Please send crate {number} of {'abcdefgh'[number % 8]} to dock {number * 17}."
    date = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)
    defaults = {"source": f"s{number}", "id": f"{number}@x", "text": text, "date": date, "senders": [ME]}
    return ParsedMessage(**(defaults | values))  # type: ignore[arg-type]
