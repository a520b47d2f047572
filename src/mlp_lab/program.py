"""A process as its user sees it: how it ends on Ctrl-C, and the words that start another."""

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from mlp_lab.output import show_everything

INTERRUPTED = 130
"""Exit status of a command that was asked to end, as shells have it for Ctrl-C."""

TRY = "try: "
"""Before a command that may mend what was found."""


def _end(number: int, frame: FrameType | None) -> None:
    """SIGTERM as Ctrl-C has it."""
    raise KeyboardInterrupt


def _end_as_others() -> None:
    """In a forked child: SIGTERM ends it as if nothing were handled.

    The system does that. A handler of Python's runs between two of its instructions only, so a
    signal that comes just before a system call that waits would be seen when that call is over.
    """
    if signal.getsignal(signal.SIGTERM) is _end:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing is forked
    os.register_at_fork(after_in_child=_end_as_others)


@contextmanager
def interruptible() -> Iterator[None]:
    """Where a command starts: it can write any text, and ends with one line on Ctrl-C or SIGTERM.

    So no half-written file stays.
    """
    show_everything()
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    except BaseException as error:
        if isinstance(error, SystemExit) or not asked_to_end(error):
            raise
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is ending: nobody need ask again
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, before)
        flush_output()


def asked_to_end(error: BaseException) -> bool:
    """Whether it is, or came of, a KeyboardInterrupt: a library may fail on its way out."""
    link: BaseException | None = error
    while link is not None and not isinstance(link, KeyboardInterrupt):
        link = link.__context__
    return link is not None


def stop_writing() -> None:
    """Nobody reads standard output any more, as after `| head`: what follows goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_unwritable(error: OSError) -> None:
    """Say that standard output takes nothing more."""
    print(f"cannot write to standard output: {error.strerror}", file=sys.stderr)


def flush_output() -> None:
    """Print what waits to be printed, while there is somebody to say that it cannot be."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        stop_writing()
    except OSError as error:
        stop_writing()
        say_unwritable(error)


def as_typed(folder: Path) -> Path:
    """The folder as one would type it here."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def resume_command(folder: Path) -> str:
    """What resumes the run in a folder, as one would type it here."""
    return shlex.join([*train_words(), f"resume={folder}"])


IMPORTED: list[str] = []
"""Files of the user's own parts that this command has imported."""


def train_words() -> list[str]:
    """What starts another training from here, with the same parts of the user's own."""
    return [*_program(), *(word for path in IMPORTED for word in ("--import", path))]


def _program() -> list[str]:
    """`mlp-lab train`, or `python` and train.py's path."""
    typed = Path(sys.argv[0])
    if typed.stem == "mlp-lab":
        return ["mlp-lab", "train"]
    if typed == Path(__file__).with_name("__main__.py"):
        return ["python", "-m", "mlp_lab", "train"]
    if typed.name == "train.py":
        return ["python", str(typed)]
    beside = Path(os.path.normpath(typed.parent / ".." / "train.py"))  # of scripts/compare.py
    return ["python", str(beside) if typed.suffix == ".py" and beside.is_file() else "train.py"]
