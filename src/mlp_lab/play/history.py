"""Earlier epochs of a page's networks, kept so that training can go on from any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from torch import Tensor

from mlp_lab.engine.stack import Stack
from mlp_lab.runs.checkpoint import changing_layers
from mlp_lab.runs.progress import Progress

MOST_BYTES = 64 * 2**20
"""Memory of all tensors that are kept."""

MOST = 2_000
"""Epochs that are kept: of a small network, what holds its tensors is larger than they are."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything that training changes, of every stack, between two epochs."""

    tensors: list[dict[str, Tensor]]
    schedules: list[list[tuple[float, float, int]]]
    diverged: list[list[bool]]
    progress: list[Progress]

    @classmethod
    def of(cls, stacks: Sequence[Stack], progress: Sequence[Progress]) -> Moment:
        """As it is now."""
        tensors = [
            {name: layers.flat.clone() for name, layers in changing_layers(stack).items()}
            for stack in stacks
        ]
        schedules = [
            [(entry.reduction, entry.best, entry.waited) for entry in stack.schedules]
            for stack in stacks
        ]
        diverged = [list(stack.diverged) for stack in stacks]
        return cls(tensors, schedules, diverged, [_copy(own) for own in progress])

    def put(self, epoch: int, stacks: Sequence[Stack]) -> list[Progress]:
        """Put stacks back; returns where each network stood."""
        for k, stack in enumerate(stacks):
            for name, layers in changing_layers(stack).items():
                layers.flat.copy_(self.tensors[k][name])
            for schedule, kept in zip(stack.schedules, self.schedules[k], strict=True):
                schedule.reduction, schedule.best, schedule.waited = kept
            stack.diverged = list(self.diverged[k])
            stack.start_at(epoch)
        return [_copy(own) for own in self.progress]

    @property
    def nbytes(self) -> int:
        """Memory of its tensors."""
        return sum(flat.nbytes for own in self.tensors for flat in own.values())


def _copy(progress: Progress) -> Progress:
    return replace(progress, watch=replace(progress.watch))


@dataclass(slots=True)
class History:
    """Epochs at even steps: where they take too much memory, every second one is let go."""

    most: int = MOST_BYTES
    moments: dict[int, Moment] = field(default_factory=dict)
    every: int = 1

    def keep(self, epoch: int, stacks: Sequence[Stack], progress: Sequence[Progress]) -> None:
        """Keep an epoch, if it is one of those that are kept."""
        if epoch % self.every:
            return
        self.moments[epoch] = Moment.of(stacks, progress)
        one = self.moments[epoch].nbytes
        while self._is_full(one):
            self.every *= 2
            self.moments = {k: kept for k, kept in self.moments.items() if k % self.every == 0}

    def _is_full(self, one: int) -> bool:
        count = len(self.moments)
        return count > 2 and (count > MOST or one * count > self.most)

    def at_or_before(self, epoch: int) -> int:
        """The last epoch that is kept, of those up to one; the beginning always is."""
        return max(kept for kept in self.moments if kept <= epoch)

    def forget_after(self, epoch: int) -> None:
        """Let later epochs go: another future begins."""
        self.moments = {k: kept for k, kept in self.moments.items() if k <= epoch}
