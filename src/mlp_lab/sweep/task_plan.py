"""Stacks -> tasks of a cluster: how many there are, what each trains, and what it should take."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlp_lab.sweep.plan import StackPlan


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """Stacks that one task trains, their expected seconds on all its cores, and bytes of memory."""

    stacks: tuple[int, ...]
    jobs: int
    seconds: float
    memory: float


def task_count(seconds: float, processes: int, minutes: float, most: int) -> int:
    """How many tasks share so much work, if each has some minutes of it on every process."""
    return max(1, min(most, math.ceil(seconds / (processes * minutes * 60))))


def divided(seconds: Mapping[int, float], count: int) -> list[list[int]]:
    """At most so many lists of stacks, of about equal expected seconds, the longest first."""
    parts: list[list[int]] = [[] for _ in range(min(count, len(seconds)))]
    loads = [0.0] * len(parts)
    for stack in sorted(seconds, key=lambda each: (-seconds[each], each)):
        lightest = loads.index(min(loads))
        parts[lightest].append(stack)
        loads[lightest] += seconds[stack]
    return parts


def task_plans(stacks: Sequence[StackPlan], count: int, processes: int) -> list[TaskPlan]:
    """What each of at most so many tasks trains, with so many processes side by side."""
    plans = {stack.number: stack for stack in stacks}
    found = []
    for part in divided({number: each.seconds for number, each in plans.items()}, count):
        own = [plans[number] for number in part]
        loads = divided({each.number: each.seconds for each in own}, processes)
        longest = max(sum(plans[number].seconds for number in load) for load in loads)
        together = sum(sorted(each.memory for each in own)[-processes:])
        jobs = sum(len(each.jobs) for each in own)
        found.append(TaskPlan(tuple(sorted(part)), jobs, longest, together))
    return found
