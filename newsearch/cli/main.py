"""The group of commands, and the one place where errors become messages and exit codes.

0    found, or done             2    an error, reported in one line on stderr
1    nothing found              130  interrupted (Ctrl-C)         141  the output was closed by its reader
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import Never

import click

import newsearch
from newsearch.cli.streams import guard
from newsearch.cli.terminal import complain
from newsearch.errors import NewsearchError

COMMANDS = {
    "query": "Find articles.",
    "stories": "Show the stories that most outlets report.",
    "timeline": "Count the articles of each day, week, month or year.",
    "coverage": "Count the articles of each outlet, and their share of all it published.",
    "words": "List the words and names most distinctive for a query.",
    "related": "Find articles on the subject of another.",
    "copies": "Show where else a text was published, and who published it first.",
    "alerts": "Show what is new for saved searches.",
    "index": "Index sources: directories, files, feeds.",
    "reindex": "Update the index from the sources that it remembers.",
    "forget": "Delete the articles of a source.",
    "serve": "Serve a web page, an API, feeds and MCP for the index.",
    "mcp": "Provide the index to an assistant.",
    "complete": "Complete the last word of a query.",
    "show": "Print one article.",
    "stats": "Show what the index holds.",
    "verify": "Check the whole index.",
    "compact": "Merge the index, and remove deleted articles.",
    "backup": "Copy the index to one file.",
    "restore": "Restore the index from a backup.",
    "copy": "Copy the index to another place.",
    "export": "Write all articles as JSON Lines.",
    "eval": "Measure the ranking on judged queries.",
    "tune": "Fit the weights of heat, quality and recency to judged queries.",
}
"""The commands and what they do; each is the function of its name in the module of its name."""

FOUND, NOTHING_FOUND, ERROR, INTERRUPTED, OUTPUT_CLOSED = 0, 1, 2, 130, 141

_COMPLETION = "_NEWSEARCH_COMPLETE"


class _Commands(click.Group):
    """Imports the module of a command only when that command is used, which keeps the others from costing time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"newsearch.cli.commands.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(
                f"no command {args[0]!r}; to search: newsearch query {' '.join(args)}", ctx
            )
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    epilog="""\b
    Examples:
      newsearch query facial recognition ban
      newsearch query '"mail-in ballots" after:2020-09' --sort newest
      newsearch index ~/news archive.jsonl.gz
      newsearch query vaccine --format json | jq '.hits[].title'

    docs/query-syntax.md describes how to write queries. docs/command.md is the manual of this command.""",
)
@click.version_option(newsearch.__version__, message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> int:
    """Find news in collections of articles."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    return FOUND


def main(args: Sequence[str] | None = None) -> int:
    """Run the command. Returns its exit code, after all its output has been written.

    Args:
        args: arguments, by default those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Characters that the terminal's encoding lacks are escaped; they are not a reason to fail.
            stream.reconfigure(errors="backslashreplace")
    code = FOUND
    try:
        code = _outcome(args)
        if sys.stdout:
            sys.stdout.flush()
    except KeyboardInterrupt as stop:
        with _deaf():
            complain(str(stop) or "interrupted")  # the exception may have a more precise message
        return INTERRUPTED
    except BrokenPipeError:
        return OUTPUT_CLOSED if code in (FOUND, NOTHING_FOUND) else code
    except OSError as error:
        # An OSError without a file name comes from a stream: index files have errors of their own.
        is_output = error.errno and not error.filename
        complain(f"the output cannot be written: {error.strerror}" if is_output else str(error))
        return ERROR
    except Exception as error:
        if not _lacks_memory(error):
            raise
        complain(
            "there is not enough memory; free some, or index with a smaller --memory and fewer --workers"
        )
        return ERROR
    return code


@contextmanager
def _deaf() -> Iterator[None]:
    """Ignore further Ctrl-C while the first one is being reported."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _lacks_memory(error: BaseException | None) -> bool:
    """Whether memory was exhausted, as reported by Python, the module loader or the system."""
    while error and not isinstance(error, MemoryError):
        said = str(error)
        if any(words in said for words in ("allocate memory", "failed to map segment", "start new thread")):
            return True
        error = error.__cause__ or error.__context__
    return error is not None


def _outcome(args: Sequence[str] | None) -> int:
    """The exit code of the command, as determined by its arguments and not by the state of the output.

    click also ends a command with an exception after `--help` and `--version`.
    """
    try:
        if instruction := os.environ.get(_COMPLETION):
            from click.shell_completion import shell_complete

            return shell_complete(cli, {}, "newsearch", _COMPLETION, instruction)
        given = list(sys.argv[1:] if args is None else args)
        with cli.make_context("newsearch", given.copy(), obj=given) as ctx:
            code: int = cli.invoke(ctx)
            return code
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        complain(_usage(error))
        return ERROR
    except NewsearchError as error:
        complain(str(error))
        return ERROR


def run() -> Never:
    """Run the command as a process, and end the process."""
    output = guard()
    # numpy starts a thread of linear algebra for every processor, which takes as long as several searches. No command
    # needs more than one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = main()
    except KeyboardInterrupt:
        code = INTERRUPTED  # a second Ctrl-C; the first one has been reported
    except Exception:
        import traceback  # rarely needed

        traceback.print_exc()  # a bug; Python's own exit code would mean "nothing found"
        code = ERROR
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output.drop()
    sys.stderr.flush()
    if "multiprocessing" in sys.modules:
        if code == INTERRUPTED:
            for process in sys.modules["multiprocessing"].active_children():
                process.kill()  # Python would wait for it
        if hasattr(signal, "pthread_sigmask"):
            # A Ctrl-C while a data class is made stays unhandled in Python's books, even if it was reported, and Python
            # would end the process by that signal.
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        sys.exit(code)  # also ends the child processes
    # Python's teardown at exit takes a tenth of a query's time.
    os._exit(code)


def _usage(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None:
        return message
    if isinstance(error, click.NoSuchOption) and any(
        parameter.name == "text" for parameter in context.command.get_params(context)
    ):
        message += "; write -- before a query that begins with -"
    return f"{message}; see {context.command_path} --help"
