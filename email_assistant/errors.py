"""Errors that a user can cause: one line that says what was wrong, where, and what to do."""


class EmailAssistantError(Exception):
    """The base of every error shown without a traceback.

    Attributes:
        said_by: The process that has told the user of it; 0: none.
    """

    said_by = 0


class ConfigurationError(EmailAssistantError):
    """One or more faults of the composed configuration."""


class ArchiveError(EmailAssistantError):
    """An archive that is missing, unreadable, or holds nothing by its owner."""


class ModelError(EmailAssistantError):
    """A model or adapter folder that cannot be used."""


class DataError(EmailAssistantError):
    """Pairs that are missing, malformed or too few for what was asked."""


class ArtifactError(EmailAssistantError):
    """An artifact that is not what its manifest says."""


class TrackingError(EmailAssistantError):
    """A store of runs that cannot be used."""


class OutOfMemoryError(EmailAssistantError):
    """No room for the least that was to be computed at once."""


class PrivacyError(EmailAssistantError):
    """Something that is not as private as promised."""


class Pruned(EmailAssistantError):  # noqa: N818 - it is none
    """A trial of a study that was stopped because others went better: no fault."""
