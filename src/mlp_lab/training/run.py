"""One run from its configuration to its folder: everything meets here, and nowhere else."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import yaml

from mlp_lab.config import Config
from mlp_lab.data.dataset import Dataset
from mlp_lab.data.tables.printing import give_report
from mlp_lab.errors import Interrupted, UserError, require
from mlp_lab.terminal import Screen
from mlp_lab.training.baselines import baselines
from mlp_lab.training.checkpoints import Clock, Progress, load_checkpoint
from mlp_lab.training.console import ProgressLine, print_result
from mlp_lab.training.files import write_whole
from mlp_lab.training.fit import fit
from mlp_lab.training.interruption import interruption
from mlp_lab.training.lock import alone_in
from mlp_lab.training.problem import Problem
from mlp_lab.training.results import (
    RESULT,
    Ending,
    describe_ending,
    environment,
    failure_recorded,
    score_models,
    write_results,
)
from mlp_lab.training.stack import Member, Shared, Stack
from mlp_lab.training.stopping import Watch
from mlp_lab.training.tracking import open_tracker


def run(
    config: Config,
    values: Mapping[str, object],
    problem: Problem,
    folder: Path,
    overrides: Sequence[str],
) -> Ending:
    """Train the network that `config` describes; write down how it went and what it reached.

    Args:
        config: what to do.
        values: the same as plain data, for config.yaml.
        problem: what to learn.
        folder: the run folder; its own alone, unless the run goes on.
        overrides: what the command line changed, for the record.

    Raises:
        UserError: the device is not there, the folder is taken, or nothing is left to do.
        Interrupted: Ctrl-C or SIGTERM; the run can go on later.
    """
    device = choose_device(config.device)
    cores = os.cpu_count() or 1
    require(config.threads <= cores, "threads", f"at most the {cores} cores", config.threads)
    torch.set_num_threads(config.threads)
    torch.set_flush_denormal(True)  # decayed moments slow every step otherwise
    dataset = Dataset.of(problem.encoded, getattr(torch, config.dtype), device)
    stack = build_stack(config, problem, dataset, device)
    with alone_in(folder):
        progress = begin(config, values, problem, folder, stack)
        with failure_recorded(folder):
            console = Screen()
            ending = train(config, stack, folder, progress, console)
            network = stack.best_network([0])
            rivals = baselines(dataset, problem.objective)
            scored = score_models({"network": network, **rivals}, dataset, problem.objective)
            models = {
                name: {part: rows.scores() for part, rows in parts.items()}
                for name, parts in scored.items()
            }
            result = {
                **describe_ending(ending, progress.watch.best_epoch, stack.epoch),
                "parameters": network.parameter_counts[0],
                "rows": problem.rows,
                **models["network"],
                "test_intervals": scored["network"]["test"].intervals(),
                "baselines": {name: models[name] for name in rivals},
                "seconds": round(progress.seconds, 3),
                "overrides": list(overrides),
                "environment": environment(device),
            }
            write_results(folder, network, dataset.schema, problem.objective, result)
    if not config.quiet and ending.divergence is None:
        print_result(console, models, result, folder)
    return ending


def begin(
    config: Config, values: Mapping[str, object], problem: Problem, folder: Path, stack: Stack
) -> Progress:
    """Make the folder this run's own, or find out where its run stands."""
    if config.resume is None:
        claim(folder, values)
        if problem.overview is not None:
            give_report(problem.overview, folder, config.quiet)
        return Progress(Watch())
    progress = load_checkpoint(folder, stack)
    if (folder / RESULT).exists():
        require_something_left(config, stack, progress)
        progress.reason = ""
        (folder / RESULT).unlink()  # it says nothing of the run that goes on
    write_config(folder, values)
    return progress


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


def build_stack(config: Config, problem: Problem, dataset: Dataset, device: torch.device) -> Stack:
    """A stack of one."""
    member = Member(
        dataset=dataset,
        widths=config.model.widths,
        dropout=config.model.dropout,
        init=config.model.init,
        seed=config.seed,
        epochs=config.epochs,
        optimizer=config.optimizer,
        schedule=config.schedule,
    )
    shared = Shared(
        activations=config.model.activations,
        objective=problem.objective,
        batch_size=config.batch_size if isinstance(config.batch_size, int) else None,
        gradient=config.gradient,
        dtype=getattr(torch, config.dtype),
        device=device,
    )
    return Stack([member], shared)


def claim(folder: Path, values: Mapping[str, object]) -> None:
    """Make the folder this run's own by creating its config.yaml.

    Raises:
        UserError: another run has it.
    """
    try:
        os.close(os.open(folder / "config.yaml", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        raise UserError(
            f"{folder} holds a run already, and runs are never overwritten: choose another folder,"
            f" or go on with resume={folder}"
        ) from None
    write_config(folder, values)


def write_config(folder: Path, values: Mapping[str, object]) -> None:
    """config.yaml, which runs again by itself."""
    content = yaml.safe_dump({"defaults": ["settings", "_self_"], **values}, sort_keys=False)
    header = f"# python train.py --config-dir {folder} --config-name config\n"
    write_whole(folder / "config.yaml", header + content)


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


def train(
    config: Config, stack: Stack, folder: Path, progress: Progress, console: Screen
) -> Ending:
    """Read the records of `fit`: write them down, keep the best weights, stop in time."""
    if progress.reason:  # it had stopped, and only its results were not written yet
        return Ending("stopped", progress.reason)
    line = ProgressLine(console, config.epochs, stack.epoch, config.quiet)
    checkpoints = Clock(config.tracking.checkpoint_share)
    ending = Ending("completed")
    with open_tracker(config.tracking, stack, folder) as tracker, interruption() as asked:
        try:
            for epoch in fit(stack):
                (record,) = epoch.members
                progress.seconds += epoch.seconds
                tracker.add(record, progress.seconds)
                if record.diverged is not None:
                    return Ending("diverged", divergence=record.diverged)
                if progress.watch.observe(record, config.stop.monitor, config.stop.min_delta):
                    stack.keep_best([0])
                line.show(record)
                progress.change = record.change
                progress.reason = progress.watch.reason_to_stop(
                    record, config.stop, progress.seconds
                )
                last = bool(progress.reason) or asked() or record.epoch == config.epochs
                if last or checkpoints.due():
                    tracker.flush()
                    checkpoints.save(folder, stack, progress)
                if progress.reason:
                    ending = Ending("stopped", progress.reason)
                if last:
                    break
        finally:
            line.close()
    if ending.status == "completed" and stack.epoch < config.epochs:
        raise Interrupted(
            f"stopped after epoch {stack.epoch} of {config.epochs};"
            f" go on with: python train.py resume={folder}"
        )
    return ending
