"""What this machine or the run folder refuses, found before torch is loaded."""

import math
import os
from dataclasses import replace
from functools import partial

from mlp_lab.config.schema import Config
from mlp_lab.engine.cuda import cuda_possible, no_autocast, no_cuda
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.errors import UserError, require
from mlp_lab.formatting import shown
from mlp_lab.network.architecture import count_parameters, training_bytes
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.runs.folder import CHECKPOINT, CONFIG, PAGE, holds_run, taken
from mlp_lab.runs.job import Job, section
from mlp_lab.runs.prepared_data import DataSummary, PreparedData
from mlp_lab.runs.progress import Origin, Progress, read_state
from mlp_lab.runs.result_file import result_of
from mlp_lab.tracking.curves import CURVES, require_epochs

USUAL_DEPTH = 3
"""Hidden layers of `model=deep`; a network of more may be too deep rather than too wide."""

DEEPEST_TRAINED = 1_000
"""Hidden layers; a step takes its time for each of them, however narrow it is."""


def require_possible(job: Job, prepared: PreparedData) -> Progress:
    """Where a run begins, or is resumed from.

    Raises:
        UserError: the machine cannot train it, the folder is taken, or nothing is left to do.
    """
    require_machine(job.config)
    require_memory(job.config, prepared.summary)
    require_rows(job.config, prepared.summary)
    if job.config.resume is not None:
        return _resumed(job, prepared)
    if holds_run(job.folder):
        raise taken(job.folder)
    return Progress(EarlyStopping(), Origin.of(job, prepared))


def require_machine(config: Config) -> None:
    """Raise unless this machine has the threads and the device that a run asks for."""
    cores = os.cpu_count() or 1
    require(config.threads <= cores, "threads", f"at most the {cores} cores", config.threads)
    if config.device == "cuda" and not cuda_possible():
        raise no_cuda()
    if config.autocast != "none" and not cuda_possible():
        raise no_autocast(config.autocast)


def require_rows(config: Config, data: DataSummary) -> None:
    """Raise unless there is a training row for each of the processes that share a batch out."""
    rows = data.rows["train"]
    rule = f"at most the {rows} training rows"
    require(config.devices <= rows, "devices", rule, config.devices)


def require_memory(config: Config, data: DataSummary) -> None:
    """Raise if a network that learns such data is too much for this machine."""
    batch = config.batch_size if isinstance(config.batch_size, int) else data.rows["train"]
    sizes, embedding = data.sizes(config), data.embedding(config)
    needs = partial(
        training_bytes,
        normalisation=config.model.normalisation,
        activations=config.model.activations,
    )
    single = needs(sizes, batch, config.dtype, embedding)
    together = config.ensemble if config.budget is None else 1  # a budget trains what there is room
    needed, installed = single * together, installed_memory()  # for
    if needed > installed and not (config.device != "cpu" and cuda_possible()):
        if single <= installed:
            fitting = int(installed / single)
            rule = f"at most {fitting:,}, which this machine has the memory to train"
            raise UserError(f"ensemble must be {rule}, got {config.ensemble:,}")
        if embedding is not None:
            unembedded = embedding.inputs, *sizes[1:]
            if needs(unembedded, batch, config.dtype) <= installed:
                raise _too_large(embedding, needed, installed)
        key = "model.depth" if _too_deep(config, sizes, batch, installed) else "model.width"
        value = config.model.depth if key == "model.depth" else config.model.width
        count = count_parameters(sizes, config.model.normalisation, config.model.activations)
        raise UserError(
            f"{key}={shown(value)} makes {count:,} parameters, which take"
            f" {needed / 2**30:,.0f} GiB to train; this machine has {installed / 2**30:.0f}:"
            f" use a smaller {key}"
        )
    rule = f"at most {DEEPEST_TRAINED:,} to be trained"
    require(config.model.depth <= DEEPEST_TRAINED, "model.depth", rule, config.model.depth)


def _too_large(plan: EmbeddingPlan, needed: float, installed: float) -> UserError:
    """What to say where the layers alone would fit, and not with what embeds their inputs."""
    columns = f"{len(plan.numbers):,} numbers and {len(plan.categories):,} categories"
    return UserError(
        f"with the embedding of {columns}, {plan.outputs:,} numbers for the first layer, the"
        f" network takes {needed / 2**30:,.0f} GiB to train; this machine has"
        f" {installed / 2**30:.0f}: use a smaller model.embedding_size or model.category_size, or"
        " fewer model.bins or model.frequencies"
    )


def _too_deep(config: Config, sizes: tuple[int, ...], batch: int, installed: float) -> bool:
    """Whether a network of as wide layers, but no more of them than usual, would fit."""
    model = config.model
    few = (sizes[0], *model.widths[:USUAL_DEPTH], sizes[-1])
    activations = model.activations[:USUAL_DEPTH]
    return training_bytes(few, batch, config.dtype, activations=activations) <= installed


def installed_memory() -> float:
    """Bytes of the machine's memory; infinitely many where the system does not say."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):
        return math.inf


def _resumed(job: Job, prepared: PreparedData) -> Progress:
    """Where the run in a folder stands; its command lines grow by this one."""
    config, folder = job.config, job.folder
    if config.budget is not None:
        raise UserError(
            f"resume={folder} had a budget of {config.budget}, and keeps no state to go on from:"
            " train a new run with a larger one"
        )
    state = read_state(folder / CHECKPOINT)
    if 0 not in state.progress or len(state.progress) > 1:
        raise UserError(f"{folder / CHECKPOINT} is that of a stack, not of one run")
    progress = state.progress[0]
    if state.epoch:
        require_epochs(folder / CURVES, state.epoch)
    now = Origin.of(job, prepared)
    if progress.origin.rows != now.rows:
        raise UserError(
            f"resume={folder}: the rows of {_rows_named(job)} have changed since it began:"
            " train a new run"
        )
    if progress.origin.settings != now.settings:
        raise UserError(
            f"resume={folder}: its {CONFIG} is not what it began with: undo the change, or train a"
            f" new run with --config-dir {folder} --config-name config"
        )
    ended = why_ended(config, state.epoch, progress)
    if ended and _complete(job):
        raise UserError(ended)
    words = [word for word in job.overrides if not word.startswith(("resume=", "--"))]
    typed_again = tuple(f"{word.partition('=')[0]}=" for word in words)
    kept = [word for word in progress.origin.overrides if not word.startswith(typed_again)]
    overrides = [*kept, *words]
    return replace(progress, origin=replace(now, overrides=overrides))


def _rows_named(job: Job) -> str:
    data = section(job.values, "data")
    return f"data.path={data['path']}" if "path" in data else f"data={data['name']}"


def _complete(job: Job) -> bool:
    """Whether a run that has ended left all that it should: it may have been killed meanwhile."""
    if result_of(job.folder).get("status", "failed") == "failed":
        return False
    return (job.folder / PAGE).is_file() or not job.config.tracking.report


def why_ended(config: Config, epoch: int, progress: Progress) -> str:
    """Why a run that is resumed would end at once, and what to set; or nothing."""
    stop, waited = config.stop, progress.watch.waited
    if epoch >= config.last_epoch:
        return (
            f"resume={config.resume} has finished its {epoch} epochs:"
            f" set epochs to more than {epoch}"
        )
    ended = f"resume={config.resume} ended after epoch {epoch}"
    met = stop.met(waited, progress.change, progress.seconds)
    if "patience" in met:
        without = ", or to null" if config.epochs is not None else ""
        return (
            f"{ended}, with no better {stop.monitor} in its last {waited} epochs:"
            f" set stop.patience above {waited}{without}"
        )
    if "weights_tol" in met:
        return (
            f"{ended}, which moved its weights by {progress.change:.1e} of their norm:"
            " set stop.weights_tol below that, or to null"
        )
    if "seconds" in met:
        return f"{ended} and {progress.seconds:.1f} s: set stop.seconds above that, or to null"
    return ""
