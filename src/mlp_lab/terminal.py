"""Standard output as all commands use it."""

import os
import sys
from typing import IO

from rich.console import Console, HighlighterType, JustifyMethod, OverflowMethod, RenderableType
from rich.live import Live
from rich.style import Style, StyleType
from rich.table import Table
from rich.text import Text

from mlp_lab.formatting import one_line, visible
from mlp_lab.output import encodable, show_everything
from mlp_lab.program import say_unwritable, stop_writing

WIDEST = 10_000
"""Letters of a line in which everything has room."""


class Screen(Console):
    """Standard output, or a file; where nobody reads it any more, the command goes on.

    Text stands as it is: brackets in a path, an override or a column's name are no markup, and of
    control characters the terminal sees a name.
    """

    def __init__(self, file: IO[str] | None = None, width: int | None = None) -> None:
        """`width` in letters; by default a terminal's, and elsewhere as wide as it takes."""
        super().__init__(file=file, width=width, markup=False, emoji=False, highlight=False)
        if width is None and not self.is_terminal and "COLUMNS" not in os.environ:
            self.width = WIDEST  # rich would take 80 letters, and cut what is wider

    def say(self, words: str) -> None:
        """A sentence: broken between words on a terminal, one line elsewhere."""
        self.print(one_line(words), soft_wrap=not self.is_terminal)

    def render_str(
        self,
        text: str,
        *,
        style: str | Style = "",
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        emoji: bool | None = None,
        markup: bool | None = None,
        highlight: bool | None = None,
        highlighter: HighlighterType | None = None,
    ) -> Text:
        """Text as rich is to print it, whether in a line or in a cell."""
        return super().render_str(
            encodable(visible(text), self.encoding),
            style=style,
            justify=justify,
            overflow=overflow,
            emoji=emoji,
            markup=markup,
            highlight=highlight,
            highlighter=highlighter,
        )

    def fits(self, table: Table) -> bool:
        """Whether there is room for a table with not a letter cut off."""
        return self.measure(table, options=self.options.update(width=WIDEST)).maximum <= self.width

    def on_broken_pipe(self) -> None:
        """Be silent from now on."""
        self.quiet = True
        stop_writing()

    def _check_buffer(self) -> None:
        """Print what is waiting; a full disk behind standard output ends no training."""
        try:
            super()._check_buffer()
        except OSError as error:
            self.on_broken_pipe()
            say_unwritable(error)


class StatusLine:
    """A line that is written over on a terminal, and a line of its own each time elsewhere."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        """Nothing is printed yet."""
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self.live = (console.is_terminal or in_notebook()) and not quiet
        """Whether it is written over."""
        self._notebook = self.live and not console.is_terminal
        self._length = 0
        if self.live and not self._notebook:
            self._live.start()
            show_everything()  # what others print meanwhile passes through rich

    def write(self, line: str, *shorter: str) -> None:
        """Show a line; on a terminal, nothing any more once it was taken away.

        `shorter` say less, one less than the other: the first that the terminal has room for
        is shown.
        """
        if self._live.is_started:
            lines = [*map(one_line, (line, *shorter))]
            fitting = (text for text in lines if len(text) <= self._console.width)
            text = next(fitting, lines[-1])
            self._live.update(Text(text, no_wrap=True), refresh=True)
        elif self._notebook:
            self._rewrite(one_line(line))
        elif not self.live:
            self._console.print(line, soft_wrap=True)

    def _rewrite(self, line: str) -> None:
        """Write over the line in a notebook's output, where rich would need another package."""
        sys.stdout.write(f"\r{line:{self._length}}")
        sys.stdout.flush()
        self._length = len(line)

    def close(self) -> None:
        """Take the line away."""
        self._live.stop()
        if self._length:
            self._rewrite("")
            sys.stdout.write("\r")
            self._length = 0


def in_notebook() -> bool:
    """Whether standard output is that of a notebook's cell."""
    return type(sys.stdout).__module__.startswith("ipykernel")


class _PlainTable(Table):
    """A table whose rows are one line each, whatever stands in a cell."""

    def add_row(
        self,
        *cells: RenderableType | None,
        style: StyleType | None = None,
        end_section: bool = False,
    ) -> None:
        """Add a row."""
        shown = (one_line(cell) if isinstance(cell, str) else cell for cell in cells)
        super().add_row(*shown, style=style, end_section=end_section)


def plain_table(*headings: str) -> Table:
    """A table without lines."""
    return _PlainTable(*headings, box=None, pad_edge=False, header_style="bold")
