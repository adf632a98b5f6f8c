"""Other words for the same: how a rough note rewords a mail, read from tables.

A line of a table is a set of ways to say one thing. '=' stands between ways of which any may be typed for any other,
'>' before those that are typed for what is left of it and not the other way round.
"""

import re

_CONTINUED = re.compile(r"\n\s*(?=[=>])")
_WAYS = re.compile(r"\s*([=>])\s*")


def phrases(table: str) -> dict[str, tuple[str, ...]]:
    """What may be typed for a phrase, lower case.

    Args:
        table: One line per meaning: 'let me know > tell me = lmk'. A line that begins with '=' or '>' goes on.
    """
    swaps: dict[str, tuple[str, ...]] = {}
    for line in _lines(table):
        left, right = _sides(line)
        for phrase in left:
            others = (*(other for other in left if other != phrase), *right) if not right or len(left) == 1 else right
            swaps[phrase] = (*swaps.get(phrase, ()), *others)
    return swaps


def forms(table: str) -> dict[str, tuple[str, ...]]:
    """What may be typed for a form of a word: the same form of another.

    Args:
        table: One line per meaning, with the forms in the same order on every side and '_' for a space within one:
            'collect collects = pick_up picks_up'.

    Raises:
        ValueError: A line has sides with different numbers of forms.
    """
    swaps: dict[str, tuple[str, ...]] = {}
    for line in _lines(table):
        left, right = _sides(line)
        sides = [side.split() for side in (*left, *right)]
        if len({len(side) for side in sides}) > 1:
            raise ValueError(f"Sides with different numbers of forms: {line}")
        for number, side in enumerate(sides[: len(left)]):
            others = [*sides[len(left) :], *(sides[:number] + sides[number + 1 : len(left)] if not right else [])]
            for index, form in enumerate(side):
                choices = tuple(other[index].replace("_", " ") for other in others if other[index] != form)
                key = form.replace("_", " ")
                swaps[key] = tuple(dict.fromkeys((*swaps.get(key, ()), *choices)))
    return {form: choices for form, choices in swaps.items() if choices}


def _lines(table: str) -> list[str]:
    return [line for line in _CONTINUED.sub(" ", table).splitlines() if line.strip()]


def _sides(line: str) -> tuple[list[str], list[str]]:
    """The ways that may be replaced, and those that only replace."""
    parts = _WAYS.split(line.strip())
    if ">" not in parts[1::2]:
        return parts[::2], []
    place = parts.index(">")
    return parts[:place:2], parts[place + 1 :: 2]
