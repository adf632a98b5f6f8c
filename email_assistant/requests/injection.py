"""Prompt injection: mails that try to give a language model instructions (Greshake et al. 2023, arXiv:2302.12173).

The model is not asked about such a mail. If one is not recognized here, its instruction must still pass the checks that
apply to every instruction: it may only say what its mail says.
"""

import re

_ORDERS = r"instructions?|prompts?|rules|directions|guidelines|orders|context"
_ORDERS_RU = r"инструкци\w+|указани\w+|правил\w*|промпт\w*|контекст\w*"
_BETWEEN = r"(?:\s+[\w'’]+){0,4}?\s+"
INJECTION = re.compile(
    rf"\b(?:ignore|disregard|forget|override|bypass)\b{_BETWEEN}(?:{_ORDERS})\b"
    rf"|\b(?:игнорир\w+|забудь\w*|отмени\w*|не обращай\w* внимания на)\b{_BETWEEN}(?:{_ORDERS_RU})\b"
    r"|\byou are now (?:a|an|in)\b|\bfrom now on,? you (?:are|will|must)\b"
    r"|\b(?:reveal|print|repeat) (?:your|the) system prompt"
    r"|\bты теперь\b|\bсистемн\w+ (?:промпт|сообщени)"
    # Control tokens and labels of chat templates.
    r"|<\|[a-z_]{2,20}\|>|\[/?INST\]|<</?SYS>>|^\s*#{2,3} ?(?:instruction|system|assistant|user|response)s?\b"
    r"|^\s*(?:system|assistant)\s*:",
    re.IGNORECASE | re.MULTILINE,
)


def speaks_to_model(text: str) -> bool:
    """Whether a mail contains text that addresses a language model rather than a person."""
    return INJECTION.search(text) is not None
