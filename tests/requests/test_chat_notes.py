"""Notes and prompts of programs are told apart where that is easy."""

import pytest

from email_assistant.requests.chat_notes import MAX_NOTE, as_note


@pytest.mark.parametrize(
    ("message", "note"),
    [
        ("piers: need the ladder", "piers: need the ladder"),
        (" bo: need it\r\n\r\nwill come\tat 7\n", "bo: need it. will come at 7"),
        ("ask Bo to come", "ask Bo to come"),
        ("reply to this mail by friday, need it", "reply to this mail by friday, need it"),
        ("you are the expert, need your word", "you are the expert, need your word"),
        ("bo: got the text: need a rest", "bo: got the text: need a rest"),
        ("- got it\n- will pay friday", "got it. will pay friday"),
        ("савва: нужна лестница\nдо воскресенья", "савва: нужна лестница, до воскресенья"),
    ],
)
def test_a_note_is_one_line(message: str, note: str) -> None:
    assert as_note(message) == note


@pytest.mark.parametrize(
    "message",
    [
        'Reply to the following email. Reply in the same language. "Got it. Need the key."',
        "Rewrite the following text to be more polite. Got it:\nneed the key",
        "Please proofread this text: need the key",
        "Summarize the email below\n\nGot it.",
        "Translate the following to German: «need the key»",
        "You are an expert email writer.\nNeed the key",
        'You are a helpful assistant. Answer: "got it"',
        "Write a reply to Bo that says yes.\n\nHi, need the key",
        "ask Bo to come\nneed the key",
        "yes, friday\n\n> need the key",
        "From: Bo <bo@goods.example>\nneed the key",
        "# Task\nneed the key",
        "<mail>need the key</mail>",
        "Переведи это письмо: нужен ключ",
        "",
        " \n",
        "need it " * (MAX_NOTE // 8 + 1),
    ],
)
def test_a_prompt_of_a_program_is_no_note(message: str) -> None:
    assert as_note(message) is None
