"""Where a sentence ends."""

import re

# At the first character behind the last word, so that a long row of dots is read once.
SENTENCE_END = re.compile(r"(?<!\W)(?=\W*$)\W*[.!?…]")
