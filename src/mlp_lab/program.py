"""A process as its user sees it: how it ends on Ctrl-C, and the words that start another."""

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


def train_words() -> list[str]:
    """`mlp-lab train` for the installed command, else `python train.py`."""
    if Path(sys.argv[0]).stem == "mlp-lab":
        return ["mlp-lab", "train"]
    return ["python", "train.py"]
