"""Errors that a user can cause: one line that says what is wrong, where, and what to do."""

import difflib
from collections.abc import Iterable


def did_you_mean(value: str, choices: Iterable[str]) -> str:
    """The end of an error about a value that is none of the choices: '; did you mean bleu?', or ''."""
    nearest = difflib.get_close_matches(value, list(choices), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def reason_of(error: Exception) -> str:
    """The first line of an error's message, with the next if it only announces that; its class where it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].endswith(":"):
        return f"{lines[0]} {lines[1]}"
    return lines[0] if lines else type(error).__name__


def reason_of_folder(error: OSError) -> str:
    """Why a folder cannot be made or written to, in words that are right also where a file is in its place."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a file is where its folder should be"
    return error.strerror or type(error).__name__


class EmailAssistantError(Exception):
    """The base of every error shown without a traceback."""


class ConfigurationError(EmailAssistantError):
    """One or more errors in the composed configuration."""


class ArchiveError(EmailAssistantError):
    """An archive that is missing, unreadable, or without mail by its owner."""


class ModelError(EmailAssistantError):
    """A model or adapter folder that cannot be used."""


class DataError(EmailAssistantError):
    """Pairs that are missing, malformed or too few for what was asked."""


class ArtifactError(EmailAssistantError):
    """An artifact that is not what its manifest says."""


class TrackingError(EmailAssistantError):
    """An MLflow store that cannot be used, or a run that is not in it."""


class OutOfMemoryError(EmailAssistantError):
    """Not enough memory for the smallest batch."""


class PrivacyError(EmailAssistantError):
    """A privacy guarantee that does not hold, or cannot be given."""


class TrialPruned(Exception):  # noqa: N818 - it is not an error
    """Raised in a trial that its study stops because others did better."""
