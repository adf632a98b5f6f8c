"""The values of JSON texts, also of damaged ones, and the mails among them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from email_assistant.archive.readers.columns import find_column

# How deep a list of mails may be inside of a JSON document.
MAX_NESTING = 8
# What may be between the values of a JSON text.
BETWEEN_VALUES = re.compile(r"[\s,\x1e]*")
# Where an object of a list or a line may begin. After a value that is not valid, these are tried until that many
# characters have been decoded in vain. One that is nested too deeply counts as several characters.
NEXT_OBJECT = re.compile(r"[\n\[,][^\S\n]*(\{)")
MAX_TRIED, NESTED_TRIED = 50_000_000, 10_000
# How many times some programs write JSON as a text of JSON.
MAX_TEXTS = 2
FIRST_KEY = re.compile(r'\{\s*"([^"]*)"')
FIELDS = ("text", "sender", "recipient", "subject", "date")


def parse_json(text: str, text_column: str | None = None, depth: int = 0) -> Iterator[Any]:
    """The values of a JSON text, and a message where something is wrong.

    A wrong value costs itself: the values of a list around it are yielded one by one, and the next mail follows.

    Args:
        text: The text.
        text_column: The configured column of a mail's text.
        depth: In how many texts of JSON the text is.
    """
    position = _skip_blanks(text, 0)
    reported: set[int] = set()
    while 0 <= position < len(text):
        try:
            value, end = _decode_value(text, position)
        except (ValueError, RecursionError) as error:
            if text[position] == "[":
                # A list that is cut off, has a wrong value in it, or a comma too many.
                position = _skip_blanks(text, position + 1)
                if text[position : position + 1] in ("{", "["):
                    continue
            elif text[position] in "]}" and not text[position:].strip(" \t\r\n]},"):
                return
            place = getattr(error, "pos", position)
            if place not in reported:
                yield f"not valid JSON: {error}"
            reported.add(place)
            position = _next_mail(text, position, place, text_column)
            continue
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "[") and depth < MAX_TEXTS:
            yield from parse_json(value, text_column, depth + 1)
        else:
            yield value if isinstance(value, dict | list) else "a JSON value, but not an object"
        position = _skip_blanks(text, end)


def _skip_blanks(text: str, position: int) -> int:
    return BETWEEN_VALUES.match(text, position).end()  # type: ignore[union-attr]


def _next_mail(text: str, position: int, place: int, text_column: str | None) -> int:
    """Where the next mail begins after a value that is not valid, or the next one that is wrong, too; -1 if none does.

    What is inside of the value does not count, such as its recipients, who may have a field 'email': a mail has more
    fields, or begins like the value. A wrong one begins like it, too, or like what has the fault in it.

    Args:
        text: The text.
        position: Where the value begins.
        place: Where it is wrong.
        text_column: The configured column of a mail's text.
    """
    opening = _first_key(text, position)
    wrong = {opening}
    tried = 0
    for match in NEXT_OBJECT.finditer(text, position + 1):
        begin = match.start(1)
        key = _first_key(text, begin)
        try:
            value, end = _decode_value(text, begin)
        except (ValueError, RecursionError) as error:
            value, end = None, getattr(error, "pos", begin + NESTED_TRIED)
            if end == place:
                wrong.add(key)
            elif key in wrong and key is not None:
                return begin
        tried += end - begin
        if tried > MAX_TRIED:
            return -1
        is_alike = key is not None and key == opening
        if any(is_alike or _has_more_fields(mail) for mail in mails_of(value, text_column, 0)):
            return begin
    return -1


def _first_key(text: str, position: int) -> str | None:
    key = FIRST_KEY.match(text, position)
    return key[1] if key else None


def _has_more_fields(record: Mapping[str, Any]) -> bool:
    known = sum(find_column(field, record, None) is not None for field in FIELDS)
    return known > 1 or "payload" in record or "bodyValues" in record


def _decode_value(text: str, position: int) -> tuple[Any, int]:
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, position)
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            raise
        # A number of thousands of digits costs that number.
        return json.JSONDecoder(strict=False, parse_int=str).raw_decode(text, position)


def mails_of(value: Any, text_column: str | None, depth: int) -> Iterator[Mapping[str, Any]]:
    """The objects inside a JSON value that are mails."""
    if depth > MAX_NESTING:
        return
    if isinstance(value, list):
        for each in value:
            yield from mails_of(each, text_column, depth + 1)
    elif isinstance(value, dict):
        table = _rows_of_table(value, text_column)
        if table:
            yield from table
        elif _is_mail(value, text_column):
            yield value
        else:
            for each in value.values():
                yield from mails_of(each, text_column, depth + 1)


def _is_mail(record: Mapping[str, Any], text_column: str | None) -> bool:
    if isinstance(record.get("payload"), dict) or isinstance(record.get("bodyValues"), dict):
        return True
    column = find_column("text", record, text_column)
    inner = record.get(column) if column else None
    if text_column is None and isinstance(inner, dict | list):
        # Such as {"message": {"from": …, "body": …}}.
        inner = inner if isinstance(inner, dict) else next(iter(inner), None)
        names = inner if isinstance(inner, dict) else ()
        return not (
            find_column("text", names, None) and any(find_column(of, names, None) for of in ("sender", "subject"))
        )
    return column is not None


def _rows_of_table(record: Mapping[str, Any], text_column: str | None) -> list[dict[str, Any]]:
    """The rows of a table as pandas writes it: names and rows, or a list or mapping for each column."""
    names, rows = record.get("columns"), record.get("data")
    if isinstance(names, list) and isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return [dict(zip(map(str, names), row, strict=False)) for row in rows]
    if len(record) < 2 or not all(isinstance(each, list | dict) for each in record.values()):
        return []
    columns = {name: list(each.values()) if isinstance(each, dict) else each for name, each in record.items()}
    text = columns.get(find_column("text", record, text_column) or "")
    if not text or len(set(map(len, columns.values()))) > 1 or not all(isinstance(each, str | None) for each in text):
        return []
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
