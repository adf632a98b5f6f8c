"""The command line: checks all overrides before Hydra runs, and turns errors into an exit code."""

import errno
import itertools
import os
import re
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, get_args

from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from email_assistant.configuration.checks import ConfigChecks, find_errors, report
from email_assistant.configuration.keys import is_known, schema_keys, unknown_key
from email_assistant.configuration.override_values import as_typed, in_hydra_notation
from email_assistant.console import printable
from email_assistant.errors import ConfigurationError, EmailAssistantError, did_you_mean

INTERRUPTED = 130
HELP = "python run.py --help lists stages and keys"
HELP_WORDS = ("help", "?", "usage", "options")
# What pages, programs for text and scripts with the line ends of Windows put into a command.
INVISIBLE = "\r\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
ROOT = Path(__file__).resolve().parents[2]
# Not in `run`: processes that run jobs of a sweep import this module without calling it.
OmegaConf.register_resolver("project_root", lambda: str(ROOT), replace=True)


class ErrorReporter:
    """Prints the errors that a user can fix, each once.

    Attributes:
        reported: The errors that this process has printed.
    """

    def __init__(self) -> None:
        """Create a reporter; the process that the user started calls `begin`."""
        self.reported: list[EmailAssistantError] = []
        self._main_process: int | None = None

    def begin(self) -> None:
        """Mark this process as the one that the user started: launchers start others for the jobs of a sweep."""
        self._main_process = os.getpid()

    def report(self, error: EmailAssistantError) -> None:
        """Print an error in one line, unless this process has already done so."""
        if error not in self.reported:
            print(f"error: {printable(str(error))}", file=sys.stderr)
            self.reported.append(error)

    @contextmanager
    def reporting_job_errors(self) -> Iterator[None]:
        """Print an error when it happens, so that the sweep's other jobs run; a launcher's process also raises it."""
        try:
            yield
        except BrokenPipeError:
            raise
        except Exception as error:
            message = message_for_user(error)
            if message is None:
                raise
            self.report(error if isinstance(error, EmailAssistantError) else EmailAssistantError(message))
            if os.getpid() != self._main_process:
                raise


def run(
    main: Callable[[], None],
    extra_checks: ConfigChecks,
    reporter: ErrorReporter | None = None,
    processes: Callable[[], int] = lambda: 1,
) -> int:
    """Check the command line, call Hydra's `main`, and turn errors into an exit code.

    Args:
        main: Hydra's main function.
        extra_checks: As for `checks.find_errors`.
        reporter: Prints the errors; `main` uses the same one.
        processes: Returns the number of processes that a launcher started for one training.

    Returns:
        0, or 1 after an error that the user can fix, or 130 after Ctrl-C.
    """
    reporter = reporter or ErrorReporter()
    reporter.begin()
    _let_interrupts_raise()
    try:
        _check_folder()
        sys.argv[1:] = as_hydra_reads(sys.argv[1:])
        check(sys.argv[1:], ROOT / "conf", extra_checks, processes())
        main()
        # At its end Python would only say that it failed.
        _flush_output()
    except EmailAssistantError as error:
        reporter.report(error)
        return 1
    except BrokenPipeError:
        # Who read the output has ended, as `head` does; at its end Python would try to write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        message = message_for_user(error)
        if message is None:
            raise
        print(f"error: {message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; rerun the same command to resume", file=sys.stderr)
        return INTERRUPTED
    return 1 if reporter.reported else 0


def _let_interrupts_raise() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, where it ended the process while modules were imported."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _check_folder() -> None:
    """Check that the folder exists in which the command was started, on which relative paths and Hydra depend.

    Raises:
        ConfigurationError: If it was deleted.
    """
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise ConfigurationError(
            "the folder in which the command was started was deleted; change to another one with cd"
        ) from error


def _flush_output() -> None:
    # None: the standard output is closed.
    if sys.stdout is not None:
        sys.stdout.flush()


def message_for_user(error: Exception) -> str | None:
    """What this program, another library or the system refused, and what to do; None for a fault of this program."""
    if isinstance(error, EmailAssistantError):
        return str(error)
    # Before OSError, of which some of Hydra's errors are subclasses.
    if isinstance(error, HydraException | OmegaConfBaseException):
        return _first_line(error)
    if _is_refusal_of_hydra(error):
        return f"{_first_line(error)}; Hydra refused this: check its options and the keys that begin with hydra"
    if isinstance(error, OSError):
        return _disk_error(error)
    if isinstance(error, MemoryError):
        return f"not enough memory{_in_brackets(error)}; close other programs, or use smaller values"
    if _is_disk_error(error):
        return f"{_first_line(error)}; check paths.outputs and paths.mlruns"
    if _is_store_error(error):
        remedy = "check paths.mlruns, or run without the store (tracking=none)"
        return f"{_first_line(error)}; the MLflow store refused this: {remedy}"
    return None


def _disk_error(error: OSError) -> str:
    """What went wrong with a file or folder, and what to do; the message of an error that is about no file."""
    if error.errno is None:
        return _first_line(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "free some space, or set paths.outputs to a folder on another disk"
    else:
        remedy = "check the path and its permissions, or paths.outputs"
    return f"{error.filename or 'cannot write to disk'}: {error.strerror}; {remedy}"


def _in_brackets(error: MemoryError) -> str:
    return f" ({_first_line(error)})" if str(error) else ""


def _is_disk_error(error: Exception) -> bool:
    """Whether an error of a Rust library or of torch.save is a disk error, although its class does not say so."""
    return re.search(r"\(os error \d+\)|PytorchStreamWriter failed writing file", str(error)) is not None


def _is_store_error(error: Exception) -> bool:
    """Whether MLflow or its database refused something: a run was deleted, a database is locked or read-only."""
    classes = {(known.__module__.partition(".")[0], known.__name__) for known in type(error).__mro__}
    return ("mlflow", "MlflowException") in classes or ("sqlalchemy", "DBAPIError") in classes


def _is_refusal_of_hydra(error: Exception) -> bool:
    """Whether Hydra or its launcher for SLURM refused options, which they do with errors of any class."""
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    module = str(last.tb_frame.f_globals.get("__name__")) if last else ""
    return module.partition(".")[0] in ("hydra", "hydra_plugins", "submitit")


def as_hydra_reads(arguments: Sequence[str]) -> list[str]:
    """The arguments of a command line in Hydra's notation.

    Raises:
        ConfigurationError: If one is not text, such as the name of a file in an old encoding, or a key has dashes.
    """
    for argument in arguments:
        if not argument.isprintable() and any("\ud800" <= character <= "\udfff" for character in argument):
            shown = argument.encode("utf-8", "replace").decode()
            raise ConfigurationError(f"{shown}: is not UTF-8; rename the file, or pass the folder that it is in")
    _check_dashes(arguments)
    arguments = list(map(_without_invisible_characters, arguments))
    parsed = _parse(arguments)
    return [in_hydra_notation(argument, _is_multirun(parsed)) for argument in arguments]


def _without_invisible_characters(argument: str) -> str:
    """The argument without those that a copied command may have around its key or at its end."""
    key, equals, value = argument.partition("=")
    return f"{key.strip(INVISIBLE)}{equals}{value.rstrip(INVISIBLE)}"


def _parse(arguments: Sequence[str]) -> Namespace:
    """The options and overrides of a command line.

    Raises:
        ConfigurationError: If an option is wrong, for which argparse prints all options of Hydra.
    """

    def refuse(message: str) -> NoReturn:
        raise ConfigurationError(f"{message}; {HELP}")

    parser = get_args_parser()
    parser.error = refuse  # type: ignore[method-assign]
    return parser.parse_intermixed_args(list(arguments))


def _check_dashes(arguments: Sequence[str]) -> None:
    """Check that no key is written as an option, `--stage train`, for which argparse prints all options of Hydra.

    Raises:
        ConfigurationError: If one is.
    """
    options = {name for action in get_args_parser()._actions for name in action.option_strings}
    for argument, following in itertools.zip_longest(arguments, arguments[1:], fillvalue=""):
        name, equals, value = argument.partition("=")
        key = name.lstrip("-")
        value = value or ("" if equals or following.startswith("-") or "=" in following else following)
        is_option = name in options or (name[:2] != "--" and name[:2] in options and not is_known(key))
        if name.startswith("-") and not is_option and (is_known(key) or "." in key or equals):
            meant = f"write {key}={value or _example(key)}" if is_known(key) else unknown_key(key)
            raise ConfigurationError(f"{argument}: keys have no dashes; {meant}")


def _is_multirun(parsed: Namespace) -> bool:
    return bool(parsed.multirun) or "hydra.mode=MULTIRUN" in parsed.overrides


def check(arguments: list[str], conf: Path, extra_checks: ConfigChecks, processes: int = 1) -> None:
    """Check the overrides of a run, including those of a sweep.

    Args:
        arguments: The arguments of the command line.
        conf: The folder of configuration files.
        extra_checks: As for `checks.find_errors`.
        processes: The number of processes that a launcher started for one training.

    Raises:
        ConfigurationError: with all errors in one message.
    """
    parsed = _parse(arguments)
    if parsed.shell_completion and "COMP_LINE" not in os.environ and any("query=" in each for each in parsed.overrides):
        remedy = 'run: eval "$(python run.py -sc install=bash)"'
        raise ConfigurationError(f"-sc query=…: only the shell can ask for completions; to install them, {remedy}")
    if parsed.help or parsed.hydra_help or parsed.shell_completion or parsed.config_dir or parsed.config_path:
        return
    multirun = _is_multirun(parsed)
    if multirun and processes > 1:
        raise ConfigurationError(
            "a sweep cannot run under `accelerate launch`; start the sweep without it, or train one adapter with it"
        )
    errors = [_error_of_word(word, extra_checks.stages) for word in parsed.overrides if _is_word(word)]
    overrides = list(_known_overrides([line for line in parsed.overrides if not _is_word(line)], conf, errors))
    name = parsed.config_name or "config"
    if multirun and not errors:
        overrides = [*_known_overrides(_of_sweep_file(overrides, conf, name), conf, errors), *overrides]
    if not multirun:
        errors += [
            f"{override.key_or_group}: several values need a sweep: python run.py -m …{_decimal_comma(override)}"
            for override in overrides
            if override.is_sweep_override()
        ]
    if not any(override.is_sweep_override() for override in overrides) or multirun:
        errors += _errors_of_values(overrides, conf, name, extra_checks)
    if errors:
        raise ConfigurationError(report(list(dict.fromkeys(errors))))


def _of_sweep_file(overrides: list[Override], conf: Path, name: str) -> list[str]:
    """The overrides that a file of conf/sweep/ varies, except for keys on the command line."""
    given = {override.key_or_group for override in overrides}
    with initialize_config_dir(config_dir=str(conf)):
        lines = [_values(override)[0] for override in overrides]
        try:
            composed = compose(config_name=name, overrides=lines, return_hydra_config=True)
        except (HydraException, OmegaConfBaseException):
            # Reported when the values are checked.
            return []
    params = composed.hydra.sweeper.get("params") or {}
    return [f"{key}={value}" for key, value in params.items() if key not in given]


def _is_word(argument: str) -> bool:
    """Whether an argument is not an override: `KEY=VALUE`, or `~KEY` to delete a key."""
    return not argument.partition("=")[0].strip("+") or not ("=" in argument or argument.startswith("~"))


def _error_of_word(word: str, stages: Sequence[str]) -> str:
    key = word.lstrip("-+")
    name, colon, value = key.partition(":")
    error = f"{word!r}: not of the form KEY=VALUE"
    if key.lower() in HELP_WORDS:
        return f"{error}; {HELP}"
    if key in stages:
        return f"{error}; write stage={key}"
    if is_known(name):
        return f"{error}; write {name}={value if colon and value else _example(name)}"
    # Path.exists raises an error for a name that is too long.
    return f"{error}; write data.path={word}" if os.path.exists(word) else error  # noqa: PTH110


def _decimal_comma(override: Override) -> str:
    """What to write where two values of a number are one with a decimal comma."""
    key, _, value = (override.input_line or "").partition("=")
    annotation = schema_keys().get(key)
    if float not in (annotation, *get_args(annotation)) or not re.fullmatch(r"\d+,\d+", value):
        return ""
    return f"; a decimal comma is written as a point: {key}={value.replace(',', '.')}"


def _example(key: str) -> str:
    """What to write after a key: the value that a switch is given for, or a placeholder."""
    return "true" if schema_keys().get(key) is bool else "VALUE"


def _known_overrides(lines: list[str], conf: Path, errors: list[str]) -> Iterator[Override]:
    """The overrides that can be composed; errors of the others are added to `errors`."""
    parser = OverridesParser.create()
    for line in lines:
        try:
            override = parser.parse_override(line)
        except HydraException:
            # The value is always one that can be parsed.
            errors.append(unknown_key(line.partition("=")[0]))
            continue
        message = _error_of_name(override, conf)
        if message:
            errors.append(message)
        else:
            yield override


def _error_of_name(override: Override, conf: Path) -> str | None:
    key = override.key_or_group
    if key.startswith("hydra") or "@" in key:
        return None
    value = override.value()
    if isinstance(value, dict) and is_known(key):
        unknown = (f"{key}.{inner}" for inner in value if not is_known(f"{key}.{inner}"))
        return next(map(unknown_key, unknown), None)
    if (conf / key).is_dir() and not isinstance(override.value(), dict):
        return _error_of_choice(override, conf)
    return None if is_known(key) else unknown_key(key)


def _error_of_choice(override: Override, conf: Path) -> str | None:
    group = override.key_or_group
    choices = sorted(file.stem for file in (conf / group).glob("*.yaml"))
    if override.is_add() or override.is_force_add():
        return f"{override.input_line}: {group} is a group that the configuration has; leave out the +"
    for name in [] if override.is_delete() else _names_of_choices(override):
        if name not in choices:
            remedy = did_you_mean(name, choices) or _remedy_for_path(group, name)
            shown = name or "''"
            return f"{group} = {shown}: no such choice; choose from {', '.join(choices)}{remedy}"
    return None


def _names_of_choices(override: Override) -> Iterator[str]:
    """The choices that a line names: one, a list of them, or those of a sweep."""
    for value in _values(override):
        listed = OverridesParser.create().parse_override(value).value()
        yield from [str(name) for name in listed] if isinstance(listed, list) else [as_typed(value).partition("=")[2]]


def _remedy_for_path(group: str, name: str) -> str:
    """The end of an error about a file or folder that is given in place of a choice; empty for other names."""
    is_path = os.sep in name or "." in name or Path(name).exists()
    return f"; to name a file or folder, write {group}.path={name}" if is_path and is_known(f"{group}.path") else ""


def _values(override: Override) -> list[str]:
    """The single overrides that a line represents: itself, each value of a sweep, or both bounds of an interval."""
    line, value = override.input_line or "", override.value()
    if not override.is_sweep_override():
        return [line]
    ends = [value.start, value.end] if isinstance(value, IntervalSweep) else override.sweep_string_iterator()
    return [f"{line.partition('=')[0]}={end}" for end in ends]


def _errors_of_values(overrides: list[Override], conf: Path, name: str, extra_checks: ConfigChecks) -> list[str]:
    """Compose the configuration, and again for every further value of a sweep."""
    choices = [_values(override) for override in overrides]
    first = [values[0] for values in choices]
    combinations = [first]
    for index, values in enumerate(choices):
        combinations += [[*first[:index], value, *first[index + 1 :]] for value in values[1:]]
    errors: list[str] = []
    with initialize_config_dir(config_dir=str(conf)):
        for combination in combinations:
            errors += _errors_of_combination(name, combination, extra_checks)
    return errors


def _errors_of_combination(name: str, overrides: list[str], extra_checks: ConfigChecks) -> list[str]:
    try:
        composed: Any = OmegaConf.to_container(compose(config_name=name, overrides=overrides), resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        return [_first_line(error)]
    return find_errors(composed, extra_checks)


def _first_line(error: Exception) -> str:
    """The message of a library's error in one line, with that of its cause where Hydra leaves the reason to it."""
    shown = _in_one_line(error)
    cause = error.__cause__
    return f"{shown}: {_in_one_line(cause)}" if cause and shown.startswith("Error merging override") else shown


def _in_one_line(error: BaseException) -> str:
    """The first lines of a message, and the list that follows if they end in a colon."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("full_key:", "object_type=", "reference_type="))]
    if len(lines) > 1 and lines[1].endswith(":"):
        listed = itertools.takewhile(lambda line: not line.endswith(":"), lines[2:])
        return f"{lines[0]}; {lines[1]} {', '.join(listed)}"
    return " ".join(lines[:2]) if lines else type(error).__name__
