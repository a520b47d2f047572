"""A process as its user sees it: how it ends on Ctrl-C, and the words that start another."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INTERRUPTED = 130
"""Exit status of a command that was asked to end, as shells have it for Ctrl-C."""

TRY = "try: "
"""Before a command that may mend what was found."""


@contextmanager
def interruptible() -> Iterator[None]:
    """End with one line when somebody presses Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM ends as Ctrl-C does, so that no half-written file stays."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def as_typed(folder: Path) -> Path:
    """The folder as one would type it here."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def train_words() -> list[str]:
    """What starts another training from here: `mlp-lab train`, or `python` and train.py's path."""
    typed = Path(sys.argv[0])
    if typed.stem == "mlp-lab":
        return ["mlp-lab", "train"]
    if typed == Path(__file__).with_name("__main__.py"):
        return ["python", "-m", "mlp_lab", "train"]
    if typed.name == "train.py":
        return ["python", str(typed)]
    beside = Path(os.path.normpath(typed.parent / ".." / "train.py"))  # of scripts/compare.py
    return ["python", str(beside) if typed.suffix == ".py" and beside.is_file() else "train.py"]
