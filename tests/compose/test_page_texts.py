"""What the page says."""

import html
from pathlib import Path

import pytest
from asgi import TOKEN, call_app
from composed import composed_config

from email_assistant.compose import app
from email_assistant.compose.access import Access
from email_assistant.compose.page_texts import ENGLISH, EXAMPLES, LANGUAGES
from email_assistant.metrics.usual import Usual


@pytest.mark.parametrize(
    ("forms", "form"), [(["rough"], "rough"), (["rough", "order"], "rough"), (["order"], "order"), ([], "rough")]
)
def test_where_notes_are_typed_the_page_asks_to_say_who_does_what(
    tiny_model: Path, archive: Path, tmp_path: Path, forms: list[str], form: str
) -> None:
    served = app.Serving(None, "", False, forms, None, Usual())
    built = app.build(composed_config(tiny_model, archive, tmp_path), served, Access(TOKEN), 80)
    page = html.unescape(call_app(built, "GET", "/").body.decode())
    assert (f'<p id="who" class="hint">{ENGLISH["who"]}</p>' in page) == (form == "rough")
    assert ('aria-describedby="who"' in page) == (form == "rough")
    assert f'placeholder="{EXAMPLES["en"][form]}"' in page


def test_both_languages_have_the_same_texts() -> None:
    english, russian = LANGUAGES.values()
    assert english.keys() == russian.keys()
    assert [key for key, text in english.items() if text.count("{") != russian[key].count("{")] == []
