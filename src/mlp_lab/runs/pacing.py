"""How many networks a time is enough for, and for how long each of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from mlp_lab.config.schema import MOST_EPOCHS

Clock = Callable[[], float]
"""Seconds since some moment."""

ROUND = (16, 12, 8, 6)
"""Networks that begin together, of which the better half goes on twice; the most that fit."""

FINALISTS = 4
"""Networks of a round that are trained to the end, and those of one without halving."""

RUNGS = (1 / 3, 2 / 3)
"""Shares of a round's epochs after which half of the networks stop."""

SHORTENED = 1 / 3
"""Share of the epochs that a shorter training must have; fewer networks are trained rather."""

AGAIN = 2 / 3
"""Share of the first round's epochs that those of a later one must have, or they add nothing."""

FEWEST_EPOCHS = 4
"""Of a shorter training of several networks."""

EARLY = 1 / 3
"""Share of a round's epochs in which it may be given up: later on, what is trained is finished."""

BEHIND = 1.1
"""How much more than the time that is left a round may need before it is cut."""

CHECKS = 6
"""Times in a round at which networks are dropped, if it is behind its plan."""

OPEN_EPOCHS = 30
"""Epochs that a training without a limit is expected to take, to choose how many networks."""


@dataclass(slots=True)
class Pace:
    """Seconds of an epoch of K networks, `shared` + K `own`, times what epochs took beside that."""

    shared: float
    own: float
    spent: float = 0.0
    expected: float = 0.0

    @classmethod
    def measured(cls, one: float, several: float, count: int) -> Pace:
        """From an epoch of one network and one of `count` together."""
        own = max(0.0, several - one) / (count - 1)
        return cls(max(0.0, one - own), own)

    @property
    def factor(self) -> float:
        """What epochs took, as a multiple of what a few steps made expect."""
        return self.spent / self.expected if self.expected > 0 else 1.0

    def epoch(self, networks: int) -> float:
        """Seconds of an epoch of so many."""
        return self.factor * (self.shared + networks * self.own)

    def begin_with(self, factor: float) -> None:
        """Expect what epochs of other networks took: as one epoch counts, until there are some."""
        self.expected = self.shared + self.own
        self.spent = factor * self.expected

    def observe(self, networks: int, seconds: float) -> None:
        """Take note of what an epoch took."""
        self.spent += seconds
        self.expected += self.shared + networks * self.own


@dataclass(frozen=True, slots=True)
class Plan:
    """A round: networks that begin, the epochs of each, and after which how many go on.

    `epochs` None: as many as patience or the time allow.
    """

    networks: int
    epochs: int | None
    rungs: tuple[tuple[int, int], ...] = ()

    def going(self, epoch: int) -> int:
        """How many should be left after an epoch."""
        return min((left for at, left in self.rungs if at <= epoch), default=self.networks)


def checked(plan: Plan, epoch: int) -> bool:
    """Whether a round is held against its plan after an epoch: one alone may be slow by chance."""
    assert plan.epochs is not None
    return epoch % max(1, plan.epochs // CHECKS) == 0


def whole(networks: int, epochs: int) -> Plan:
    """A round with two rungs, or fewer where only few networks begin."""
    left, rungs = networks, []
    for share in RUNGS:
        half = max(FINALISTS, left // 2)
        at = round(share * epochs)
        if half < left and 1 <= at < epochs:
            rungs.append((at, half))
            left = half
    return Plan(networks, epochs, tuple(rungs))


def seconds_of(plan: Plan, pace: Pace, done: int = 0, networks: int | None = None) -> float:
    """What is left of a round after `done` epochs with so many `networks`."""
    assert plan.epochs is not None
    ends = [done, *(at for at, _ in plan.rungs if at > done), plan.epochs]
    going = plan.networks if networks is None else networks
    total = 0.0
    for begin, end in pairwise(ends):
        going = min(going, plan.going(begin)) if begin > done else going
        total += (end - begin) * pace.epoch(going)
    return total


def planned(
    left: float, pace: Pace, epochs: int | None, *, shorter: bool, most: int, before: Plan | None
) -> Plan | None:
    """The round that a time is enough for; None where it is for none that is worth it.

    There is always a first one. A later one has whole trainings, or about as long ones as the
    first has, and is no small part of all networks.

    Args:
        left: seconds.
        pace: seconds of an epoch.
        epochs: of each network; None: without a limit.
        shorter: whether they may be fewer.
        most: networks that there is memory for.
        before: the first round, once it is over.
    """
    if epochs is None:
        return _without_limit(left, pace, most) if before is None else None
    for networks in ROUND:
        plan = whole(networks, epochs)
        if networks <= most and seconds_of(plan, pace) <= left:
            return plan
    few = min(FINALISTS, most)
    for networks in range(few, 0, -1):
        if before is not None and networks < few and 2 * networks < before.networks:
            break  # a last few networks by themselves add nothing
        fitting = min(epochs, fitting_epochs(left, pace, networks))
        if fitting == epochs or (shorter and fitting >= enough_epochs(epochs, before)):
            return Plan(networks, fitting)
    if before is not None:
        return None
    return Plan(1, max(1, fitting_epochs(left, pace, 1)) if shorter else epochs)


def fitting_epochs(left: float, pace: Pace, networks: int) -> int:
    """Epochs of so many networks that a time is enough for."""
    seconds = pace.epoch(networks)
    return max(0, int(left / seconds)) if seconds else MOST_EPOCHS


def enough_epochs(epochs: int, before: Plan | None = None) -> float:
    """The least that a shorter training may have where `epochs` are wanted; `before` as above."""
    if before is None:
        return max(FEWEST_EPOCHS, SHORTENED * epochs)
    short = before.epochs is not None and before.epochs < epochs
    return max(FEWEST_EPOCHS, AGAIN * before.epochs) if short and before.epochs else epochs


def adapted(plan: Plan, pace: Pace, epoch: int, networks: int, *, left: float, wanted: int) -> int:
    """Epochs that a round without rungs had better have, once it has seen how long they take.

    Several networks are not trained shorter than is enough, if one of them can be trained for so
    long: some are dropped rather. In its second half a training is not made longer: its rate has
    fallen.

    Args:
        plan: of the round.
        pace: seconds of an epoch.
        epoch: that is over.
        networks: that are left.
        left: seconds.
        wanted: the most epochs.
    """
    assert plan.epochs is not None
    fitting = min(wanted, epoch + fitting_epochs(left, pace, networks))
    enough = math.ceil(min(plan.epochs, enough_epochs(wanted)))
    if networks > 1 and epoch + fitting_epochs(left, pace, 1) >= enough:
        fitting = max(fitting, enough)
    longer = fitting > BEHIND * plan.epochs and 2 * epoch <= plan.epochs
    return fitting if longer or fitting < plan.epochs else plan.epochs


def adds_nothing(begun: Plan, epochs: int | None, epoch: int, before: Plan | None) -> bool:
    """Whether a later round that is shortened had better end: early on, with few epochs left.

    Args:
        begun: its plan at its begin.
        epochs: that it still has time for, in all.
        epoch: that is over.
        before: the first round, once it is over.
    """
    if before is None or before.epochs is None or begun.epochs is None or epochs is None:
        return False
    return epochs < AGAIN * before.epochs and epoch <= EARLY * begun.epochs


def _without_limit(left: float, pace: Pace, most: int) -> Plan:
    """As many networks as could take some epochs each; rungs are found on the clock."""
    for networks in (*ROUND, *range(FINALISTS, 1, -1)):
        if networks <= most and OPEN_EPOCHS * pace.epoch(networks) <= left:
            return Plan(networks, None)
    return Plan(1, None)
