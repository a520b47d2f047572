"""One run from its configuration to its folder: a stack of one."""

import torch

from mlp_lab.data.dataset import Dataset
from mlp_lab.data.tables.printing import give_report
from mlp_lab.engine.device import prepare_torch
from mlp_lab.engine.records import EpochRecord
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import Interrupted
from mlp_lab.files import remove_leftovers
from mlp_lab.program import resume_command
from mlp_lab.runs.budget import train_within
from mlp_lab.runs.checkpoint import CheckpointTimer, load_checkpoint, save_beginning
from mlp_lab.runs.compiling import await_kernel
from mlp_lab.runs.console import ProgressLine, of_all, print_lines, print_result, say_beforehand
from mlp_lab.runs.finish import DatasetCache, FinishedRun, RunJudge, finish
from mlp_lab.runs.folder import CHECKPOINT, EVENTS, PAGE, RESULT, claim, write_config
from mlp_lab.runs.interruption import stop_requests
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run, build_stack
from mlp_lab.runs.preflight import why_ended
from mlp_lab.runs.prepared_data import PreparedData
from mlp_lab.runs.progress import Progress
from mlp_lab.runs.results import failure_recorded
from mlp_lab.runs.team import team_of
from mlp_lab.runs.torchrun import place_of_this
from mlp_lab.runs.training import Training
from mlp_lab.terminal import Screen


def run(job: Job, prepared: PreparedData, progress: Progress, judge: RunJudge) -> FinishedRun:
    """Train the network that a job describes; write down how it went and what it reached.

    Args:
        job: what to do, in a folder that no other process is in.
        prepared: its rows.
        progress: where it stands, as the preflight check found it.
        judge: says how it went.

    Raises:
        UserError: the machine lacks the device, or the folder is taken.
        Interrupted: Ctrl-C or SIGTERM; the run can be resumed.
    """
    config, folder = job.config, job.folder
    device = prepare_torch(device=config.device, threads=config.threads)
    dataset = Dataset.of(prepared.encoded, getattr(torch, config.dtype), device)
    one = Run(job, prepared, dataset, progress)
    console = Screen()
    await_kernel(one, device, console, quiet=config.quiet)
    if config.budget is None:
        then = f"; resume with: {resume_command(folder)}"
        with team_of(config, device, place_of_this(), then) as team:
            stack = build_stack({0: one}, device, team.ranks)
            begin(one, stack)
            with failure_recorded(folder), team.training(one, stack):
                finished = train(one, stack, judge, console)
    else:
        claim_folder(one)
        with failure_recorded(folder):
            one, finished = train_within(one, device, judge, console)
    if not config.quiet:
        if finished.termination.divergence is None:
            print_result(
                *(console, one.compared, one.result, one.verdict, folder),
                monitor=config.stop.monitor,
            )
        else:
            print_lines(console, one.verdict[1:])  # the first is the error, which stderr shows
    return finished


def begin(one: Run, stack: Stack) -> None:
    """Make the folder this run's own, or put the stack where its run stands.

    Raises:
        UserError: the folder is taken, or its checkpoint is not of this network.
    """
    job, folder = one.job, one.job.folder
    if job.config.resume is None:
        save_beginning(folder / CHECKPOINT, one.progress)
        claim_folder(one)
    else:
        _go_on(one, stack)
        if stack.epoch == 0:
            _give_overview(one)


def claim_folder(one: Run) -> None:
    """Make the folder this run's own, and say what was understood of its data.

    Raises:
        UserError: the folder is taken.
    """
    claim(one.job.folder, one.job.values)
    _give_overview(one)


def _give_overview(one: Run) -> None:
    if one.prepared.overview is not None:
        give_report(one.prepared.overview, one.job.folder, one.job.config.quiet)


def _go_on(one: Run, stack: Stack) -> None:
    job, folder = one.job, one.job.folder
    load_checkpoint(folder / CHECKPOINT, stack)
    if not why_ended(job.config, stack.epoch, one.progress):
        one.progress.reason = ""
    remove_leftovers(folder)
    past = [folder / RESULT, folder / PAGE]  # they say nothing of the run that goes on
    if stack.epoch == 0:
        past += folder.glob(EVENTS)
    for path in past:
        path.unlink(missing_ok=True)
    write_config(folder, job.values)


def train(one: Run, stack: Stack, judge: RunJudge, console: Screen) -> FinishedRun:
    """Train a stack of one to its end.

    Raises:
        Interrupted: somebody asked the run to stop before its last epoch.
    """
    config, folder, common = one.job.config, one.job.folder, DatasetCache()
    ended: list[FinishedRun] = []
    line = ProgressLine(console, config.epochs, stack.epoch, config.quiet, config.stop.monitor)
    say_beforehand(console, [one.job], quiet=config.quiet)

    def show(epoch: EpochRecord) -> None:
        (record,) = epoch.members
        if record.diverged is None:
            line.show(record)

    def end(run: Run, stack: Stack, position: int) -> None:
        line.close()
        ended.append(finish(run, stack, position, common, judge))

    training = Training(
        stack, {0: one}, folder / CHECKPOINT, CheckpointTimer(config.tracking.checkpoint_share), end
    )
    try:
        with stop_requests() as stop_requested:
            training.train(stop_requested, show)
    finally:
        line.close()
    if not ended:
        raise Interrupted(
            f"stopped after epoch {of_all(stack.epoch, config.epochs, ' of ')};"
            f" resume with: {resume_command(folder)}"
        )
    return ended[0]
