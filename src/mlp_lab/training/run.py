"""One run from its configuration to its folder: a stack of one."""

import os

import torch
from threadpoolctl import threadpool_limits

from mlp_lab.config import Config
from mlp_lab.data.dataset import Dataset
from mlp_lab.data.tables.printing import give_report
from mlp_lab.errors import Interrupted, UserError, require
from mlp_lab.terminal import Screen
from mlp_lab.training.checkpoints import CHECKPOINT, Clock, Progress, load_checkpoint
from mlp_lab.training.console import ProgressLine, print_result
from mlp_lab.training.fit import EpochRecord
from mlp_lab.training.folder import RESULT, claim, write_config
from mlp_lab.training.interruption import interruption
from mlp_lab.training.job import Job
from mlp_lab.training.lock import alone_in
from mlp_lab.training.problem import Problem
from mlp_lab.training.results import Ending, failure_recorded
from mlp_lab.training.runs import Common, Run, Training, build_stack, finish
from mlp_lab.training.stack import Stack
from mlp_lab.training.stopping import Watch


def run(job: Job, problem: Problem) -> Ending:
    """Train the network that a job describes; write down how it went and what it reached.

    Args:
        job: what to do, in a folder of its own unless the run goes on.
        problem: what to learn.

    Raises:
        UserError: the device is not there, the folder is taken, or nothing is left to do.
        Interrupted: Ctrl-C or SIGTERM; the run can go on later.
    """
    config, folder = job.config, job.folder
    device = prepare_torch(config)
    dataset = Dataset.of(problem.encoded, getattr(torch, config.dtype), device)
    one = Run(job, problem, dataset, Progress(Watch()))
    stack = build_stack({0: one}, device)
    with alone_in(folder):
        one.progress = begin(job, problem, stack)
        with failure_recorded(folder):
            console = Screen()
            ending = train(one, stack, console)
    if not config.quiet and ending.divergence is None:
        print_result(console, one.models, one.result, folder)
    return ending


def prepare_torch(config: Config) -> torch.device:
    """Set up this process for a run's device and threads.

    Raises:
        UserError: the machine does not have them.
    """
    device = choose_device(config.device)
    cores = os.cpu_count() or 1
    require(config.threads <= cores, "threads", f"at most the {cores} cores", config.threads)
    torch.set_num_threads(config.threads)
    threadpool_limits(config.threads)  # numpy's products too: two threads on a busy core wait
    torch.set_flush_denormal(True)  # decayed moments slow every step otherwise
    return device


def choose_device(name: str) -> torch.device:
    """`auto` takes a GPU where there is one.

    Raises:
        UserError: CUDA was asked for and is not there.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("device=cuda, but torch sees no CUDA device here: use device=cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def begin(job: Job, problem: Problem, stack: Stack) -> Progress:
    """Make the folder this run's own, or find out where its run stands."""
    config, folder = job.config, job.folder
    if config.resume is None:
        claim(folder, job.values)
        if problem.overview is not None:
            give_report(problem.overview, folder, config.quiet)
        return Progress(Watch())
    progress = load_checkpoint(folder / CHECKPOINT, stack)[0]
    if (folder / RESULT).exists():
        require_something_left(config, stack, progress)
        progress.reason = ""
        (folder / RESULT).unlink()  # it says nothing of the run that goes on
    write_config(folder, job.values)
    return progress


def require_something_left(config: Config, stack: Stack, progress: Progress) -> None:
    """Raise unless a resumed run has a reason to go on."""
    stop, watch = config.stop, progress.watch
    if stack.epoch >= config.epochs:
        raise UserError(
            f"resume={config.resume} has finished its {stack.epoch} epochs:"
            f" set epochs to more than {stack.epoch}"
        )
    if stop.patience is not None and watch.waited >= stop.patience:
        raise UserError(
            f"resume={config.resume} was stopped by stop.patience={stop.patience}:"
            f" set it above {watch.waited}, or to null"
        )
    if stop.weights_tol is not None and progress.change <= stop.weights_tol:
        raise UserError(
            f"resume={config.resume} was stopped by stop.weights_tol={stop.weights_tol:g}:"
            f" set it below {progress.change:.1e}, or to null"
        )
    if stop.seconds is not None and progress.seconds >= stop.seconds:
        raise UserError(
            f"resume={config.resume} has used its stop.seconds={stop.seconds:g}:"
            f" set it above {progress.seconds:.1f}, or to null"
        )


def train(one: Run, stack: Stack, console: Screen) -> Ending:
    """Train a stack of one to its end.

    Raises:
        Interrupted: somebody asked the run to stop before its last epoch.
    """
    config, folder, common = one.job.config, one.job.folder, Common()
    line = ProgressLine(console, config.epochs, stack.epoch, config.quiet)

    def show(epoch: EpochRecord) -> None:
        (record,) = epoch.members
        if record.diverged is None:
            line.show(record)

    def end(run: Run, stack: Stack, position: int) -> None:
        line.close()
        finish(run, stack, position, common)

    training = Training(
        stack, {0: one}, folder / CHECKPOINT, Clock(config.tracking.checkpoint_share), end
    )
    try:
        with interruption() as asked:
            training.train(asked, show)
    finally:
        line.close()
    if one.ending is None:
        raise Interrupted(
            f"stopped after epoch {stack.epoch} of {config.epochs};"
            f" go on with: python train.py resume={folder}"
        )
    return one.ending
