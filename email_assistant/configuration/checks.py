"""Every fault of a composed configuration, reported at once."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from email_assistant.configuration.contradictions import CONTRADICTIONS
from email_assistant.configuration.keys import is_known, schema_keys, unknown_key
from email_assistant.configuration.schema import Config
from email_assistant.errors import ConfigurationError, did_you_mean


@dataclass(frozen=True)
class Rules:
    """Checks that callers add to types, ranges and contradictions, since this package knows neither stages nor scores.

    Attributes:
        stages: Every value of `stage=`.
        of_config: Functions that each yield a line for every fault of a typed configuration.
    """

    stages: tuple[str, ...]
    of_config: tuple[Callable[[Config], Iterator[str]], ...]


def find_faults(values: Mapping[str, Any], rules: Rules) -> list[str]:
    """All faults of a composed configuration, one line each; empty when there are none.

    Args:
        values: The composed configuration.
        rules: What the caller adds.
    """
    faults, _ = _check(values, rules)
    return faults


def _check(values: Mapping[str, Any], rules: Rules) -> tuple[list[str], Config | None]:
    faults = list(_unknown_stage(values.get("stage"), rules.stages))
    try:
        config = _typed(values)
    except ValidationError as error:
        return faults + [_describe(fault) for fault in _without_repeats(error)], None
    faults += [fault for rule in (*CONTRADICTIONS, *rules.of_config) for fault in rule(config)]
    return faults, config


def _unknown_stage(stage: Any, stages: Sequence[str]) -> Iterator[str]:
    if isinstance(stage, str) and stage not in stages:
        yield f"stage = {stage}: must be one of {', '.join(stages)}{did_you_mean(stage, stages)}"


def from_composed(values: Mapping[str, Any], rules: Rules) -> Config:
    """The typed configuration.

    Raises:
        ConfigurationError: with every fault of `values` in one message.
    """
    faults, config = _check(values, rules)
    if faults or config is None:
        raise ConfigurationError(report(faults))
    return config


def _typed(values: Mapping[str, Any]) -> Config:
    """Validate as JSON, because only then do strict types accept a mapping for a dataclass."""
    return TypeAdapter(Config).validate_json(json.dumps(dict(values)))


def report(faults: list[str]) -> str:
    """One message for all faults."""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n".join([f"the configuration has {count}:", *(f"  {fault}" for fault in faults)])


def _without_repeats(error: ValidationError) -> list[Any]:
    """One fault per key: pydantic reports each branch of a union."""
    seen: dict[str, Any] = {}
    for fault in error.errors(include_url=False):
        first = seen.setdefault(_key_of(fault), fault)
        if first is not fault:
            first["msg"] += " or " + fault["msg"].replace("Input should be ", "")
    return list(seen.values())


def _key_of(fault: Any) -> str:
    """The dotted key of a fault, without pydantic's names for branches of a union."""
    key = ""
    for part in fault["loc"]:
        longer = f"{key}.{part}".lstrip(".")
        if is_known(longer) or fault["type"] == "unexpected_keyword_argument":
            key = longer
        elif isinstance(part, int):
            key = f"{key}[{part}]"
    return key or ".".join(map(str, fault["loc"]))


def _describe(fault: Any) -> str:
    key = _key_of(fault)
    if fault["type"] == "unexpected_keyword_argument":
        return unknown_key(key)
    if fault["type"] == "missing":
        return f"{key}: is missing"
    message = fault["msg"].replace("Input should be", "must be").replace("List should", "must")
    if fault["type"] == "literal_error":
        message += _nearest_choice(key, str(fault["input"]))
    return f"{key} = {str(fault['input'])[:80]}: {message}"


def _nearest_choice(key: str, value: str) -> str:
    choices = [choice for choice in _choices(schema_keys().get(key.partition("[")[0])) if isinstance(choice, str)]
    return did_you_mean(value, choices)


def _choices(annotation: Any) -> list[Any]:
    choices: list[Any] = []
    for argument in get_args(annotation):
        choices += _choices(argument) if get_args(argument) else [argument]
    return choices
