"""What a person sees while a run trains, and when it ends."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.table import Table

from mlp_lab.formatting import counted, duration, four_digits
from mlp_lab.metrics.epoch import Scores, main_metric
from mlp_lab.program import TRY
from mlp_lab.terminal import Screen, StatusLine, plain_table

if TYPE_CHECKING:
    from mlp_lab.engine.records import MemberRecord
    from mlp_lab.runs.search import Standing

LINES = 20
"""Progress lines of a whole run where the output is no terminal."""

REFRESH_SECONDS = 0.1


class ProgressLine:
    """One line that follows the epochs on a terminal; now and then a line of its own elsewhere."""

    def __init__(self, console: Screen, epochs: int, epochs_done: int, quiet: bool) -> None:
        """Nothing is printed yet."""
        self.epochs = epochs
        self.first = epochs_done
        self.quiet = quiet
        self._started = self._shown = time.perf_counter()
        self._status = StatusLine(console, quiet=quiet)

    def show(self, record: MemberRecord) -> None:
        """Say where the run is."""
        if self.quiet:
            return
        last = record.epoch == self.epochs
        now = time.perf_counter()
        if self._status.live:
            due = now - self._shown >= REFRESH_SECONDS
        else:
            due = record.epoch == self.first + 1 or record.epoch % self._every == 0
        if last or due:
            self._shown = now
            self._status.write(*self._lines(record, now))

    @property
    def _every(self) -> int:
        return max(1, math.ceil(self.epochs / LINES))

    def _lines(self, record: MemberRecord, now: float) -> list[str]:
        """All there is to say, then less and less of it; the time that is left stays."""
        epoch = f"epoch {record.epoch:{len(str(self.epochs))}}/{self.epochs}"
        quantities = []
        for quantity in ("loss", main_metric(record.train)):
            val = f" (val {four_digits(record.val[quantity])})" if record.val else ""
            quantities.append(f"{quantity} {four_digits(record.train[quantity])}{val}")
        left = (now - self._started) / (record.epoch - self.first) * (self.epochs - record.epoch)
        time_left = f"{duration(round(left))} left"
        return ["  ".join([epoch, *quantities[count:], time_left]) for count in range(3)]

    def close(self) -> None:
        """Take the line away."""
        self._status.close()


class BudgetLine:
    """The same of a run with a budget: it follows the time."""

    def __init__(self, console: Screen, budget: float, quiet: bool) -> None:
        """Nothing is printed yet."""
        self._budget, self._shown, self._quiet = budget, -math.inf, quiet
        self._status = StatusLine(console, quiet=quiet)

    def show(self, standing: Standing) -> None:
        """Say where the search is."""
        every = REFRESH_SECONDS if self._status.live else self._budget / LINES
        if self._quiet or standing.seconds - self._shown < every:
            return
        self._shown = standing.seconds
        epochs = standing.plan.epochs
        of = "" if epochs is None else f"/{epochs}"
        words = [
            f"{duration(standing.seconds)} of {duration(self._budget)}",
            f"round {standing.round}, epoch {standing.epoch}{of}",
            f"best val loss {four_digits(standing.best)}",
            f"{counted(standing.networks, 'network')} training",
        ]
        self._status.write(*("  ".join(words[:count]) for count in (4, 3, 2, 1)))

    def close(self) -> None:
        """Take the line away."""
        self._status.close()


def results_table(models: Mapping[str, Mapping[str, Scores]], quantities: Sequence[str]) -> Table:
    """A row for each model; some quantities of its training, validation and test rows.

    Args:
        models: model -> part -> scores; a part without rows has none.
        quantities: loss, or metrics.
    """
    table = plain_table("")
    parts = [part for part in ("train", "val", "test") if next(iter(models.values()))[part]]
    for quantity in quantities:
        for part in parts:
            table.add_column(f"{quantity}\n{part}", justify="right")
    for name, by_part in models.items():
        table.add_row(
            name,
            *(four_digits(by_part[part][quantity]) for quantity in quantities for part in parts),
        )
    return table


def print_scores(console: Screen, models: Mapping[str, Mapping[str, Scores]]) -> None:
    """Loss and metric of each model side by side, or where that is too wide one below the other."""
    quantities = ["loss", main_metric(next(parts["train"] for parts in models.values()))]
    whole = results_table(models, quantities)
    if console.fits(whole):
        console.print(whole)
        return
    for quantity in quantities:
        console.print(results_table(models, [quantity]))


def print_result(
    console: Screen,
    models: Mapping[str, Mapping[str, Scores]],
    result: Mapping[str, object],
    verdict: Sequence[str],
    folder: Path,
) -> None:
    """The end of a run: what it reached beside the baselines, what that says, where it lies.

    Of several targets each has a line of its own.
    """
    targets = cast(Mapping[str, Mapping[str, Scores]], result.get("targets", {}))
    print_scores(console, models)
    if targets:
        metric = main_metric(next(iter(targets.values()))["train"])
        console.print(results_table(targets, [metric]))
    seconds = result["seconds"]
    assert isinstance(seconds, int | float)
    reason = f" ({result['reason']})" if "reason" in result else ""
    console.say(
        f"{result['output']} output, loss {result['loss']}, {result['parameters']:,} parameters,"
        f" best epoch {result['best_epoch']} of {result['epochs_run']}{reason},"
        f" {duration(seconds)}"
    )
    print_lines(console, verdict)
    console.print(str(folder), soft_wrap=True)


def print_lines(console: Screen, lines: Sequence[str]) -> None:
    """Sentences broken between words; a command stays in one line, to be copied."""
    for line in lines:
        if line.startswith(TRY):
            console.print(line, soft_wrap=True)
        else:
            console.say(line)
