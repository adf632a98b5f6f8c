"""Which messages of a chat are notes, as people type them on the page, and which are prompts of a program.

Programs send notes over the API, too, but mail add-ons send prompts of their own, with a mail in them: 'Reply to the
following email. "Hi Bo, …"'. A mail's line breaks and its sentences without a subject must stay as they are.
"""

import re

from email_assistant.requests.request_form import looks_like_order
from email_assistant.requests.typed_lines import one_line

# A longer one is no note: the page takes no more characters.
MAX_NOTE = 8_000
_TASKS = (
    r"re-?write|re-?phrase|reply|respond|answer|summari[sz]e|translate|classify|correct|proof-?read|improve|polish|"
    r"shorten|expand|edit|fix|convert|analy[sz]e|extract|write|create|generate|draft|compose|make|"
    r"перепиши\w*|переведи\w*|ответь\w*|исправь\w*|составь\w*|напиши\w*|резюмируй\w*"
)
_TEXTS = (
    r"(?:the|this|my) (?:(?:following|above|below|original) )?(?:e-?mail|mail|text|message|letter|thread|draft)|"
    r"(?:the )?following|(?:это|следующее|следующий|следующего) (?:письмо|текст|письма|текста)"
)
_TASK = re.compile(rf"\W*(?:(?:please|pls|пожалуйста),? )?(?:{_TASKS})\b.{{0,120}}?\b(?:{_TEXTS})\b", re.IGNORECASE)
_ROLE = re.compile(
    r"\W*(?:you are|you're|act as|ты|вы) .{0,80}?"
    r"\b(?:assistant|ai|language model|chatbot|expert|writer|editor|translator|ассистент|помощник|эксперт|редактор)\b",
    re.IGNORECASE,
)
# What brings a text into a prompt after its order: a quotation mark, a colon.
_BRINGS = re.compile(r"[\"“„«:]")
# A quoted line, a heading, code, an element or a header, as no note has.
_LAYOUT = re.compile(r"^[ \t]*(?:>|#+ |```|</?\w|\[/?INST|(?:From|Subject|От|Тема): )", re.MULTILINE)


def as_note(message: str) -> str | None:
    """A message to the model on one line, as the page sends what was typed there; None if it is a program's prompt.

    An order to an assistant on one line is sent as on the page, too, where no subjects are put back into it.

    Args:
        message: The text of a user's turn.
    """
    line = one_line(message)
    if not line or len(message) > MAX_NOTE or _LAYOUT.search(message):
        return None
    has_lines = "\n" in message.strip()
    program = _TASK.match(line) or _ROLE.match(line)
    if program and (has_lines or _BRINGS.search(line, program.end())):
        return None
    return None if has_lines and looks_like_order(line) else line
