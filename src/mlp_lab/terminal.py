"""Standard output as all commands use it."""

import os
import sys

from rich.console import Console
from rich.table import Table


def stop_writing() -> None:
    """Nobody reads standard output any more, as after `| head`: what follows goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Screen(Console):
    """Standard output; where nobody reads it any more, the command goes on."""

    def on_broken_pipe(self) -> None:
        """Be silent from now on."""
        self.quiet = True
        stop_writing()


def plain_table(*headings: str) -> Table:
    """A table without lines."""
    return Table(*headings, box=None, pad_edge=False, header_style="bold")
