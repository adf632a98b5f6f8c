"""JSON with wrong values in it: each costs itself and is counted."""

import json
import time
from pathlib import Path

import pytest

from email_assistant.archive import readers
from email_assistant.archive.messages import ParsedMessage
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.readers.json_values import parse_json

TEXTS = ["Please bring the ladder back.", "The choir meets on Wednesday.", "The old kettle leaks badly."]
PEOPLE = [{"name": "Bo", "email": "bo@y.example"}, {"name": "Cy", "email": "cy@y.example"}]
GOOD = [json.dumps({"from": "ann@x.example", "to": PEOPLE, "body": text}) for text in TEXTS]
WRONG = [
    GOOD[1][:-1] + ",}",
    GOOD[1].replace("Wednesday", '"Wednesday"'),
    GOOD[1].replace("Wednesday", "C:\\docs"),
    GOOD[1].replace('"to":', '"to": Bo,'),
]


def read(path: Path, text: str) -> tuple[list[str], int]:
    """The texts of the mails, and how many records could not be read."""
    path.write_text(text)
    messages = [parse_item(item) for item in readers.read([path], "auto", {})]
    found = [message.text for message in messages if isinstance(message, ParsedMessage)]
    return found, len(messages) - len(found)


@pytest.mark.parametrize("wrong", WRONG, ids=["comma", "quotes", "escape", "word"])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    "document",
    [
        "\n".join,
        ",\n".join,
        lambda records: f"[{', '.join(records)}]",
        lambda records: '{{"total": 3, "mails": [\n  {}\n]}}\n'.format(",\n  ".join(records)),
    ],
    ids=["lines", "commas", "list", "object"],
)
def test_a_wrong_record_costs_itself(tmp_path: Path, document: object, place: int, wrong: str) -> None:
    records = [GOOD[0], GOOD[2]]
    records.insert(place, wrong)
    assert read(tmp_path / "x.json", document(records)) == ([TEXTS[0], TEXTS[2]], 1)  # type: ignore[operator]


def test_a_wrong_record_over_several_lines_costs_itself(tmp_path: Path) -> None:
    text = json.dumps([json.loads(record) for record in GOOD], indent=2).replace(TEXTS[1], 'She said "yes".')
    assert read(tmp_path / "x.json", text) == ([TEXTS[0], TEXTS[2]], 1)


def test_many_wrong_records_cost_no_other(tmp_path: Path) -> None:
    records = [GOOD[0], *[WRONG[1]] * 1500, GOOD[2]]
    for document in ("[{}]", '{{"mails": [{}]}}'):
        assert read(tmp_path / "x.json", document.format(", ".join(records))) == ([TEXTS[0], TEXTS[2]], 1500)


def test_a_wrong_record_with_many_people_costs_no_other(tmp_path: Path) -> None:
    wrong = json.dumps({"body": TEXTS[1], "to": PEOPLE * 800}).replace("Wednesday", '"Wednesday"')
    assert read(tmp_path / "x.json", f"[{GOOD[0]}, {wrong}, {GOOD[2]}]") == ([TEXTS[0], TEXTS[2]], 1)


def test_lines_of_bodies_only(tmp_path: Path) -> None:
    lines = ['{"body": "One, and \\x more."}', '{"body": "Two."}', '{"body": "Three."}']
    assert read(tmp_path / "x.jsonl", "\n".join(lines)) == (["Two.", "Three."], 1)


def test_a_text_that_is_wrong_everywhere_ends() -> None:
    assert len(list(parse_json('{"a": [{' * 3000))) < 5
    assert len(list(parse_json("[{]" * 3000))) < 5
    begin = time.process_time()
    assert len(list(parse_json("{bad" + "\n" * 100_000))) == 1
    assert time.process_time() - begin < 5
