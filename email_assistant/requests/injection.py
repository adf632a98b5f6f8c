"""Mails that give orders to a language model: prompt injection (Greshake et al. 2023, arXiv:2302.12173).

A model is not asked about such a mail. What is not found here still has to pass the checks of every instruction, which
may say nothing that its mail has not.
"""

import re

_ORDERS = r"instructions?|prompts?|rules|directions|guidelines|orders|context"
_ORDERS_RU = r"инструкци\w+|указани\w+|правил\w*|промпт\w*|контекст\w*"
_BETWEEN = r"(?:\s+[\w'’]+){0,4}?\s+"
SPEAKS_TO_MODEL = re.compile(
    rf"\b(?:ignore|disregard|forget|override|bypass)\b{_BETWEEN}(?:{_ORDERS})\b"
    rf"|\b(?:игнорир\w+|забудь\w*|отмени\w*|не обращай\w* внимания на)\b{_BETWEEN}(?:{_ORDERS_RU})\b"
    r"|\byou are now (?:a|an|in)\b|\bfrom now on,? you (?:are|will|must)\b"
    r"|\b(?:reveal|print|repeat) (?:your|the) system prompt"
    r"|\bты теперь\b|\bсистемн\w+ (?:промпт|сообщени)"
    # Marks of chat templates.
    r"|<\|[a-z_]{2,20}\|>|\[/?INST\]|<</?SYS>>|^\s*#{2,3} ?(?:instruction|system|assistant|user|response)s?\b"
    r"|^\s*(?:system|assistant)\s*:",
    re.IGNORECASE | re.MULTILINE,
)


def speaks_to_model(text: str) -> bool:
    """Whether a mail has words or marks that are for a language model and not for a person."""
    return SPEAKS_TO_MODEL.search(text) is not None
