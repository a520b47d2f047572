"""A stack of jobs in a worker process: each ends as the ordinary run that it is."""

import time
from collections.abc import Callable

import torch

from mlp_lab.config.schema import explain
from mlp_lab.data.dataset import Dataset
from mlp_lab.data.tables.printing import give_report
from mlp_lab.engine.device import prepare_torch
from mlp_lab.engine.records import EpochRecord
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError
from mlp_lab.runs.checkpoint import Clock, load_checkpoint, save_member
from mlp_lab.runs.folder import CONFIG, RESULT, claim, to_yaml, write_config
from mlp_lab.runs.progress import CHECKPOINT
from mlp_lab.runs.results import failure_recorded, record_failure
from mlp_lab.runs.training import Common, Finished, Run, Training, build_stack, finish
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.messages import Ended, Epoch, Failed, Left, Message, Task
from mlp_lab.verdict.judge import Judge


def in_words(error: Exception) -> str:
    """One line for any error."""
    return explain(error) or f"{type(error).__name__}: {error}"


Send = Callable[[Message], None]


class Trainer:
    """Trains stacks one after the other; what they share is loaded once."""

    def __init__(self, send: Send, asked: Callable[[], bool]) -> None:
        """`asked` says whether to stop after the epoch at hand."""
        self._send = send
        self._asked = asked
        self._datasets: dict[str, Dataset] = {}
        self._common = Common()
        self._judge = Judge()

    def train(self, task: Task) -> None:
        """Train a stack to its end; whatever happens to it, each of its jobs is accounted for."""
        left = {
            member: job.number
            for member, job in enumerate(task.jobs)
            if job.number not in task.elsewhere
        }
        try:
            self._train(task, left)
        except Exception as error:
            reason = in_words(error)
            for member, number in left.items():
                record_failure(task.jobs[member].job.folder, UserError(reason))
                _log(task.jobs[member], reason)
                self._send(Failed(number, reason))
        self._send(Left())

    def _train(self, task: Task, left: dict[int, int]) -> None:
        config = task.jobs[0].job.config
        device = prepare_torch(device=config.device, threads=config.threads)
        self._load(task, getattr(torch, config.dtype), device)
        runs = {
            member: Run.fresh(job.job, task.problems[job.problem], self._datasets[job.problem])
            for member, job in enumerate(task.jobs)
        }
        stack = build_stack(runs, device)
        if task.checkpoint.exists():
            for member, progress in load_checkpoint(task.checkpoint, stack).items():
                runs[member].progress = progress
            for member in list(left):
                if member not in stack.ids or runs[member].diverged_before(stack.epoch):
                    del left[member]  # its results are written
        else:
            stack.retire(self._begin(task, runs, left))
        stack.retire([k for k in stack.ids if task.jobs[k].number in task.elsewhere])

        def end(run: Run, stack: Stack, position: int) -> None:
            member = stack.ids[position]
            self._end(run, stack, position, task.jobs[member], reports=task.reports)
            del left[member]

        def show(epoch: EpochRecord) -> None:
            self._send(Epoch(task.stack, epoch.epoch))

        for member in stack.ids:
            progress, reason = runs[member].progress, task.dropped.get(task.jobs[member].number)
            progress.reason = progress.reason or reason or ""
        share = config.tracking.checkpoint_share
        training = Training(stack, runs, task.checkpoint, Clock(share), end)
        training.train(self._asked, show, task.until)
        if not left:
            task.checkpoint.unlink(missing_ok=True)

    def _load(self, task: Task, dtype: torch.dtype, device: torch.device) -> None:
        """Put the task's rows on the device, and forget those that it does not need."""
        if task.problems.keys() != self._datasets.keys():
            kept = {key: self._datasets[key] for key in task.problems if key in self._datasets}
            self._datasets = {
                key: kept.get(key) or Dataset.of(problem.encoded, dtype, device)
                for key, problem in task.problems.items()
            }
            self._common, self._judge = Common(), Judge()

    def _begin(self, task: Task, runs: dict[int, Run], left: dict[int, int]) -> list[int]:
        """Make every job's folder; the members whose folder cannot be made."""
        failed = []
        for member, job in [(member, task.jobs[member]) for member in left]:
            try:
                _begin(job, runs[member])
            except (UserError, OSError) as error:
                self._send(Failed(job.number, in_words(error)))
                failed.append(member)
                del left[member]
        return failed

    def _end(self, run: Run, stack: Stack, position: int, job: SweepJob, *, reports: bool) -> None:
        folder = job.job.folder
        try:
            with failure_recorded(folder):
                if run.progress.diverged is None:
                    save_member(folder / CHECKPOINT, stack, position, run.progress)
                finished = finish(run, stack, position, self._common, self._judge)
                if reports and job.job.config.tracking.report:
                    _report(finished, job)
        except Exception as error:
            reason = in_words(error)
            _log(job, reason)
            self._send(Failed(job.number, reason))
            return
        reason = ""
        if run.ending is not None and run.ending.divergence is not None:
            reason = str(run.ending.divergence)
            _log(job, reason)
        self._send(Ended(job.number, run.result, reason))


def _begin(job: SweepJob, run: Run) -> None:
    """The folder as Hydra leaves it for a job, and the run's own claim on it."""
    folder = job.job.folder
    (folder / ".hydra").mkdir(parents=True, exist_ok=True)
    for name, content in job.record.items():
        text = content if isinstance(content, str) else to_yaml(content)
        (folder / ".hydra" / name).write_text(text, encoding="utf-8")
    if (folder / CONFIG).exists():
        # Of an attempt that failed, or ended before its first checkpoint.
        write_config(folder, job.job.values)
        for stale in (folder / RESULT, *folder.glob("events.out.tfevents.*")):
            stale.unlink(missing_ok=True)
    else:
        claim(folder, job.job.values)
    if run.problem.overview is not None:
        give_report(run.problem.overview, folder, quiet=True)


def _report(finished: Finished, job: SweepJob) -> None:
    """The page of a job, as a single run has it."""
    from mlp_lab.report.diagnostics import look_at, show_in_tensorboard
    from mlp_lab.report.page import write_report  # matplotlib

    folder = job.job.folder
    look_at(finished, folder)
    write_report(folder)
    if job.job.config.tracking.tensorboard:
        show_in_tensorboard(folder)


def _log(job: SweepJob, reason: str) -> None:
    """A line of train.log, as a single run's."""
    folder = job.job.folder
    if folder.is_dir():
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        with (folder / "train.log").open("a", encoding="utf-8") as file:
            file.write(f"[{now}][ERROR] {reason}\n")
