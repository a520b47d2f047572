"""Standard output as all commands use it."""

import os
import sys

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text


def stop_writing() -> None:
    """Nobody reads standard output any more, as after `| head`: what follows goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Screen(Console):
    """Standard output; where nobody reads it any more, the command goes on."""

    def on_broken_pipe(self) -> None:
        """Be silent from now on."""
        self.quiet = True
        stop_writing()


class StatusLine:
    """A line that is written over on a terminal, and a line of its own each time elsewhere."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        """Nothing is printed yet."""
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        if console.is_terminal and not quiet:
            self._live.start()

    @property
    def live(self) -> bool:
        """Whether it is written over."""
        return self._live.is_started

    def write(self, line: str) -> None:
        """Show a line."""
        if self.live:
            self._live.update(Text(line, no_wrap=True), refresh=True)
        else:
            self._console.print(line, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Take the line away."""
        self._live.stop()


def literal(*cells: str) -> list[Text]:
    """Cells of a table as they are: brackets are no markup."""
    return [Text(cell) for cell in cells]


def plain_table(*headings: str) -> Table:
    """A table without lines."""
    return Table(*headings, box=None, pad_edge=False, header_style="bold")
