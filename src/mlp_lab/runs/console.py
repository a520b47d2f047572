"""What a person sees while a run trains, and when it ends."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.table import Table

from mlp_lab.config.unread import by_key, unread
from mlp_lab.formatting import counted, duration, score_written
from mlp_lab.metrics.choosing import named_score
from mlp_lab.metrics.epoch import Scores, main_metric
from mlp_lab.network.activations import GATES
from mlp_lab.program import TRY
from mlp_lab.runs.calibration import calibration_in_words, is_calibrated
from mlp_lab.terminal import Screen, StatusLine, plain_table

if TYPE_CHECKING:
    from mlp_lab.config.schema import Config
    from mlp_lab.engine.records import MemberRecord
    from mlp_lab.runs.job import Job
    from mlp_lab.runs.search import Standing

FURTHER = 1.3
"""How many times the epochs of the line before the next one has, where their number is open."""

LINES = 20
"""Progress lines of a whole run where the output is no terminal."""

REFRESH_SECONDS = 0.1


class ProgressLine:
    """One line that follows the epochs on a terminal; now and then a line of its own elsewhere."""

    def __init__(
        self,
        console: Screen,
        epochs: int | None,
        epochs_done: int,
        quiet: bool,
        monitor: str = "loss",
    ) -> None:
        """Nothing is printed yet; `epochs` None: until patience ends it.

        `monitor`: the score that chooses the best epoch.
        """
        self.monitor = monitor
        self.epochs = epochs
        self.first = epochs_done
        self.quiet = quiet
        self._next = epochs_done + 1
        self._started = self._shown = time.perf_counter()
        self._status = StatusLine(console, quiet=quiet)

    def show(self, record: MemberRecord) -> None:
        """Say where the run is."""
        if self.quiet:
            return
        last = record.epoch == self.epochs
        now = time.perf_counter()
        live = self._status.live
        due = now - self._shown >= REFRESH_SECONDS if live else self._due(record.epoch)
        if last or due:
            self._shown = now
            self._status.write(*self._lines(record, now))

    def _due(self, epoch: int) -> bool:
        """Whether an epoch has a line: the first, and some evenly apart, or ever further."""
        if self.epochs is not None:
            every = max(1, math.ceil(self.epochs / LINES))
            return epoch == self.first + 1 or epoch % every == 0
        if epoch < self._next:
            return False
        self._next = max(epoch + 1, math.ceil(FURTHER * epoch))
        return True

    def _lines(self, record: MemberRecord, now: float) -> list[str]:
        """All there is to say, then less and less of it; the time that is left stays."""
        place = of_all(record.epoch, self.epochs)
        epoch = f"epoch {place:>{len(of_all(self.epochs or 0, self.epochs))}}"
        quantities = []
        for quantity in _shown(record.train, self.monitor):
            train, val = (
                score_written(quantity, scores.get(quantity))
                for scores in (record.train, record.val)
            )
            of_val = f" (val {val})" if val else ""
            quantities.append(f"{quantity} {train}{of_val}" if train else f"val {quantity} {val}")
        spent = now - self._started
        time = f"{duration(round(spent))} so far"
        if self.epochs is not None:
            left = spent / (record.epoch - self.first) * (self.epochs - record.epoch)
            time = f"{duration(round(left))} left"
        return ["  ".join([epoch, *quantities[count:], time]) for count in range(3)]

    def close(self) -> None:
        """Take the line away."""
        self._status.close()


def _shown(scores: Scores, monitor: str) -> list[str]:
    """Loss and main metric, and the score that chooses where it is another."""
    return list(dict.fromkeys(["loss", main_metric(scores), named_score(scores, monitor)]))


def of_all(epoch: int, epochs: int | None, of: str = "/") -> str:
    """An epoch among all, where their number is known.

    >>> of_all(3, 50), of_all(3, None)
    ('3/50', '3')
    """
    return str(epoch) if epochs is None else f"{epoch}{of}{epochs}"


def without_limit(configs: Iterable[Config]) -> list[str]:
    """A line where trainings have no limit of epochs: what ends them, and what would bound them."""
    unbounded = [each for each in configs if each.epochs is None and each.stop.seconds is None]
    if not unbounded:
        return []
    most = max(each.stop.patience or 0 for each in unbounded)
    return [
        f"no limit of epochs: a training ends after {counted(most, 'epoch')} without a better"
        f" validation {unbounded[0].stop.monitor}, however late that is; stop.seconds=600 would"
        " end it after ten minutes"
    ]


def growing(configs: Iterable[Config]) -> list[str]:
    """A line where units that are products follow each other, from weights that make them grow."""
    for model in (config.model for config in configs):
        gated = sum(name in GATES for name in model.activations)
        if gated > 1 and model.init != "torch" and model.normalisation == "none":
            return [
                f"gated units are products: from model.init={model.init} they grow from layer to"
                " layer; model.init=torch, or model.normalisation=layer, keeps them small"
            ]
    return []


def say_beforehand(screen: Screen, jobs: Iterable[Job], *, quiet: bool) -> None:
    """Say what somebody may not have meant, before trainings begin."""
    if quiet:
        return
    jobs = list(jobs)
    unused = unread((job.config, by_key(job.overrides)) for job in jobs)
    configs = [job.config for job in jobs]
    for words in (*unused, *growing(configs), *without_limit(configs)):
        screen.say(words)


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
            f"best val loss {score_written('loss', standing.best)}",
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
            *(
                score_written(quantity, by_part[part].get(quantity))
                for quantity in quantities
                for part in parts
            ),
        )
    return table


def print_scores(
    console: Screen, models: Mapping[str, Mapping[str, Scores]], monitor: str = "loss"
) -> None:
    """Loss and metric of each model side by side, or where that is too wide one below the other.

    Beside them the score that chose the best epoch, if it is another.
    """
    quantities = _shown(next(parts["train"] for parts in models.values()), monitor)
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
    *,
    monitor: str = "loss",
) -> None:
    """The end of a run: what it reached beside the baselines, what that says, where it lies.

    Of several targets each has a line of its own. `monitor`: the score that chose the best epoch.
    """
    targets = cast(Mapping[str, Mapping[str, Scores]], result.get("targets", {}))
    print_scores(console, models, monitor)
    if targets:
        metric = main_metric(next(iter(targets.values()))["train"])
        console.print(results_table(targets, [metric]))
    by = "" if monitor in ("loss", "metric") else f" by {monitor}"
    seconds = result["seconds"]
    assert isinstance(seconds, int | float)
    environment = cast(Mapping[str, object], result["environment"])
    reason = f" ({result['reason']})" if "reason" in result else ""
    shared = f" on {environment['devices']} devices" if "devices" in environment else ""
    console.say(
        f"{result['output']} output, loss {result['loss']}, {result['parameters']:,} parameters,"
        f" best epoch {result['best_epoch']} of {result['epochs_run']}{by}{reason},"
        f" {duration(seconds)}, kernel {environment['kernel']}{shared}"
    )
    for line in intervals_in_words(result):
        console.say(line)
    if is_calibrated(result):
        console.say(calibration_in_words(result))
    print_lines(console, verdict)
    console.print(str(folder), soft_wrap=True)


def intervals_in_words(result: Mapping[str, object]) -> list[str]:
    """The interval of the main test score, and what it resamples; nothing where that is rows."""
    resampled = cast(Sequence[str], result.get("resampled", ()))
    if not resampled:
        return []
    scores = cast(Scores, result["test"])
    score = main_metric(scores)
    low, high = cast(Mapping[str, Sequence[float]], result["test_intervals"])[score]
    own, *ends = (score_written(score, value) for value in (scores[score], low, high))
    first, *others = resampled
    how = first.partition(": ")[2]
    found = [f"test {score} {own}, 95 % interval {ends[0]} to {ends[1]}: {how}"]
    return [*found, *others] if low != high else others


def print_lines(console: Screen, lines: Sequence[str]) -> None:
    """Sentences broken between words; a command stays in one line, to be copied."""
    for line in lines:
        if line.startswith(TRY):
            console.print(line, soft_wrap=True)
        else:
            console.say(line)
