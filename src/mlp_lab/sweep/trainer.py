"""A stack of jobs in a worker process: each ends as the ordinary run that it is."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

from mlp_lab.data.dataset import Dataset
from mlp_lab.data.tables.printing import give_report
from mlp_lab.engine.device import prepare_torch
from mlp_lab.engine.records import EpochRecord
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError
from mlp_lab.files import appended, is_full, remove_leftovers
from mlp_lab.runs.checkpoint import CheckpointTimer, load_checkpoint, save_member
from mlp_lab.runs.finish import DatasetCache, FinishedRun, finish
from mlp_lab.runs.folder import (
    CHECKPOINT,
    CONFIG,
    EVENTS,
    LOG,
    RESULT,
    claim,
    to_yaml,
    write_config,
    write_record,
)
from mlp_lab.runs.member import Run, build_stack
from mlp_lab.runs.results import failure_recorded, record_failure
from mlp_lab.runs.shared_baselines import SharedBaselines
from mlp_lab.runs.training import Training
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.messages import (
    Ended,
    Epoch,
    Failed,
    Full,
    Idle,
    Message,
    StackRequest,
    in_one_line,
)
from mlp_lab.verdict.judge import Judge

Send = Callable[[Message], None]


class Trainer:
    """Trains stacks one after the other; what they share is loaded once."""

    def __init__(
        self, send: Send, stop_requested: Callable[[], bool], shared: Path | None = None
    ) -> None:
        """`stop_requested` says whether to stop after the epoch at hand; `shared` as of `work`."""
        self._send = send
        self._stop_requested = stop_requested
        self._datasets: dict[str, Dataset] = {}
        self._shared = None if shared is None else SharedBaselines(shared)
        self._common = DatasetCache(self._shared)
        self._judge = Judge()

    def train(self, request: StackRequest) -> None:
        """Train a stack to its end; whatever happens to it, each of its jobs is accounted for."""
        own = {job.number for job in request.own}
        unended = {k: job.number for k, job in enumerate(request.jobs) if job.number in own}
        try:
            self._train(request, unended)
        except Exception as error:
            reason = in_one_line(error)
            if is_full(error):
                self._send(Full(reason))
                unended.clear()
            for member, number in unended.items():
                record_failure(request.jobs[member].job.folder, UserError(reason))
                _log(request.jobs[member], reason)
                self._send(Failed(number, reason))
        self._send(Idle(self._stop_requested()))

    def _train(self, request: StackRequest, unended: dict[int, int]) -> None:
        """Train a stack; `unended` (member -> number of its job) loses each job that ends."""
        config = request.jobs[0].job.config
        device = prepare_torch(device=config.device, threads=config.threads)
        self._load(request, getattr(torch, config.dtype), device)
        runs = {
            member: Run.fresh(
                job.job, request.prepared_data[job.data_key], self._datasets[job.data_key]
            )
            for member, job in enumerate(request.jobs)
        }
        stack = build_stack(runs, device)
        if request.checkpoint.exists():
            self._resume(request, runs, stack, unended)
        else:
            stack.retire(self._begin(request, runs, unended))
        stack.retire([k for k in stack.ids if request.jobs[k].number in request.elsewhere])
        for member in stack.ids:
            progress = runs[member].progress
            stopped = request.eliminated.get(request.jobs[member].number, "")
            progress.reason = progress.reason or stopped

        def end(run: Run, stack: Stack, position: int) -> None:
            member = stack.ids[position]
            self._end(run, stack, position, request.jobs[member], reports=request.reports)
            del unended[member]

        def show(epoch: EpochRecord) -> None:
            self._send(Epoch(request.stack, epoch.epoch))

        share = config.tracking.checkpoint_share
        training = Training(stack, runs, request.checkpoint, CheckpointTimer(share), end)
        training.train(self._stop_requested, show, request.until)
        if not unended:
            request.checkpoint.unlink(missing_ok=True)

    def _load(self, request: StackRequest, dtype: torch.dtype, device: torch.device) -> None:
        """Put the request's rows on the device, and forget those that it does not need."""
        if request.prepared_data.keys() != self._datasets.keys():
            kept = self._datasets
            self._datasets = {
                key: kept[key] if key in kept else Dataset.of(prepared.encoded, dtype, device)
                for key, prepared in request.prepared_data.items()
            }
            self._common, self._judge = DatasetCache(self._shared), Judge()

    @staticmethod
    def _resume(
        request: StackRequest, runs: dict[int, Run], stack: Stack, unended: dict[int, int]
    ) -> None:
        """Put the stack and its runs where its checkpoint was written."""
        for member, progress in load_checkpoint(request.checkpoint, stack).items():
            runs[member].progress = progress
        for member in list(unended):
            remove_leftovers(request.jobs[member].job.folder)
            if member not in stack.ids or runs[member].diverged_before(stack.epoch):
                del unended[member]  # its results are written

    def _begin(
        self, request: StackRequest, runs: dict[int, Run], unended: dict[int, int]
    ) -> list[int]:
        """Make every job's folder; the members whose folder cannot be made."""
        failed = []
        for member, job in [(member, request.jobs[member]) for member in unended]:
            try:
                _begin(job, runs[member])
            except (UserError, OSError) as error:
                if is_full(error):
                    raise
                self._send(Failed(job.number, in_one_line(error)))
                failed.append(member)
                del unended[member]
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
            if is_full(error):  # resuming ends it again, from its stack's checkpoint
                (folder / RESULT).unlink(missing_ok=True)
                raise
            reason = in_one_line(error)
            _log(job, reason)
            self._send(Failed(job.number, reason))
            return
        reason = ""
        if run.termination is not None and run.termination.divergence is not None:
            reason = str(run.termination.divergence)
            _log(job, reason)
        self._send(Ended(job.number, run.result, reason))


def _begin(job: SweepJob, run: Run) -> None:
    """Make a job's folder as Hydra would, and claim it for the run."""
    folder = job.job.folder
    write_record(folder, {name: to_yaml(content) for name, content in job.record.items()})
    if (folder / CONFIG).exists():
        # Of an attempt that failed, or ended before its first checkpoint.
        remove_leftovers(folder)
        write_config(folder, job.job.values)
        for stale in (folder / RESULT, *folder.glob(EVENTS)):
            stale.unlink(missing_ok=True)
    else:
        claim(folder, job.job.values)
    if run.prepared.overview is not None:
        give_report(run.prepared.overview, folder, quiet=True)


def _report(finished: FinishedRun, job: SweepJob) -> None:
    """Draw the page of a job, as a single run has it, but for what columns do."""
    from mlp_lab.report.diagnostics import report_run  # noqa: PLC0415
    from mlp_lab.report.page import write_report  # noqa: PLC0415  matplotlib: few sweeps draw here

    tensorboard = job.job.config.tracking.tensorboard
    folder = job.job.folder
    report_run(finished, folder, write_report, tensorboard=tensorboard, effects=False)


def _log(job: SweepJob, reason: str) -> None:
    """Write a line into train.log, as a single run does."""
    folder = job.job.folder
    if folder.is_dir():
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        with suppress(OSError), appended(folder / LOG) as file:  # a full disk may be the reason
            file.write(f"[{now}][ERROR] {reason}\n")
