"""`sweep.engine`: who trains the stacks of a sweep, and how many processes they are planned for."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlp_lab.errors import UserError
from mlp_lab.formatting import counted
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.sweep.chunks import CLUSTER
from mlp_lab.sweep.cluster import ClusterScheduler, TaskShape
from mlp_lab.sweep.config import SweepConfig
from mlp_lab.sweep.engines import QUEUED, RUNNING, Engine, Queue
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.plan import StackPlan
from mlp_lab.sweep.ray_queue import RayQueue
from mlp_lab.sweep.scheduler import Scheduler
from mlp_lab.sweep.slurm import SlurmQueue
from mlp_lab.sweep.submitted import FILE, Submitted
from mlp_lab.sweep.task_plan import TaskPlan, task_count, task_plans
from mlp_lab.sweep.workers import Workers


@dataclass(slots=True)
class Place:
    """Where the stacks of a sweep train: its folder, and the processes of this machine or a task.

    `say`: prints a line.
    """

    sweep: Path
    settings: SweepConfig
    processes: int
    say: Callable[[str], None]
    _ray: RayQueue | None = None
    """One for all batches of a search."""

    def engine(
        self,
        jobs: Mapping[int, SweepJob],
        data: PreparedDataCache,
        workers: Workers,
        stacks: Sequence[StackPlan],
    ) -> Engine:
        """Who trains some jobs."""
        task = self.settings.task
        if task is None:
            return Scheduler(jobs, data, workers)
        shape = TaskShape(self.processes, task.minutes, task.most, self.settings.detach)
        seconds = {stack.number: stack.seconds for stack in stacks}
        queue = self._queue()
        return ClusterScheduler(jobs, self.sweep, queue, shape=shape, seconds=seconds, say=self.say)

    def _queue(self) -> Queue:
        if self.settings.engine == "slurm":
            return SlurmQueue(self.sweep, self.settings.slurm)
        self._ray = self._ray or RayQueue(self.sweep, self.settings.ray)
        return self._ray

    def close(self) -> None:
        """End what was started for the sweep alone."""
        if self._ray is not None:
            self._ray.close()

    def tasks(self, stacks: Sequence[StackPlan]) -> list[TaskPlan]:
        """What tasks of a cluster would train of some stacks."""
        return task_plans(stacks, self._task_count(stacks), self.processes)

    def _task_count(self, stacks: Sequence[StackPlan]) -> int:
        task = self.settings.task
        assert task is not None
        seconds = sum(stack.seconds for stack in stacks)
        return task_count(seconds, self.processes, task.minutes, task.most)

    def processes_for(self, whole: Callable[[], Sequence[StackPlan]]) -> int:
        """How many stacks train at the same time; `whole`: what one process would train."""
        if not self.settings.on_a_cluster:
            return self.processes
        return self._task_count(whole()) * self.processes


def require_no_tasks(sweep: Path, settings: SweepConfig) -> None:
    """Raise where tasks of a cluster may train in a sweep's folder, and this command would, too.

    Raises:
        UserError: they may, or what they are cannot be read.
    """
    tasks = Submitted.load(sweep).tasks
    if settings.engine == "slurm" or settings.dry_run or not tasks:
        return
    follow = f"follow them with sweep.engine=slurm sweep.resume={sweep}"
    if shutil.which("squeue") is None:
        raise UserError(
            f"the tasks of {sweep} were left to Slurm, which is not here: {follow} where it is, or"
            f" remove {sweep / CLUSTER / FILE} if they have ended"
        )
    queue = SlurmQueue(sweep, settings.slurm)
    states = queue.states()
    if states is None:
        raise UserError(f"Slurm does not say which tasks of {sweep} it has: try again later")
    alive = [name for name in tasks.values() if states.get(name) in (QUEUED, RUNNING)]
    if alive:
        raise UserError(
            f"{counted(len(alive), 'task')} of {sweep} wait or run on Slurm: {follow}, or end them:"
            f" scancel --name={queue.name}"
        )
