"""Jobs -> stacks: who trains with whom.

Members of a stack cost a share of each step's dispatch and their padded size, so two kinds of
waste are weighed against each other: one more stack, or narrow members padded to wide ones. Jobs
of a group are sorted by size and cut where that costs least.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlp_lab.network.architecture import training_bytes
from mlp_lab.sweep.jobs import SweepJob, products, steps_of

DISPATCH = 75e-6
"""Seconds of a step for each layer of a stack, whatever it holds (benchmarks/step.py)."""

MEMBER = 6e-6
"""Seconds of a step for each layer of a member, however small."""

PRODUCT = 1 / 15e9
"""Seconds of a multiplication, three of which a weight needs for each row of a batch."""

UPDATE = 4e-9
"""Seconds of an optimizer's step for each parameter."""

FINE = 0.1
"""Share of a stack's time that dispatch may take where more stacks balance the load."""


@dataclass(frozen=True, slots=True)
class StackPlan:
    """Jobs that train together, their expected cost in seconds and their memory in bytes."""

    number: int
    jobs: tuple[int, ...]
    seconds: float
    memory: float


def plan(
    jobs: Sequence[SweepJob], *, processes: int, memory: float, members: int, first: int = 0
) -> list[StackPlan]:
    """Put every job into one stack, of at most `members` jobs and `memory` bytes.

    `processes` stacks train at the same time; there are as many if jobs allow it. The number of
    the first one is `first`.
    """
    groups: dict[str, list[SweepJob]] = {}
    for job in jobs:
        groups.setdefault(job.group, []).append(job)
    buckets = [bucket for group in groups.values() for bucket in _cut(group)]
    total = sum(cost(bucket) for bucket in buckets)
    stacks = []
    for bucket in buckets:
        fitting = max(1, int(memory // (size(bucket) / len(bucket))))
        most = max(1, members // bucket[0].networks)
        needed = math.ceil(len(bucket) / min(most, fitting))
        stacks += _split(bucket, max(needed, _stack_count(bucket, processes, total)))
    stacks.sort(key=lambda stack: -cost(stack))  # the longest first: the others fill the gaps
    return [stack_plan(first + i, stack) for i, stack in enumerate(stacks)]


def _stack_count(bucket: Sequence[SweepJob], processes: int, total: float) -> int:
    """Into how many stacks a bucket is cut, so that no process waits long for another.

    A bucket worth an eighth of a process's work is shared by all; one whose dispatch counts for
    little beside its members' products is cut twice as fine.
    """
    if processes == 1:  # nobody waits
        return 1
    whole = load(bucket)
    if 8 * processes * whole.seconds <= total:
        return 1
    fine = 2 * processes * whole.dispatch < FINE * whole.seconds
    return min(len(bucket), 2 * processes if fine else processes)


def stack_plan(number: int, stack: Sequence[SweepJob]) -> StackPlan:
    """What training some jobs together should take."""
    return StackPlan(number, tuple(job.number for job in stack), cost(stack), size(stack))


@dataclass(frozen=True, slots=True)
class Load:
    """What the cost of a stack depends on; its jobs have the same `activations`."""

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    rows: int
    steps: int
    longest: int

    @classmethod
    def of(cls, job: SweepJob) -> "Load":
        """A stack of one."""
        batch = job.job.config.batch_size
        rows = batch if isinstance(batch, int) else job.rows
        steps = steps_of(job)
        activations = tuple(job.job.config.model.activations)
        return cls(job.sizes, activations, rows, steps * job.networks, steps)

    def __add__(self, other: "Load") -> "Load":
        """A stack of both."""
        return Load(
            tuple(max(pair) for pair in zip(self.sizes, other.sizes, strict=True)),
            self.activations,
            max(self.rows, other.rows),
            self.steps + other.steps,
            max(self.longest, other.longest),
        )

    @property
    def dispatch(self) -> float:
        """Seconds of it that do not depend on its members."""
        return DISPATCH * (len(self.sizes) - 1) * self.longest

    @property
    def seconds(self) -> float:
        """That its training is expected to take."""
        layers = len(self.sizes) - 1
        weights = products(self.sizes, self.activations)
        member = MEMBER * layers + weights * (3 * self.rows * PRODUCT + UPDATE)
        return self.dispatch + member * self.steps


def load(stack: Sequence[SweepJob]) -> Load:
    """What the cost of a whole stack depends on."""
    first, *others = stack
    return sum((Load.of(job) for job in others), Load.of(first))


def cost(stack: Sequence[SweepJob]) -> float:
    """Seconds that a stack is expected to train."""
    return load(stack).seconds


def size(stack: Sequence[SweepJob]) -> float:
    """Bytes that a stack takes beside its rows."""
    whole = load(stack)
    first = stack[0]
    config = first.job.config
    own = training_bytes(
        *(whole.sizes, whole.rows, config.dtype, first.embedding),
        normalisation=config.model.normalisation,
        activations=config.model.activations,
    )
    return own * len(stack) * first.networks


def _cut(group: Sequence[SweepJob]) -> list[list[SweepJob]]:
    """Buckets of jobs of neighbouring sizes, of least cost together."""
    runs: dict[tuple[int, ...], list[SweepJob]] = {}
    activations = group[0].job.config.model.activations

    def from_small(job: SweepJob) -> tuple[int, tuple[int, ...], int]:
        return products(job.sizes, activations), job.sizes, job.number

    for job in sorted(group, key=from_small):
        runs.setdefault(job.sizes, []).append(job)
    alike = list(runs.values())
    loads = [load(run) for run in alike]
    best, start = [0.0], [0]
    for end in range(1, len(alike) + 1):
        costs: dict[int, float] = {}
        whole = loads[end - 1]
        for i in range(end - 1, -1, -1):
            whole = whole if i == end - 1 else whole + loads[i]
            costs[i] = best[i] + whole.seconds
        start.append(min(costs, key=costs.__getitem__))
        best.append(costs[start[end]])
    buckets, end = [], len(alike)
    while end:
        buckets.append([job for run in alike[start[end] : end] for job in run])
        end = start[end]
    return buckets


def _split(bucket: list[SweepJob], count: int) -> list[list[SweepJob]]:
    """So many stacks of about equally many members; neighbours stay together."""
    bounds = [round(i * len(bucket) / count) for i in range(count + 1)]
    return [bucket[a:b] for a, b in pairwise(bounds) if a < b]
