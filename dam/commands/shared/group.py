"""The root command group: errors become messages and exit codes, signals end the program in order."""

import contextlib
import gc
import io
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from typer import Abort, BadParameter, Typer

from dam.commands.shared.completion import join_words
from dam.commands.shared.discovery import command_names, load_command
from dam.commands.shared.help_group import HelpGroup
from dam.core import interrupts, invocation
from dam.core.errors import DamError, ExitCode, QueryError, UsageError, is_out_of_memory
from dam.render.errors import error, errors_as_json

GC_THRESHOLD = 250_000
"""Objects between two collections of garbage: more than any command makes before its work begins (160,000).

Imports make many objects and drop none; a collection among them takes 30 ms.
"""

LIBRARY_OPTION = "--library"

Complaint: type[Exception] = BadParameter.__mro__[1]
"""What Typer raises when the words of a command are off: a bad parameter is one of several."""


class DamTyper(Typer):
    """The program. An interruption before there is a command ends it, and there is nothing to say of it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program."""
        try:
            return super().__call__(*args, **kwargs)
        except KeyboardInterrupt:
            sys.exit(ExitCode.INTERRUPTED)


class DamGroup(HelpGroup):
    """All commands: those of `dam.cli`, then those found in `dam.commands`. No exception ends in a traceback."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, in the order of the help page."""
        found = command_names()
        return [*(name for name in super().list_commands(ctx) if name not in found), *found]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, None where there is no such; import no other than that."""
        if cmd_name not in self.commands:
            found = command_names()
            for name in [cmd_name] if cmd_name in found else found:  # all of them: a suggestion may be among them
                self.add_command(load_command(name))
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the words begin with; where there is none, suggest what may have been meant."""
        try:
            return super().resolve_command(ctx, args)
        except Complaint as exc:
            if meant := self._near(ctx, args[0]):
                raise UsageError(f"there is no command {args[0]!r}: did you mean {' or '.join(meant)}?") from exc
            raise

    def _near(self, ctx: Any, word: str) -> list[str]:
        from dam.commands.shared.near_words import NEAR_WORDS

        known = self.list_commands(ctx)
        return [f"dam-cli {meant}" for meant in NEAR_WORDS.get(word.lower(), ()) if meant.split()[0] in known]

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Parse the words of a command line. `--library` may stand anywhere before a `--`, also after the command."""
        return super().parse_args(ctx, _library_first(args))

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program and exit with its code."""
        join_words(os.environ)
        given = next(iter(args), kwargs.get("args"))
        words = list(sys.argv[1:] if given is None else given)
        with invocation.command(["dam-cli", *words]), errors_as_json(_wants_json(words)):
            self._run(*args, **kwargs)

    def _run(self, *args: Any, **kwargs: Any) -> NoReturn:
        gc.set_threshold(GC_THRESHOLD, 20, 20)
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # files are done side by side; threads inside one only spin
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # to look for some reads the metadata of all packages
        try:
            sys.exit(super().main(*args, **kwargs | {"standalone_mode": False}))
        except Complaint as exc:
            _refuse(exc)
        except QueryError as exc:
            error(exc.problem_line, exc.exit_code, [f"dam-cli: {exc.problem_line}", *exc.marked])
            sys.exit(exc.exit_code)
        except DamError as exc:
            _fail(str(exc), exc.exit_code)
        except Abort:  # what Typer makes of an interruption before there is a command
            sys.exit(ExitCode.INTERRUPTED)
        except Exception as exc:
            if lack := _lack(exc):
                _fail(lack, ExitCode.FATAL)
            logging.getLogger("dam").debug("internal error", exc_info=exc)
            _fail(f"internal error: {type(exc).__name__}: {exc} (for a report: DAM_LOG_LEVEL=DEBUG)", ExitCode.FATAL)
        finally:
            gc.freeze()  # the collection at exit would trace every imported module once more: a quarter of the time

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        interrupts.handle_interrupts()
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            _fail(interrupts.message(), ExitCode.INTERRUPTED)
        except BrokenPipeError:
            _give_up_output()
            sys.exit(ExitCode.BROKEN_PIPE)
        except (
            OSError
        ) as exc:  # what has to do with files was turned into a DamError: this is the output, on a full disk
            _give_up_output()
            _require_working_directory()
            _fail(f"{exc.filename or 'cannot write the output'}: {exc.strerror}", ExitCode.FATAL)
        return result


def _library_first(args: list[str]) -> list[str]:
    """Return the words of a command line with `--library` before the command; alone where it has no value."""
    first, rest = [], list(args)
    if args[-1:] == [LIBRARY_OPTION]:
        return [LIBRARY_OPTION]
    for index, word in enumerate(args[: args.index("--")] if "--" in args else args):
        if word == LIBRARY_OPTION or word.startswith(f"{LIBRARY_OPTION}="):
            first = args[index : index + (2 if word == LIBRARY_OPTION else 1)]
            rest = args[:index] + args[index + len(first) :]
    return first + rest


def _lack(exc: Exception) -> str | None:
    """Return what the system refuses, if that is the reason for an exception."""
    if is_out_of_memory(exc):
        return "out of memory: allow more (ulimit -v), or end other programs"
    if isinstance(exc, RuntimeError) and "can't start new thread" in str(exc):
        return "the system allows no more processes or threads: allow more (ulimit -u), or end other programs"
    return None


def _give_up_output() -> None:
    """Write what can be written of the output, and see to it that the flush at exit does not fail again."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _require_working_directory() -> None:
    """End the program where relative paths mean nothing any more."""
    from dam.core.config import NO_WORKING_DIRECTORY

    try:
        os.getcwd()
    except OSError:
        _fail(NO_WORKING_DIRECTORY, ExitCode.FATAL)


def _wants_json(words: Sequence[str]) -> bool:
    """Return whether a command line has the option --json; it need not be valid."""
    return "--json" in words[: words.index("--") if "--" in words else None]


def _refuse(complaint: Any) -> NoReturn:
    """Write a complaint as Typer would, but for what a name in it could do to a terminal."""
    text = io.StringIO()
    complaint.show(text)
    error(complaint.format_message(), ExitCode.USAGE, text.getvalue().splitlines())
    sys.exit(ExitCode.USAGE)


def _fail(message: str, exit_code: int) -> NoReturn:
    error(message, exit_code)
    sys.exit(exit_code)
