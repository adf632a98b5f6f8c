r"""Values of the command line in Hydra's notation.

Hydra's grammar refuses most of what people type for a path or a name: `~`, `é`, `Sent (1).mbox`, `o'brien@x.example`.
The types of the schema decide how a value is read: text and paths are taken as the shell passes them, everything else
is left to Hydra. Inside text, what Hydra itself reads stays as it is: quoted values, escapes such as `\,`, `null`,
interpolations and functions. A list is `[a,b]`; values of a sweep are separated by commas.
"""

import dataclasses
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import grammar_parser
from omegaconf.errors import GrammarParseError

from email_assistant.configuration.schema import PATH, Config, expand_home

PARSER = OverridesParser.create()
QUOTES = ("'", '"')
# A quoted value, up to where a value can end.
QUOTED = {
    quote: re.compile(rf"{quote}(?:\\.|[^\\{quote}])*{quote}(?=\s*(?:[,\]}})]|\Z))", re.DOTALL) for quote in QUOTES
}
CLOSING = {"[": "]", "{": "}", "(": ")"}
# Functions of Hydra's grammar whose arguments are values of the key.
VALUE_FUNCTIONS = ("choice", "shuffle", "sort", "extend_list")
CALL = re.compile(rf"({'|'.join(PARSER.functions.functions)})\s*\((.*)\)", re.DOTALL)
INTERPOLATION = re.compile(r"\$\{\s*([^{}\s]*)")
# What a reference begins with: a key of the configuration, or a dot for one beside this.
ROOTS = ("", "hydra", *(field.name for field in dataclasses.fields(Config)))
NAMED_ARGUMENT = re.compile(r"(list|sweep|reverse)\s*=")
ESCAPE = re.compile(r"\\([()\[\]{}:=, \t])")


@dataclass(frozen=True)
class Text:
    """A text; of a path, `~` at the start is the home folder."""

    is_path: bool = False


@dataclass(frozen=True)
class ListOf:
    """A list of values of one kind; a single one needs no brackets."""

    item: "Kind"


@dataclass(frozen=True)
class Mapped:
    """A group, or a mapping whose keys are free; those have the kind under `None`."""

    kinds: "Mapping[str | None, Kind]"


# None: Hydra's grammar reads the value.
Kind = Text | ListOf | Mapped | None


def kind_of(annotation: Any) -> Kind:
    """How values of a type of the schema are read from the command line."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        kind = kind_of(arguments[0])
        return Text(is_path=True) if kind == Text() and PATH in annotation.__metadata__ else kind
    if origin in (Union, types.UnionType):
        return next((kind for kind in map(kind_of, arguments) if kind is not None), None)
    if origin is list:
        item = kind_of(arguments[0])
        return ListOf(item) if item is not None else None
    if origin is dict:
        return Mapped({None: kind_of(arguments[1])})
    if dataclasses.is_dataclass(annotation):
        return Mapped({field.name: kind_of(field.type) for field in dataclasses.fields(annotation)})
    return Text() if annotation is str else None


SCHEMA = kind_of(Config)


def kind_of_key(key: str) -> Kind:
    """The kind of a dotted key; None if the schema has no such key."""
    kind = SCHEMA
    for part in key.split("."):
        kind = kind.kinds.get(part, kind.kinds.get(None)) if isinstance(kind, Mapped) else None
    return kind


def in_hydra_notation(argument: str, multirun: bool) -> str:
    """An argument of the command line as Hydra reads it.

    Args:
        argument: Such as `data.path=~/Sent (1).mbox`; options and deletions are returned unchanged.
        multirun: Whether commas separate the values of a sweep.
    """
    key, equals, value = argument.partition("=")
    if not equals or key[:1] in ("-", "~"):
        return argument
    kind = kind_of_key(key.lstrip("+"))
    parts = [part.strip() for part in _split(value)] if multirun and kind is not None else [value]
    encoded = ",".join(_encoded(part, kind) for part in parts)
    if _parsed(f"{key}={encoded}") is not None or _parsed(f"{key}=x") is None:
        return f"{key}={encoded}"
    # Either a setting of Hydra itself, or no value of this kind: as text, it gets the error of its key.
    return f"{key}={_quoted(expand_home(value) if key.startswith('hydra.') else value)}"


def _encoded(value: str, kind: Kind) -> str:
    match kind:
        case Text():
            return _encoded_text(value, kind)
        case ListOf(item):
            if not _is_bracketed(value, "["):
                return _encoded_text(value, item) if isinstance(item, Text) else value
            inner = value[1:-1].strip()
            return f"[{','.join(_encoded(part.strip(), item) for part in _split(inner))}]" if inner else "[]"
        case Mapped(kinds) if _is_bracketed(value, "{"):
            return f"{{{','.join(_encoded_pairs(value[1:-1], kinds))}}}"
    return value


def _encoded_pairs(text: str, kinds: Mapping[str | None, Kind]) -> Iterator[str]:
    """The `key: value` pairs of a mapping."""
    for pair in _split(text):
        key, colon, value = pair.partition(":")
        kind = kinds.get(key.strip(), kinds.get(None))
        yield f"{key.strip()}{colon}{_encoded(value.strip(), kind)}" if colon else pair


def _encoded_text(value: str, kind: Text) -> str:
    if value in ("", "null") or _is_quoted(value):
        return value or "''"
    if call := CALL.fullmatch(value.strip()):
        encoded = _encoded_call(call[1], call[2], kind)
        if _parsed(f"x={encoded}") is not None:
            return encoded
    text = ESCAPE.sub(r"\1", value)
    return _quoted(expand_home(text) if kind.is_path else text)


def _encoded_call(name: str, arguments: str, kind: Text) -> str:
    """A function of Hydra's grammar, with its arguments as values where they are."""
    if name not in VALUE_FUNCTIONS:
        return f"{name}({arguments})"
    parts = [part.strip() for part in _split(arguments)]
    return f"{name}({','.join(part if NAMED_ARGUMENT.match(part) else _encoded_text(part, kind) for part in parts)})"


def _quoted(text: str) -> str:
    """A text in Hydra's notation, in quotes only if Hydra would read something else without them."""
    if "${" in text and not _is_interpolated(text):
        text = text.replace("${", "\\${")
    parsed = _parsed(f"x={text}")
    if parsed is not None and not parsed.is_sweep_override():
        value = parsed.value()
        if isinstance(value, str) and value == text:
            return text
    return QuotedString(text, Quote.single).with_quotes()


def _is_interpolated(text: str) -> bool:
    """Whether a text refers to keys of the configuration or to resolvers, and not to files that are named so."""
    try:
        grammar_parser.parse(text)
    except GrammarParseError:
        return False
    return all(":" in name or name.partition(".")[0] in ROOTS for name in INTERPOLATION.findall(text))


def _parsed(line: str) -> Override | None:
    """An override; None if Hydra's grammar has no such one."""
    try:
        return PARSER.parse_override(line)
    except (HydraException, RecursionError):
        return None


def as_typed(line: str) -> str:
    """An override in Hydra's notation without the quotes of its value, for people to read."""
    key, _, value = line.partition("=")
    override = _parsed(line) if _is_quoted(value) else None
    return f"{key}={override.value()}" if override else line


def _is_quoted(value: str) -> bool:
    stripped = value.strip()
    return stripped[:1] in QUOTES and _end_of_quotes(stripped, 0) == len(stripped)


def _is_bracketed(value: str, opening: str) -> bool:
    """Whether the bracket that opens a value closes at its end: `[a,b]`, and not `[Gmail].sbd/Sent [old]`."""
    return value[:1] == opening and _ends(value).get(0) == len(value)


def _split(text: str) -> list[str]:
    """The parts between the commas that are outside of quotes, brackets and interpolations."""
    ends = _ends(text)
    parts, start, position = [], 0, 0
    while position < len(text):
        if text[position] == ",":
            parts.append(text[start:position])
            start = position + 1
        position = ends.get(position, position + 1)
    return [*parts, text[start:]]


def _ends(text: str) -> dict[int, int]:
    """The positions after escaped characters, quoted values and brackets, by the position where each begins.

    What nothing closes is a character like any other, and so is a quote inside a value, as in `Dana's`.
    """
    ends: dict[int, int] = {}
    opened: list[int] = []
    position, last = 0, ","
    while position < len(text):
        character, end = text[position], position + 1
        if character == "\\":
            ends[position] = end = position + 2
        elif character in QUOTES and last in ",:[{(":
            ends[position] = end = _end_of_quotes(text, position) or end
        elif character in CLOSING:
            opened.append(position)
        elif any(CLOSING[text[earlier]] == character for earlier in opened):
            while CLOSING[text[opened[-1]]] != character:
                opened.pop()
            ends[opened.pop()] = end
        last = last if character.isspace() else character
        position = end
    return ends


def _end_of_quotes(text: str, position: int) -> int | None:
    """The position after a quoted value; None if a value does not end there."""
    closing = QUOTED[text[position]].match(text, position)
    return closing.end() if closing else None
