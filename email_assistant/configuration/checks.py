"""Finds all errors of a composed configuration, to report them together."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from email_assistant.configuration.contradictions import CONTRADICTIONS
from email_assistant.configuration.keys import is_known, schema_keys, unknown_key
from email_assistant.configuration.schema import Config
from email_assistant.errors import ConfigurationError, did_you_mean

# pydantic's phrases, in the words of the configuration.
_PLAINER = {
    "Input should be": "must be",
    "List should": "must",
    "Value should": "must",
    " after validation, not 0": "",
    "a valid array": "a list",
    "a valid string": "text",
    "a valid integer": "an integer",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "an object": "a group of keys",
}


@dataclass(frozen=True)
class ConfigChecks:
    """Further checks, passed in so that this package need not import stages or scores.

    Attributes:
        stages: Every value of `stage=`.
        of_config: Functions that each yield a line for every error of a typed configuration.
    """

    stages: tuple[str, ...]
    of_config: tuple[Callable[[Config], Iterator[str]], ...]


def find_errors(values: Mapping[str, Any], extra_checks: ConfigChecks) -> list[str]:
    """All errors of a composed configuration, one line each; empty when there are none.

    Args:
        values: The composed configuration.
        extra_checks: The checks that need the lists of stages or scores.
    """
    errors, _ = _check(values, extra_checks)
    return errors


def _check(values: Mapping[str, Any], extra_checks: ConfigChecks) -> tuple[list[str], Config | None]:
    errors = list(_unknown_stage(values.get("stage"), extra_checks.stages))
    try:
        config = _typed(values)
    except ValidationError as error:
        return errors + [_describe(details) for details in _without_repeats(error)], None
    errors += [line for check in (*CONTRADICTIONS, *extra_checks.of_config) for line in check(config)]
    return errors, config


def _unknown_stage(stage: Any, stages: Sequence[str]) -> Iterator[str]:
    if isinstance(stage, str) and stage not in stages:
        remedy = "; several need a sweep: python run.py -m …" if "," in stage else did_you_mean(stage, stages)
        yield f"stage = {stage}: must be one of {', '.join(stages)}{remedy}"


def from_composed(values: Mapping[str, Any], extra_checks: ConfigChecks) -> Config:
    """The typed configuration.

    Raises:
        ConfigurationError: with every error of `values` in one message.
    """
    errors, config = _check(values, extra_checks)
    if errors or config is None:
        raise ConfigurationError(report(errors))
    return config


def _typed(values: Mapping[str, Any]) -> Config:
    """Validate as JSON, because only then do strict types accept a mapping for a dataclass."""
    return TypeAdapter(Config).validate_json(json.dumps(dict(values)))


def report(errors: list[str]) -> str:
    """One message with all errors."""
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    return "\n".join([f"the configuration has {count}:", *(f"  {error}" for error in errors)])


def _without_repeats(error: ValidationError) -> list[Any]:
    """One error per key: pydantic reports each branch of a union."""
    seen: dict[str, Any] = {}
    for details in error.errors(include_url=False):
        first = seen.setdefault(_key_of(details), details)
        if first is not details:
            first["msg"] += " or " + details["msg"].replace("Input should be ", "")
    return list(seen.values())


def _key_of(details: Any) -> str:
    """The dotted key of an error, without pydantic's names for branches of a union."""
    key = ""
    for part in details["loc"]:
        longer = f"{key}.{part}".lstrip(".")
        if is_known(longer) or details["type"] == "unexpected_keyword_argument":
            key = longer
        elif isinstance(part, int):
            key = f"{key}[{part}]"
    return key or ".".join(map(str, details["loc"]))


def _describe(details: Any) -> str:
    key = _key_of(details)
    if details["type"] == "unexpected_keyword_argument":
        return unknown_key(key)
    if details["type"] == "missing":
        return f"{key}: is missing"
    message = details["msg"]
    for phrase, plain in _PLAINER.items():
        message = message.replace(phrase, plain)
    if details["input"] == "" and details["type"] in ("too_short", "string_too_short"):
        message = "must not be empty"
    if details["type"] == "literal_error":
        message += _nearest_choice(key, str(details["input"]))
    return f"{key} = {_as_yaml(details['input'])[:80]}: {message}"


def _as_yaml(value: Any) -> str:
    """A value as it is written on the command line."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(value) or "''"


def _nearest_choice(key: str, value: str) -> str:
    choices = [choice for choice in _choices(schema_keys().get(key.partition("[")[0])) if isinstance(choice, str)]
    return did_you_mean(value, choices)


def _choices(annotation: Any) -> list[Any]:
    choices: list[Any] = []
    for argument in get_args(annotation):
        choices += _choices(argument) if get_args(argument) else [argument]
    return choices
