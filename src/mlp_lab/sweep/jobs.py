"""The jobs of a sweep, checked before any of them is trained."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlp_lab.config.schema import Config
from mlp_lab.errors import UserError
from mlp_lab.network.architecture import count_parameters, linear_shapes
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.runs.job import INCIDENTAL, OF_READING, PATHS, Job, hashed, section, without
from mlp_lab.runs.preflight import require_machine, require_memory
from mlp_lab.runs.prepared_data import DataSummary, PreparedDataCache
from mlp_lab.version import __version__


@dataclass(frozen=True, slots=True)
class SweepJob:
    """A job with what training it together with others needs to know.

    `record`: files in .hydra/ -> what they say, as data for YAML; `data_key` names its data;
    `sizes` are its layers', `embedding` what comes before them.
    """

    number: int
    job: Job
    record: Mapping[str, object]
    data_key: str
    sizes: tuple[int, ...]
    embedding: EmbeddingPlan | None
    loss: str
    scores: Sequence[str]
    """What is reported of it, and may choose."""
    rows: int
    source: str
    """Settings that its rows depend on before they are cut, and a hash of what these hold."""
    digest: str
    identity: str
    group: str

    @property
    def parameters(self) -> int:
        """Numbers that it learns."""
        embedded = 0 if self.embedding is None else self.embedding.parameters
        model = self.job.config.model
        own = count_parameters(self.sizes, model.normalisation, model.activations)
        return (own + embedded) * self.networks

    @property
    def networks(self) -> int:
        """One, or those of an ensemble."""
        return self.job.config.ensemble

    @property
    def point(self) -> list[str]:
        """Its words in the grid: what the command line changed, without the command's options."""
        return [word for word in self.job.overrides if not word.startswith("--")]

    @property
    def label(self) -> str:
        """As a person knows it."""
        return f"job {self.number} ({' '.join(self.point)})"


def sweep_job(
    number: int,
    job: Job,
    record: Mapping[str, object],
    prepared_data: PreparedDataCache,
    *,
    here: bool = True,
) -> SweepJob:
    """Hold a job's settings against its data; and against this machine, if it is trained `here`.

    Raises:
        UserError: they do not fit.
    """
    config = job.config
    require_member(config)
    summary = prepared_data.summary(config)
    sizes = summary.sizes(config)
    if here:
        require_machine(config)
        require_memory(config, summary)
    return SweepJob(
        number=number,
        job=job,
        record=record,
        data_key=prepared_data.key(config),
        sizes=sizes,
        embedding=summary.embedding(config),
        loss=summary.objective.title,
        scores=summary.scores,
        rows=summary.rows["train"],
        source=prepared_data.source(config.data),
        digest=summary.digest,
        identity=identity(job.values, summary.digest),
        group=group_of(job, summary, sizes),
    )


def require_member(config: Config) -> None:
    """Raise if a job has a budget or several devices: jobs of a sweep share stacks, and so both.

    Raises:
        UserError: it has.
    """
    if config.budget is not None:
        raise UserError(
            f"budget={config.budget} is of one run, which tries settings by itself: leave it out of"
            " a sweep, a cross-validation or a search, or train one run"
        )
    if config.devices > 1:
        raise UserError(
            f"devices={config.devices} share one network out, and a sweep trains its networks side"
            " by side, on all that there is: leave it out"
        )


def identity(values: Mapping[str, object], data: str) -> str:
    """A hash of everything that a job's numbers depend on: settings, data and this package."""
    settings = without(values, (*INCIDENTAL, "data"))
    return hashed(settings, without(section(values, "data"), OF_READING), data, __version__)


def group_of(job: Job, summary: DataSummary, sizes: tuple[int, ...]) -> str:
    """What members of one stack must share."""
    config = job.config
    data = section(job.values, "data")
    source = [data.get(name) for name in ("name", *PATHS)]
    rule = (type(config.optimizer).__name__, config.optimizer.moments)
    shared = (
        config.ensemble,
        config.batch_size,
        config.gradient,
        config.kernel,
        config.dtype,
        config.autocast,
        config.device,
        config.threads,
    )
    ends = (sizes[0], sizes[-1], summary.task, summary.objective, config.data.target_transform)
    embedding = summary.embedding(config)
    model = config.model
    layers = model.activations, model.normalisation, model.residual
    rows = PreparedDataCache.key(config) if summary.on_disk else ""  # others would be copied
    return repr((source, layers, embedding, rule, shared, ends, rows))


def longest(jobs: Iterable[SweepJob]) -> int | None:
    """The most epochs that a job has; None where one has no limit, 0 of no jobs."""
    epochs = [job.job.config.epochs for job in jobs]
    known = [count for count in epochs if count is not None]
    return max(known, default=0) if len(known) == len(epochs) else None


EXPECTED_EPOCHS = 100
"""Of a training without a limit, by which its time is planned: nobody knows."""


def steps_of(job: SweepJob) -> int:
    """Updates of its weights over all epochs, or over those that are expected of it."""
    size = job.job.config.batch_size
    batch = size if isinstance(size, int) else job.rows
    epochs = job.job.config.epochs
    return -(-job.rows // batch) * (EXPECTED_EPOCHS if epochs is None else epochs)


def products(sizes: Sequence[int], activations: Sequence[str]) -> int:
    """Multiplications of a row's way forward; a gated layer has twice as many outputs as units.

    `activations`: of the hidden layers.
    """
    return sum(a * b for a, b in linear_shapes(sizes, activations))
