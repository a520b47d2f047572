"""The state of a live page: networks, where they stand, and what may be done with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from mlp_lab.engine.evaluation import sums_over_rows
from mlp_lab.engine.monitoring import fit_monitored
from mlp_lab.engine.records import EpochRecord, MemberRecord
from mlp_lab.engine.row_source import RowSource
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.formatting import counted
from mlp_lab.metrics.epoch import Scale, Scores, score
from mlp_lab.play.finished import COMPUTING, computed_by, opened, settings_of, take_up
from mlp_lab.play.history import History, Moment
from mlp_lab.play.lineup import Compose, Trial, go_on_with, line_up
from mlp_lab.play.settings import Settings, command, each_once
from mlp_lab.runs.finish import DatasetCache
from mlp_lab.runs.member import keep_best
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.trace.names import tensor_shapes
from mlp_lab.tracking.curves import Row
from mlp_lab.tracking.tracker import curve_row
from mlp_lab.verdict.judge import Judge

KEPT_DATA = 2**26
"""Bytes of prepared rows that are kept, of data sets that were chosen before."""

LARGEST = 1000
"""Of a weight that is set by hand."""


class Session:
    """Networks that train epoch by epoch, or step by step, and can be taken back."""

    def __init__(self, settings: Settings, compose: Compose) -> None:
        """Draw the weights.

        Raises:
            UserError: a setting cannot be.
        """
        self.compose = compose
        self._cache = PreparedDataCache(KEPT_DATA)
        self._begin(settings)

    @classmethod
    def of(cls, words: Sequence[str], compose: Compose) -> Session:
        """The networks of some words; of a run that they name, where it ended.

        Raises:
            UserError: a setting cannot be, or the run cannot be opened.
        """
        folder = opened(words)
        if folder is None:
            return cls(Settings.of(words), compose)
        found = cls(settings_of(folder, words), compose)
        found.epoch = take_up(found.lineup, folder)
        by = replace(found.settings, words=(*found.settings.words, *computed_by(folder)))
        found._trained_by = [by] * found.epoch
        found._plan_at_least(found.epoch)
        found._fits = [fit_monitored(stack) for stack in found.lineup.stacks]
        found._keep()
        return found

    def _begin(self, settings: Settings) -> None:
        """Build all networks of some settings; those of before stay where these cannot be."""
        lineup = line_up(settings, self.compose, self._cache)
        self.settings, self.lineup = settings, lineup
        self.epoch, self.step = 0, 0
        self.history = History()
        self.by_hand: set[int] = set()
        """Networks whose first weights somebody has set, which no command line says."""
        self.common, self.judge = DatasetCache(), Judge()
        """What is found out of rows serves all verdicts on them."""
        self._trained_by: list[Settings] = []
        """Settings of each epoch so far."""
        parts = ([t.run.dataset.test for t in self._members(k)] for k in self._places)
        self._test = [RowSource(own) for own in parts]
        self._scales = [
            stack.target_scale.of_metrics(rows) if sum(rows.counts) else []
            for stack, rows in zip(lineup.stacks, self._test, strict=True)
        ]
        for trial in lineup.trials:
            trial.rows.append(self._row_of_beginning(trial))
        self._fits = [fit_monitored(stack) for stack in lineup.stacks]
        self._keep()

    def _plan_at_least(self, epochs: int) -> None:
        """Let a run that was resumed for more epochs have as many as it was trained for."""
        (trial,) = self.lineup.trials
        planned, reason = trial.config.epochs, trial.run.progress.reason
        if planned is not None and planned < epochs:
            self.change(self.settings.setting("epochs", str(epochs)))
            trial.run.progress.reason = reason

    @property
    def _places(self) -> range:
        return range(len(self.lineup.stacks))

    def _members(self, place: int) -> list[Trial]:
        """The networks of a stack in the order of its positions."""
        own = {trial.member: trial for trial in self.lineup.trials if trial.stack == place}
        return [own[member] for member in self.lineup.stacks[place].ids]

    def _keep(self) -> None:
        progress = [trial.run.progress for trial in self.lineup.trials]
        self.history.keep(self.epoch, self.lineup.stacks, progress)

    @property
    def last(self) -> int:
        """The last epoch that was trained: a later one than `epoch` after going back."""
        return len(self._trained_by)

    @property
    def ended(self) -> str:
        """Why no epoch can follow, in words; nothing while one can."""
        if self._all_diverged:
            return str(self.lineup.trials[0].run.progress.diverged)
        epochs = self.lineup.trials[0].config.epochs
        if epochs is not None and self.epoch >= epochs:
            return f"all of {counted(epochs, 'epoch')} trained: set epochs to train on"
        return ""

    @property
    def _all_diverged(self) -> bool:
        return all(trial.run.progress.diverged for trial in self.lineup.trials)

    @property
    def stopped_early(self) -> str:
        """Why the first network would be stopped by now; nothing if it would not."""
        return self.lineup.trials[0].run.progress.reason

    def train_epoch(self) -> bool:
        """Train an epoch, or the rest of one; whether there was one to train."""
        if self.ended:
            return False
        self._train_epoch()
        return True

    def _train_epoch(self) -> None:
        self._leave_other_future()
        for place in self._places:
            record = next(self._fits[place], None)
            if record is not None:
                self._observe(place, record)
        self.epoch, self.step = self.epoch + 1, 0
        self._trained_by.append(self.settings)
        self._keep()

    def take_step(self) -> bool:
        """Take one step; after the last one of an epoch all rows are evaluated.

        Raises:
            UserError: the kernel that was chosen takes whole epochs.
        """
        if self.ended:
            return False
        self.require_single_steps()
        self._leave_other_future()
        left = [stack.take_step() for stack in self.lineup.stacks]
        self.step += 1
        if not any(left):
            return self.train_epoch()
        return True

    def require_single_steps(self) -> None:
        """Raise where the kernel that was chosen takes whole epochs.

        Raises:
            UserError: it does.
        """
        if {stack.kernel for stack in self.lineup.stacks} != {"torch"}:
            raise UserError("kernel must be torch for single steps, got native")

    def _leave_other_future(self) -> None:
        """Epochs after this one are trained anew."""
        self.history.forget_after(self.epoch)
        del self._trained_by[self.epoch :]
        for trial in self.lineup.trials:
            del trial.rows[self.epoch + 1 :]

    def _observe(self, place: int, epoch: EpochRecord) -> None:
        stack, trials = self.lineup.stacks[place], self._members(place)
        tests = self._test_scores(place)

        def is_best(record: MemberRecord, seconds: float, position: int) -> bool:
            trial = trials[position]
            best = trial.run.progress.observe(record, seconds, trial.config.stop)
            trial.rows.append(_row(record, tests[position], trial.run.progress.seconds))
            return best

        keep_best(epoch, stack, is_best)

    def _test_scores(self, place: int) -> list[Scores]:
        """Of every network of a stack, as it is now; no run looks at these rows before its end."""
        stack = self.lineup.stacks[place]
        return self._scores(stack, self._test[place], self._scales[place])

    def _scores(self, stack: Stack, rows: RowSource, scales: list[Scale]) -> list[Scores]:
        if not scales:
            return [{} for _ in stack.ids]
        objective, target_scale = stack.shared.objective, stack.target_scale
        sums = sums_over_rows(stack.evaluated, rows, objective, target_scale).t().tolist()
        return [score(stack.task, own, scale) for own, scale in zip(sums, scales, strict=True)]

    def _row_of_beginning(self, trial: Trial) -> Row:
        """Scores before the first step."""
        stack, position = self.lineup.stacks[trial.stack], self.lineup.position(trial)
        rows = {"train": (stack.train, stack.train_scales), "val": (stack.val, stack.val_scales)}
        rows["test"] = (self._test[trial.stack], self._scales[trial.stack])
        found: Row = {"epoch": 0.0, "lr": math.nan}
        for part, (source, scales) in rows.items():
            if sum(source.counts):
                own = self._scores(stack, source, scales)[position]
                found |= {f"{part}_{name}": value for name, value in own.items()}
        return found

    def back_to(self, epoch: int, stops: Callable[[], bool] = lambda: False) -> None:
        """Put all networks where they stood after an epoch.

        One that was let go is trained again from the last kept one before it, to the same numbers;
        where settings were changed since, it is that one itself. Between two epochs `stops` says
        whether that is to end where it is.

        Raises:
            UserError: no epoch has this number yet.
        """
        count = self.trained_again(epoch)
        kept = self.history.at_or_before(epoch)
        again = count == epoch - kept
        known = self._known()
        progress = self.history.moments[kept].put(kept, self.lineup.stacks)
        for trial, own in zip(self.lineup.trials, progress, strict=True):
            trial.run.progress = own
        self.epoch, self.step = kept, 0
        self._fits = [fit_monitored(stack) for stack in self.lineup.stacks]
        if again:
            self._train_again(epoch, stops)
            if self.epoch > kept:
                self._set_later(*known)

    def trained_again(self, epoch: int) -> int:
        """How many epochs `back_to` trains again: 0 of one that is kept, or of other settings.

        Raises:
            UserError: no epoch has this number yet.
        """
        require(0 <= epoch <= self.last, "epoch", f"from 0 to {self.last}", epoch)
        kept = self.history.at_or_before(epoch)
        again = all(map(self._is_as_now, self._trained_by[kept:epoch]))
        return epoch - kept if again else 0

    def _train_again(self, epoch: int, stops: Callable[[], bool]) -> None:
        """Train up to an epoch that there was, also where training is now to end before it."""
        planned = self.lineup.trials[0].config.epochs
        too_few = planned if planned is not None and planned < epoch else None
        if too_few is not None:
            for stack in self.lineup.stacks:
                stack.end_after(epoch)
        while self.epoch < epoch and not self._all_diverged and not stops():
            self._train_epoch()
        if too_few is not None:
            for stack in self.lineup.stacks:
                stack.end_after(too_few)

    def _known(self) -> tuple[list[Settings], list[list[Row]], dict[int, Moment]]:
        """What is known of all epochs: settings, scores of each network, and moments."""
        rows = [list(trial.rows) for trial in self.lineup.trials]
        return list(self._trained_by), rows, dict(self.history.moments)

    def _set_later(
        self, settings: list[Settings], rows: list[list[Row]], moments: dict[int, Moment]
    ) -> None:
        """Epochs that were trained again lead to the same later ones, which stay in sight."""
        self._trained_by += settings[self.epoch :]
        for trial, own in zip(self.lineup.trials, rows, strict=True):
            trial.rows += own[self.epoch + 1 :]
        later = {k: kept for k, kept in moments.items() if k > self.epoch}
        self.history.moments |= later

    def change(self, settings: Settings) -> bool:
        """Take other settings; whether networks train on by them, or begin again.

        Where the settings cannot be, everything stays as it is.

        Raises:
            UserError: a setting cannot be.
        """
        if self.step:
            self.train_epoch()  # what has begun ends as it began
        if go_on_with(self.lineup, settings, self.compose, self._cache):
            self.settings = settings
            for trial in self.lineup.trials:
                trial.run.progress.reason = ""
            return True
        self._begin(settings)
        return False

    def restart(self) -> None:
        """Draw the same weights again, and forget what was trained."""
        self._begin(self.settings)

    def set_weight(self, number: int, name: str, place: tuple[int, int], value: float) -> None:
        """Set a weight or a bias of a network, which then begins with the weights of now.

        Args:
            number: which of the networks.
            name: Omega_k or beta_k.
            place: row and column, from 0; of a bias the row is 0.
            value: what it becomes.

        Raises:
            UserError: there is no such entry, or the value is too large.
        """
        trial = self.lineup.trials[number]
        stack, position = self.lineup.stacks[trial.stack], self.lineup.position(trial)
        shapes = tensor_shapes(stack.network.member_sizes[position], stack.network.layers.parts)
        require_choice(name, "weight", shapes)
        rows, columns = shapes[name]
        row, column = place
        rule = f"in {rows} rows and {columns} columns, from 0"
        require(0 <= row < rows and 0 <= column < columns, name, rule, list(place))
        require(abs(value) <= LARGEST, name, f"from -{LARGEST} to {LARGEST}", value)
        by_hand = self.by_hand | {number}
        if self.epoch or self.step:
            by_hand |= set(range(len(self.lineup.trials)))  # all keep what they have learnt
        if self.last or self.step:
            self._begin_from_here()
            stack = self.lineup.stacks[trial.stack]
        letter, _, layer = name.partition("_")
        for network in {id(own): own for own in (stack.network, stack.evaluated)}.values():
            tensors = network.layers.weights if letter == "Omega" else network.layers.biases
            with torch.no_grad():
                tensors[int(layer)][position, row, column] = value
        self.by_hand = by_hand
        self._set_beginning()

    def _begin_from_here(self) -> None:
        """Begin again with the weights of now; moments of optimizers are those of a beginning."""
        weights = [stack.evaluated.layers.flat.clone() for stack in self.lineup.stacks]
        self._begin(self.settings)
        for stack, flat in zip(self.lineup.stacks, weights, strict=True):
            for network in {id(own): own for own in (stack.network, stack.evaluated)}.values():
                with torch.no_grad():
                    network.layers.flat.copy_(flat)

    def _set_beginning(self) -> None:
        """The weights of now are those before the first step."""
        for trial in self.lineup.trials:
            trial.rows[:] = [self._row_of_beginning(trial)]
        self._keep()

    def command(self, number: int) -> tuple[str, str]:
        """A command line that trains a network to where it stands, and what it does not say."""
        return command(self.command_words(number)), self._unlike_the_command(number)

    def command_words(self, number: int) -> list[str]:
        """The words of that command line, each setting once."""
        more = [] if self._planned or not self.epoch else [f"epochs={self.epoch}"]
        if self._went_on(self.lineup.trials[number]):
            more.append("stop.patience=null")
        return each_once([*self.settings.variants[number], *more])

    @property
    def _planned(self) -> bool:
        """Whether what an epoch does depends on how many there are to be."""
        configs = [trial.config for trial in self.lineup.trials]
        return any(own.schedule.of_all_epochs or own.averaging.kind != "none" for own in configs)

    def _is_as_now(self, settings: Settings) -> bool:
        """Whether some settings train as the present ones, however long, and whatever stops it."""
        left_out = ("stop.", *COMPUTING) if self._planned else ("stop.", "epochs=", *COMPUTING)
        own, now = (
            [word for word in found.words if not word.startswith(left_out)]
            for found in (settings, self.settings)
        )
        compared = (settings.key, settings.values) == (self.settings.key, self.settings.values)
        return own == now and compared

    def _went_on(self, trial: Trial) -> bool:
        """Whether a network was trained on after the epoch that would have been its last."""
        patience = trial.config.stop.patience
        return patience is not None and trial.run.progress.watch.waited > patience

    def _unlike_the_command(self, number: int) -> str:
        if number in self.by_hand:
            return "its first weights were set by hand; the command draws them"
        epochs = enumerate(self._trained_by[: self.epoch], start=1)
        changed = [epoch for epoch, own in epochs if not self._is_as_now(own)]
        if changed:
            return (
                f"settings were changed after epoch {changed[-1]}; the command trains by the"
                " present ones from the start"
            )
        found = [self._computed_otherwise()]
        if self.step:
            steps = counted(self.step, "step")
            found.append(f"{steps} of epoch {self.epoch + 1} left out: it trains whole epochs")
        elif self._planned:
            found.append("what an epoch does depends on how many are planned: it trains all")
        return "; ".join(filter(None, found))

    def _computed_otherwise(self) -> str:
        """What computed epochs so far, where that is not what computes here."""
        words = dict.fromkeys(word for own in self._trained_by[: self.epoch] for word in own.words)
        by = [w for w in words if w.startswith(COMPUTING) and w not in self.settings.words]
        said = f"the run was trained by {' '.join(by)}: the command's numbers are the same up to"
        return f"{said} rounding" if by else ""


def _row(record: MemberRecord, test: Scores, seconds: float) -> Row:
    """All that curves show of an epoch, and what a run's file says of it."""
    own = {f"test_{name}": value for name, value in test.items()}
    return {**curve_row(record, seconds), **own}
