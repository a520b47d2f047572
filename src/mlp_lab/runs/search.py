"""Networks of several settings within a time: rounds of stacks, halved by their validation scores.

A round is a stack of networks that differ in what members of a stack may differ in; the next one
has other seeds, settings that did well, and what needs another stack. Of all, those are kept that
predict best together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import torch

from mlp_lab.config.portfolio import APART, TOGETHER, Change, changed, config_with, differs
from mlp_lab.config.schema import MOST_EPOCHS, Config
from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.engine.monitoring import fit_monitored
from mlp_lab.engine.records import EpochRecord, MemberRecord
from mlp_lab.engine.seeds import derived_seed
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError
from mlp_lab.memory import free_memory
from mlp_lab.metrics.choosing import place
from mlp_lab.network.architecture import training_bytes
from mlp_lab.network.own_parts import require_true_derivatives
from mlp_lab.runs.member import Run, keep_best, member_of, shared_settings
from mlp_lab.runs.pacing import (
    BEHIND,
    FINALISTS,
    ROUND,
    RUNGS,
    Clock,
    Pace,
    Plan,
    adapted,
    adds_nothing,
    checked,
    planned,
    seconds_of,
)
from mlp_lab.runs.progress import Progress
from mlp_lab.runs.trials import LARGEST_ENSEMBLE, Kept, Trial, forget_worst, kept

MOST_ROUNDS = 8
"""More networks than those of so many rounds are not tried, whatever time is left."""

RESERVE = 0.03
"""Share of a budget that is left for the selection."""

MEMORY_SHARE = 0.5
"""Of the free memory, for one stack."""

PACE_STEPS, PACE_NETWORKS = 6, 4
"""Steps by which an epoch is timed before the first, and networks of the larger stack."""

PACE_REPEATS, PACE_SHARE = 5, 0.01
"""Times that they are timed, as long as that takes less than this share of the budget: where a
core is busy with something else, one of them says little."""

OUT_OF_TIME = "time budget of {:g} s"
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a search is: seconds used, its round, the round's plan and epoch, and networks left.

    `best`: the least validation loss that any network had in this epoch.
    """

    seconds: float
    round: int
    plan: Plan
    epoch: int
    networks: int
    best: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a search kept, of which trials, in how many rounds; `ended`: why time was left.

    `kernel`: what computed, native or torch.
    """

    kept: Kept
    trials: Sequence[Trial]
    rounds: int
    seconds: float
    ended: str
    kernel: str

    @property
    def leader(self) -> Trial:
        """The trial with the largest weight, whose training stands for the run's."""
        return self.trials[next(iter(self.kept.weights))]

    def described(self, budget: float) -> dict[str, object]:
        """What result.json says of it."""
        weights = self.kept.weights
        return {
            "seconds": budget,
            "used": round(self.seconds, 3),
            "rounds": self.rounds,
            "ended": self.ended,
            "networks": [trial.described(weights.get(trial.number, 0.0)) for trial in self.trials],
        }


Say = Callable[[Plan, int], None]
Show = Callable[[Standing], None]


class Search:
    """Rounds of networks on the rows of one run, until its budget is used."""

    def __init__(
        self,
        run: Run,
        device: torch.device,
        clock: Clock,
        *,
        stopped: Callable[[], bool],
        say: Say,
        show: Show,
    ) -> None:
        """`say` is told of each round and its number before it begins, `show` of each epoch."""
        budget = run.job.config.budget_seconds
        assert budget is not None
        self.run, self.device, self.clock = run, device, clock
        self.stopped, self.say, self.show = stopped, say, show
        self.config, self.objective = run.job.config, run.prepared.objective
        self.budget, self._started = budget, clock()
        self.trials: list[Trial] = []
        self.interrupted = False
        self.kernel = "torch"
        """What computed the last stack; all have the same settings of it."""
        self._paces: dict[str, Pace] = {}
        self._last: Pace | None = None
        """That of the round before."""
        self.first: Plan | None = None
        """The first round, once it is over, with the epochs that it had."""

    @property
    def seconds(self) -> float:
        """Used so far."""
        return self.clock() - self._started

    @property
    def left(self) -> float:
        """Seconds that networks may still be trained."""
        return (1 - RESERVE) * self.budget - self.seconds

    def found(self) -> Found:
        """Train until the time is over, and keep what predicts best together."""
        model, optimizer = self.config.model, self.config.optimizer
        require_true_derivatives(model.activations, self.objective.loss, optimizer)
        apart = [change for change in APART if differs(change, self.config.vary)]
        rounds, ended = 0, f"{MOST_ROUNDS} rounds are over"
        while rounds < MOST_ROUNDS:
            change = apart[rounds % len(apart)]
            pace = self._pace(change)
            plan = self._plan(change, pace)
            if plan is None:
                ended = ""
                break
            rounds += 1
            self.say(plan, rounds)
            done = Round(self, rounds, plan, pace)
            done.train(self._begun(plan.networks, change))
            self.first, self._last = self.first or done.plan, pace
            forget_worst(self.trials)
            if self.interrupted:
                ended = INTERRUPTED
                break
            if all(trial.outputs is None for trial in self.trials):
                ended = "every network diverged"
                break
        most = LARGEST_ENSEMBLE if "ensemble" in self.config.vary else self.config.ensemble
        found = kept(self.trials, self.run.dataset.val, self.objective, most)
        return Found(found, self.trials, rounds, self.seconds, ended, self.kernel)

    def _config(self, *changes: Change) -> tuple[Config, dict[str, object]]:
        """The run's configuration with some changes, and the values that are others.

        Changes that do not fit the rest are left out.
        """
        rows = len(self.run.dataset.train)
        values, found = self.run.job.values, dict[str, object]()
        for change in changes:
            more = changed({**values}, change, self.config.vary, rows=rows)
            try:
                config_with(values, {**found, **more})
            except UserError:
                continue
            found |= more
        return config_with(values, found), found

    def _begun(self, count: int, apart: Change) -> list[Trial]:
        """So many new trials: first settings that did best so far, then those of the table."""
        done = sorted((trial for trial in self.trials if trial.finished), key=lambda t: t.loss)
        together = [*(trial.together for trial in done[:FINALISTS]), *TOGETHER][:count]
        begun = []
        for change in together:
            number = len(self.trials)
            config, changes = self._config(apart, change)
            config = replace(config, seed=derived_seed(self.config.seed, number), ensemble=1)
            progress = Progress(EarlyStopping(), self.run.progress.origin)
            trial = Trial(number, config, change, changes, progress)
            self.trials.append(trial)
            begun.append(trial)
        return begun

    def _plan(self, apart: Change, pace: Pace) -> Plan | None:
        config, _ = self._config(apart)
        return planned(
            *(self.left, pace, config.epochs),
            shorter="epochs" in config.vary,
            most=self._most(config),
            before=self.first,
        )

    def _most(self, config: Config) -> int:
        """Networks of a stack that there is memory for."""
        summary = self.run.prepared.summary
        batch = config.batch_size if isinstance(config.batch_size, int) else summary.rows["train"]
        sizes, embedding = summary.sizes(config), summary.embedding(config)
        single = training_bytes(
            *(sizes, batch, config.dtype, embedding),
            normalisation=config.model.normalisation,
            activations=config.model.activations,
        )
        return max(1, min(ROUND[0], int(MEMORY_SHARE * free_memory() / single)))

    def _pace(self, apart: Change) -> Pace:
        """Seconds of an epoch, from a few steps of one network and of several; found once."""
        key = repr(apart)
        if key not in self._paces:
            config, _ = self._config(apart)
            one = self._timed(config, 1)
            if self._most(config) < PACE_NETWORKS or one > self.left / 2:
                self._paces[key] = Pace(0.0, one)
            else:
                several = self._timed(config, PACE_NETWORKS)
                self._paces[key] = Pace.measured(one, several, PACE_NETWORKS)
            if self._last is not None:
                self._paces[key].begin_with(self._last.factor)
        return self._paces[key]

    def _timed(self, config: Config, networks: int) -> float:
        """Seconds of an epoch of so many networks, by steps on some of the rows."""
        whole = self.run.dataset
        rows = len(whole.train)
        some = rows
        if isinstance(config.batch_size, int):
            some = min(rows, PACE_STEPS * config.batch_size)
        val = whole.val.some(math.ceil(len(whole.val) * some / rows))
        dataset = Dataset(whole.train.some(some), val, whole.test, whole.schema)
        member = replace(member_of(config, dataset), epochs=1 + PACE_REPEATS)
        shared = replace(shared_settings(config, self.objective, self.device), ensemble=1)
        epochs = fit_monitored(Stack([member] * networks, shared))
        next(epochs, None)  # the first epoch also makes room for what the others use
        taken = [self.clock()]
        for _ in epochs:
            taken.append(self.clock())
            if taken[-1] - taken[0] > PACE_SHARE * self.budget:
                break
        seconds = [after - before for before, after in pairwise(taken)]
        return (median(seconds) if seconds else 0.0) * rows / some  # none: the first diverged


class Round:
    """A stack of trials on its way."""

    def __init__(self, search: Search, number: int, plan: Plan, pace: Pace) -> None:
        """The `number` counts from 1."""
        self.search, self.number, self.pace = search, number, pace
        self.begun = self.plan = plan
        self._available = search.left
        self._trials: Sequence[Trial] = ()

    def train(self, trials: Sequence[Trial]) -> None:
        """Train the trials; each has its network when it ends."""
        search, self._trials = self.search, trials
        epochs = MOST_EPOCHS if self.plan.epochs is None else self.plan.epochs
        shared = replace(
            shared_settings(trials[0].config, search.objective, search.device), ensemble=1
        )
        members = [
            replace(member_of(trial.config, search.run.dataset), epochs=epochs) for trial in trials
        ]
        stack, before = Stack(members, shared), search.clock()
        search.kernel = stack.kernel
        for epoch in fit_monitored(stack):
            now = search.clock()
            self._observe(epoch, stack, now - before)
            before = now
            self._adapt(epoch.epoch, stack)
            self._leave(epoch, stack)
            self._show(epoch, len(stack.ids))
            search.interrupted = search.stopped()
            if not stack.ids or search.interrupted or self._out_of_time(epoch.epoch, stack):
                break
        words = INTERRUPTED if search.interrupted else OUT_OF_TIME.format(search.budget)
        self._take(stack, dict.fromkeys(stack.ids, words))

    def _observe(self, epoch: EpochRecord, stack: Stack, seconds: float) -> None:
        self.pace.observe(len(stack.ids), seconds)

        def is_best(record: MemberRecord, own: float, _: int) -> bool:
            trial = self._trials[record.member]
            best = trial.progress.observe(record, own, trial.config.stop)
            trial.records.append((record, trial.progress.seconds))
            return best

        keep_best(replace(epoch, seconds=seconds), stack, is_best)

    def _adapt(self, epoch: int, stack: Stack) -> None:
        """Make trainings longer or shorter where epochs take another time than was expected.

        Only those that may be shorter, and are or are one: of many, some are dropped.
        """
        plan, config = self.plan, self._trials[0].config
        if config.epochs is None or plan.epochs is None or "epochs" not in config.vary:
            return
        networks = len(stack.ids)
        if not checked(plan, epoch) or (plan.epochs == config.epochs and networks > 1):
            return
        left = self.search.left
        epochs = adapted(plan, self.pace, epoch, networks, left=left, wanted=config.epochs)
        if epochs != plan.epochs:
            self.plan = replace(plan, epochs=epochs)
            stack.end_after(epochs)

    def _leave(self, epoch: EpochRecord, stack: Stack) -> None:
        """Take out whoever has ended, and then whoever is behind the others at a rung."""
        last = self.plan.epochs is not None and epoch.epoch >= self.plan.epochs
        ended: dict[int, str] = {}
        for record in epoch.members:
            progress = self._trials[record.member].progress
            if progress.diverged is not None:
                ended[record.member] = str(progress.diverged)
            elif progress.reason or last:
                ended[record.member] = progress.reason
        self._take(stack, ended)
        if stack.ids:
            scores = {
                record.member: place(record.monitored, self.search.config.stop.monitor)
                for record in epoch.members
                if record.member in stack.ids
            }
            ranked = sorted(scores, key=lambda member: (scores[member], member))
            out = ranked[self._going(epoch.epoch, len(ranked)) :]
            self._take(stack, dict.fromkeys(out, f"stopped by halving at epoch {epoch.epoch}"))

    def _going(self, epoch: int, networks: int) -> int:
        """How many of the networks go on: half of them where time would not be enough for all."""
        search, plan = self.search, self.plan
        if plan.epochs is None:
            used = 1 - search.left / self._available if self._available > 0 else 1.0
            halved = sum(used >= share for share in RUNGS)
            return max(min(FINALISTS, networks), min(networks, plan.networks >> halved))
        going = min(networks, plan.going(epoch))
        if going > 1 and checked(plan, epoch):
            needed = seconds_of(plan, self.pace, epoch, going)
            if needed > BEHIND * search.left:
                half = math.ceil(going / 2)
                return max(half, FINALISTS) if going > FINALISTS else half
        return going

    def _out_of_time(self, epoch: int, stack: Stack) -> bool:
        """Whether another epoch would end too late, or there is time for too few."""
        late = self.pace.epoch(len(stack.ids)) > self.search.left
        return late or adds_nothing(self.begun, self.plan.epochs, epoch, self.search.first)

    def _show(self, epoch: EpochRecord, networks: int) -> None:
        best = min((record.monitored["loss"] for record in epoch.members), default=math.nan)
        seconds = self.search.seconds
        standing = Standing(seconds, self.number, self.plan, epoch.epoch, networks, best)
        self.search.show(standing)

    def _take(self, stack: Stack, ended: Mapping[int, str]) -> None:
        """Keep the networks of those that have ended, and take them out of the stack."""
        search = self.search
        for member, reason in ended.items():
            trial = self._trials[member]
            trial.ended, own = reason, trial.progress
            trial.finished = reason == own.reason and own.diverged is None
            network = stack.best_network([stack.ids.index(member)])
            trial.take(network, search.run.dataset.val, search.objective)
        stack.retire(list(ended))
