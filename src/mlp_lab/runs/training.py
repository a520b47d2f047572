"""A stack of runs from its first epoch to its last: what is written, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlp_lab.engine.monitoring import fit_monitored
from mlp_lab.engine.records import EpochRecord, MemberRecord
from mlp_lab.engine.stack import Stack
from mlp_lab.files import settle
from mlp_lab.runs.checkpoint import CheckpointTimer
from mlp_lab.runs.folder import CHECKPOINT, CONFIG, MODEL, RESULT, SCHEMA
from mlp_lab.runs.member import Run, keep_best

LEFT = (CONFIG, CHECKPOINT, MODEL, SCHEMA, RESULT)
"""Files of a run that a power cut after its end must not take."""


@dataclass(slots=True)
class Training:
    """A stack, its runs by member, and where their common state is kept."""

    stack: Stack
    runs: Mapping[int, Run]
    checkpoint: Path
    clock: CheckpointTimer
    finish: Callable[[Run, Stack, int], None]
    """What to do with a run that ends, while it still has its position."""

    def train(
        self,
        stop_requested: Callable[[], bool],
        show: Callable[[EpochRecord], None],
        until: int | None = None,
    ) -> None:
        """Read the records of `fit` until every run has ended, or somebody asks to stop.

        The stack rests after the epoch `until`, if there is one. A run that ends is finished at
        once; its state, and that of all others, is on disk before its results are.
        """
        stack = self.stack
        going = [
            member for member in stack.ids if not self.runs[member].diverged_before(stack.epoch)
        ]
        try:
            self._leave(going)  # whoever had ended, and only its results were not written yet
            if until is not None and stack.epoch >= until:
                return
            for member in going:
                if self.runs[member].termination is None:
                    self.runs[member].open(stack.epoch)
            for epoch in fit_monitored(stack):
                self._observe(epoch)
                stops_here = stop_requested() or epoch.epoch == until
                if stops_here or self._must_save(epoch) or self.clock.due():
                    self._save()
                self._leave([record.member for record in epoch.members])
                show(epoch)
                if stops_here:
                    break
        finally:
            for run in self.runs.values():
                run.close()

    def _observe(self, epoch: EpochRecord) -> None:
        def is_best(record: MemberRecord, seconds: float, position: int) -> bool:
            return self.runs[record.member].observe(record, seconds, self.stack, position)

        keep_best(epoch, self.stack, is_best)

    def _must_save(self, epoch: EpochRecord) -> bool:
        """Whether a run ends that could have gone on."""
        runs = [self.runs[record.member] for record in epoch.members]
        ends = [run for run in runs if run.ended(epoch.epoch) is not None]
        return any(run.progress.diverged is None for run in ends)

    def _save(self) -> None:
        runs = {member: self.runs[member] for member in self.stack.ids}
        progress = {member: run.progress for member, run in runs.items()}
        trackers = [run.tracker for run in runs.values() if run.tracker is not None]
        files = [path for tracker in trackers for path in tracker.paths]
        files += [run.job.folder / CONFIG for run in runs.values()]  # none goes on without it
        self.clock.save(self.checkpoint, self.stack, progress, before=files)

    def _leave(self, members: list[int]) -> None:
        """Finish those of the members that have ended; the diverged keep their place.

        What they leave is on disk before a checkpoint forgets them.
        """
        stack = self.stack
        leaving, folders = [], []
        for member in members:
            run = self.runs[member]
            termination = run.ended(stack.epoch)
            if termination is None or run.termination is not None:
                continue
            run.termination = termination
            if run.tracker is None:
                run.open(stack.epoch)
            self.finish(run, stack, stack.ids.index(member))
            run.close()
            folders.append(run.job.folder)
            if termination.divergence is None:
                leaving.append(member)
        settle(folder / name for folder in folders for name in LEFT)
        stack.retire(leaving)
