"""How a command ends when it cannot do what was asked: one line, exit status 1."""

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from mlp_lab.config.messages import explain
from mlp_lab.errors import UserError
from mlp_lab.formatting import one_line
from mlp_lab.program import interruptible

FULL_ERROR = "HYDRA_FULL_ERROR"
TRACEBACK_WANTED = os.environ.get(FULL_ERROR) == "1"


def fail(message: str) -> NoReturn:
    """One line on stderr, exit status 1."""
    print(message, file=sys.stderr)
    sys.exit(1)


def in_one_line(command: Callable[[], None]) -> None:
    """Run a command; an error that its user can mend is one line, exit status 1."""
    try:
        with interruptible():
            command()
    except (UserError, OSError) as error:
        if TRACEBACK_WANTED:
            raise
        fail(explain(error) or one_line(str(error)))
