"""Patterns of words and sentences, for any language that separates words by spaces."""

import re

# Letters, digits and underscores: 'don't' and 'follow-up' are two words each.
WORD = re.compile(r"\w+")
# 'don't' and 'follow-up' are one word each.
COMPOUND_WORD = re.compile(r"\w+(?:['’-]\w+)*")
# The same, of letters only.
ALPHABETIC_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# Splits a text into sentences; the end of a line also ends a sentence.
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'»”)]*\s+|\n+")
