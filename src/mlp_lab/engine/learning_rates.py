"""Each member's learning rate: one for an epoch, or one for each of its steps."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mlp_lab.network.schedules import Schedule


class LearningRates:
    """The rates of the members of a stack in the epoch at hand, and what each had in which step.

    A schedule that changes in every step is evaluated once for all members that share it.

    Shape:
        - `rows`: (steps, K) in double precision, or (1, K) where no rate changes within an epoch
    """

    def __init__(
        self, rates: Sequence[float], schedules: Sequence[Schedule], steps: Sequence[int]
    ) -> None:
        """For each member: its rate without a schedule, its schedule, and its steps an epoch."""
        self._rates = torch.tensor(rates, dtype=torch.float64)
        self._schedules, self._steps = schedules, steps
        members = zip(schedules, steps, strict=True)
        self._shared = [(repr(each.config), each.epochs, count) for each, count in members]
        self._length = max(steps) if any(each.per_step for each in schedules) else 1
        self.rows = self._rates.view(1, -1)

    def begin_epoch(self, epoch: int) -> Tensor:
        """The `rows` of an epoch, counted from 0.

        Past its own steps, a member's are those of its last one: nobody takes them.
        """
        known: dict[tuple[str, int, int], list[float]] = {}
        columns = []
        for schedule, steps, shared in zip(self._schedules, self._steps, self._shared, strict=True):
            if not schedule.per_step:
                columns.append([schedule.factor(epoch)] * self._length)
                continue
            if shared not in known:
                taken = [schedule.factor(epoch + step / steps) for step in range(steps)]
                known[shared] = taken + taken[-1:] * (self._length - steps)
            columns.append(known[shared])
        factors = torch.tensor(columns, dtype=torch.float64)
        self.rows = (factors * self._rates.view(-1, 1)).t().contiguous()
        return self.rows

    def in_step(self, member: int, step: int) -> float:
        """A member's rate in a step of the epoch, counted from 1."""
        return self.rows[min(step, len(self.rows)) - 1, member].item()

    def last(self, member: int) -> float:
        """A member's rate in its last step of the epoch."""
        return self.in_step(member, self._steps[member])
