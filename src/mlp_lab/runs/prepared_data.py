"""What is to be learnt: rows, parts and objective, settled before torch is loaded."""

import hashlib
import math
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlp_lab.config.recipe import Facts
from mlp_lab.config.schema import Config
from mlp_lab.data.columns import Column
from mlp_lab.data.config import DataConfig
from mlp_lab.data.encoded_cache import encoded_table, keep_note, key_of, note
from mlp_lab.data.loading import load_rows
from mlp_lab.data.preprocessing import EncodedData, Room, encode
from mlp_lab.data.rows import RawData
from mlp_lab.data.schema import Schema
from mlp_lab.data.splitting import split_rows
from mlp_lab.data.synthetic import SyntheticConfig
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.data_report import DataReport, data_report
from mlp_lab.data.tables.streaming import is_streamed
from mlp_lab.errors import UserError
from mlp_lab.metrics.choosing import reported, require_reported
from mlp_lab.network.embedding_plan import EmbeddedColumns, EmbeddingPlan
from mlp_lab.network.losses import COMPATIBLE_LOSSES, Objective, choose_objective
from mlp_lab.plain import read_as


@dataclass(frozen=True, slots=True)
class DataSummary:
    """What is known of prepared data without its rows; `rows` counts those of each part."""

    objective: Objective
    digest: str
    """A hash of what the data set holds, before it is cut."""
    overview: DataReport | None
    """What was understood of a table; None for other data."""
    rows: Mapping[str, int]
    columns: EmbeddedColumns
    task: str
    outputs: int
    on_disk: bool = False
    """Whether its encoded rows lie in a file, which only runs on the same rows share."""

    @property
    def scores(self) -> list[str]:
        """What is reported of a network that learns it, and may choose."""
        objective = self.objective
        return reported(
            self.task,
            probabilities=objective.gives_probabilities(self.task),
            ordered=objective.output == "ordinal",
        )

    def embedding(self, config: Config) -> EmbeddingPlan | None:
        """How a network that learns it embeds its inputs."""
        return config.model.embedding_plan(self.columns)

    def sizes(self, config: Config) -> tuple[int, ...]:
        """Units of every layer of a network that learns it, inputs first, as they are embedded."""
        embedding = self.embedding(config)
        inputs = self.columns.inputs if embedding is None else embedding.outputs
        return (inputs, *config.model.widths, self.objective.pre_activations(self.outputs))


@dataclass(frozen=True, slots=True)
class PreparedData:
    """Encoded data, and an output and a loss that fit its task."""

    encoded: EncodedData
    objective: Objective
    digest: str
    overview: DataReport | None
    """As in `DataSummary`."""

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each part."""
        encoded = self.encoded
        return {"train": len(encoded.train), "val": len(encoded.val), "test": len(encoded.test)}

    @property
    def summary(self) -> DataSummary:
        """What stays of it when its rows are let go."""
        schema = self.encoded.schema
        columns = embedded_columns(schema)
        ends = schema.target.task, schema.target.outputs, self.encoded.train.files is not None
        return DataSummary(self.objective, self.digest, self.overview, self.rows, columns, *ends)

    def sizes(self, config: Config) -> tuple[int, ...]:
        """Units of every layer of a network that learns it, inputs first."""
        return self.summary.sizes(config)


def facts_of_rows(raw: RawData, data: DataConfig) -> Facts:
    """What there is to choose settings by."""
    of_levels = ("binary", "category", "multiple")
    numbers = sum(column.kind not in of_levels for column in raw.columns)
    rows = len(split_rows(raw, data).train)
    classes = max(len(column.levels) for column in raw.target_columns)
    return Facts(rows, numbers, len(raw.columns), classes)


def embedded_columns(schema: Schema) -> EmbeddedColumns:
    """Which inputs are numbers and which tell levels, for those who embed them."""
    numbers, levels = tuple(schema.number_inputs), tuple(schema.level_inputs)
    return EmbeddedColumns(numbers, levels, len(schema.names))


def prepare_data(config: Config) -> PreparedData:
    """Load, split and encode the data, and hold the settings against it.

    Raises:
        UserError: data and settings do not fit.
    """
    return PreparedDataCache().prepare_data(config)


@dataclass(frozen=True, slots=True)
class _Noted:
    """What is noted of a table that is read by columns, before it is encoded."""

    task: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class _About:
    """What is kept of such a table beside its encoded rows."""

    digest: str
    overview: DataReport


CUTTING = (
    *("test_fraction", "val_fraction", "folds", "fold", "repeat"),
    *("train_rows", "label_noise"),
    *("scaling", "quantiles", "quantile_noise", "binary_inputs"),
    *("target_transform", "class_weights"),
)
"""Settings of a data set on which its rows do not depend."""


class PreparedDataCache:
    """The data of several runs: loaded, split and encoded once for all runs on the same data."""

    def __init__(self, kept: float = math.inf) -> None:
        """Start empty. What was prepared last is kept, as far as it fits `kept` bytes."""
        self._kept, self._size = kept, 0
        self._rows: dict[str, tuple[RawData, Future[str]]] = {}
        self._prepared: dict[str, PreparedData] = {}
        self._summaries: dict[str, DataSummary] = {}
        self._facts: dict[str, Facts] = {}

    def prepare_data(self, config: Config) -> PreparedData:
        """As the function; the same object for runs on the same data, as long as it is kept."""
        key = self.key(config)
        if key not in self._prepared:
            self._prepared[key] = self._new(config)
            self._summaries[key] = self._prepared[key].summary
            self._size += self._prepared[key].encoded.nbytes
            self._forget()
        _require_batch(config, self._summaries[key])
        require_monitored(config, self._summaries[key])
        require_calibrated(config, self._summaries[key])
        return self._prepared[key]

    def summary(self, config: Config) -> DataSummary:
        """The summary of a run's data; its rows are split once for it, and may be dropped again.

        Raises:
            UserError: data and settings do not fit.
        """
        key = self.key(config)
        if key not in self._summaries:
            self.prepare_data(config)
        _require_batch(config, self._summaries[key])
        require_monitored(config, self._summaries[key])
        require_calibrated(config, self._summaries[key])
        return self._summaries[key]

    def facts(self, data: DataConfig) -> Facts:
        """What is known of a data set's rows; they are split for it.

        Raises:
            UserError: they cannot be loaded or split.
        """
        key = repr(data)
        if key not in self._facts:
            if isinstance(data, TableConfig) and self._is_read_by_columns(data):
                self._facts[key] = self._about_columns(data)[1].facts
            else:
                self._facts[key] = facts_of_rows(self._loaded(data)[0], data)
        return self._facts[key]

    def _is_read_by_columns(self, data: TableConfig) -> bool:
        return _rows_key(data) not in self._rows and is_streamed(data)

    def _about_columns(self, data: TableConfig) -> tuple[str, _Noted]:
        """The key of a table that is read by columns, and what settings are chosen by."""
        key = key_of(data)
        with suppress(UserError):
            return key, read_as(_Noted, note(key))
        raw = self._loaded(data)[0]
        found = _Noted(raw.task, facts_of_rows(raw, data))
        keep_note(key_of(data), asdict(found))
        return key, found

    @property
    def prepared(self) -> Mapping[str, PreparedData]:
        """Prepared data by key: as much as was kept."""
        return self._prepared

    def _forget(self) -> None:
        """Drop what was prepared first, where all together take too much."""
        while self._size > self._kept and len(self._prepared) > 1:
            self._size -= self._prepared.pop(next(iter(self._prepared))).encoded.nbytes
        while self._size > self._kept and len(self._rows) > 1:
            self._size -= self._rows.pop(next(iter(self._rows)))[0].nbytes

    @staticmethod
    def key(config: Config) -> str:
        """Everything that prepared data depends on."""
        return repr((config.data, config.model.output, config.loss, config.dtype))

    @staticmethod
    def source(data: DataConfig) -> str:
        """Everything that its rows depend on, before they are cut."""
        return _rows_key(data)

    def _new(self, config: Config) -> PreparedData:
        with np.errstate(over="ignore", invalid="ignore"):  # too large: refused in words
            if isinstance(config.data, TableConfig) and self._is_read_by_columns(config.data):
                return self._from_disk(config, config.data)
            return prepare_rows(config, *self._loaded(config.data))

    def _from_disk(self, config: Config, data: TableConfig) -> PreparedData:
        """Rows that lie encoded on disk, where they are put if need be."""
        key, noted = self._about_columns(data)
        objective = _objective(config, noted.task)

        def make(room: Room) -> tuple[EncodedData, dict[str, object]]:
            found = prepare_rows(config, *self._loaded(data), room=room)
            assert found.overview is not None
            return found.encoded, asdict(_About(found.digest, found.overview))

        encoded, about = encoded_table(f"{key}-{objective.output}-{config.dtype}", make)
        known = read_as(_About, about)
        return PreparedData(encoded, objective, known.digest, known.overview)

    def add_rows(self, data: DataConfig, raw: RawData) -> None:
        """Give it the rows of a data set that are in memory already, and in no file."""
        self._rows[_rows_key(data)] = raw, hashing(raw)
        self._size += raw.nbytes

    def _loaded(self, data: DataConfig) -> tuple[RawData, Future[str]]:
        """Rows before they are cut, and a hash of them to come."""
        key = _rows_key(data)
        if key not in self._rows:
            raw = load_rows(data)
            self.add_rows(data, raw)
        return self._rows[key]


def _rows_key(data: DataConfig) -> str:
    fixed = not isinstance(data, SyntheticConfig)  # others draw their rows by this seed, too
    cutting = (*CUTTING, *(["split_seed"] if fixed else []))
    names = [field.name for field in fields(data) if field.name not in cutting]
    return repr([(name, getattr(data, name)) for name in names])


def hashing(raw: RawData) -> Future[str]:
    """A hash of the rows, on a core of its own while they are cut and encoded."""
    pool = ThreadPoolExecutor(1)
    found = pool.submit(_digest, raw)
    pool.shutdown(wait=False)  # the thread ends with its task
    return found


def _digest(raw: RawData) -> str:
    """Column by column, as a table lies in memory: a copy of it would take longer than hashing."""
    found = hashlib.sha256(raw.fingerprint.encode())
    constraints = raw.constraints
    arrays: list[NDArray[Any] | None] = [*raw.inputs.T, raw.target, raw.weights]
    for array in (*arrays, constraints.parts, constraints.groups, constraints.times):
        found.update(b"none" if array is None else np.ascontiguousarray(array).data)
    if raw.design is not None and raw.design.strata is not None:
        found.update(np.ascontiguousarray(raw.design.strata).data)
    return found.hexdigest()


def _objective(config: Config, task: str) -> Objective:
    """Output and loss; where whole numbers were read as classes, as counts may be, it is said."""
    try:
        return choose_objective(task, config.model.output, config.loss)
    except UserError as error:
        data, of_numbers = config.data, COMPATIBLE_LOSSES["regression"].values()
        read = isinstance(data, TableConfig) and data.task == "auto" and task != "regression"
        if not read or not any(config.loss.name in losses for losses in of_numbers):
            raise
        more = "or data.task=regression, if its classes are numbers"
        raise UserError(f"{error}, {more}") from error


def prepare_rows(
    config: Config,
    raw: RawData,
    digest: Future[str],
    schema: Schema | None = None,
    room: Room | None = None,
) -> PreparedData:
    """Split and encode rows, and hold the settings against them; `digest` is a hash of the rows.

    `schema`: how to encode them, where that was settled before. `room` is where they go, if not
    into memory.

    Raises:
        UserError: data and settings do not fit.
    """
    objective = _objective(config, raw.task)
    if objective.output == "ordinal":
        require_order(raw.target_columns[0], config.data)
    split = split_rows(raw, config.data, first=schema is None)
    encoded = encode(
        raw, split, config.data, objective.output, config.dtype, schema=schema, room=room
    )
    _require_weight(encoded)
    seen = None if raw.source is None else data_report(raw, split, encoded.schema)
    return PreparedData(encoded, objective, digest.result(), seen)


def require_order(column: Column, data: DataConfig) -> None:
    """Raise unless the classes of a target are in an order: numbers, or as `data.levels` has them.

    Raises:
        UserError: they are words that nobody has put in order.
    """
    if isinstance(data, TableConfig) and column.name in data.levels:
        return
    codes = {label: code for code, label in column.labels.items()}
    numbers = [_number(codes.get(level, level)) for level in column.levels]
    if numbers == sorted(numbers) and all(map(math.isfinite, numbers)):
        return
    shown = ", ".join(column.levels[:4]) + ", …" * (len(column.levels) > 4)
    told = f"say it by data.levels.{column.name}=[…], or "
    hint = f"{told * isinstance(data, TableConfig)}use"
    raise UserError(
        f"loss=ordinal needs classes in an order, and those of {column.name} are words ({shown}):"
        f" {hint} loss=cce"
    )


def _number(text: str) -> float:
    """What a class's name says as a number; not a number if it is a word."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _require_batch(config: Config, summary: DataSummary) -> None:
    """Raise if a step would take more rows than there are."""
    rows = summary.rows["train"]
    if isinstance(config.batch_size, int) and config.batch_size > rows:
        raise UserError(
            f"batch_size must be at most the {rows} training rows, got {config.batch_size}:"
            " batch_size=full takes all of them"
        )


def require_calibrated(config: Config, summary: DataSummary) -> None:
    """Raise where `calibration=always` asks for what the outputs are not, or rows that are none.

    Raises:
        UserError: they are no probabilities, or those of an order, or a setting needs validation
            rows, and the column `data.part` names none.
    """
    if summary.rows["val"] == 0:
        part = config.data.part if isinstance(config.data, TableConfig) else None
        told = "the split leaves none" if part is None else f"data.part={part} names none"
        config.require_validation(told)
    if config.calibration != "always" or summary.objective.can_be_calibrated(summary.task):
        return
    raise UserError(
        "calibration=always needs sigmoid or softmax probabilities, but this task is"
        f" {summary.task} with {summary.objective.output} output: use auto"
    )


def require_monitored(config: Config, summary: DataSummary) -> None:
    """Raise unless each epoch of a run has the score by which its best one is chosen.

    Raises:
        UserError: it has no such score; the message says which it has.
    """
    require_reported(config.stop.monitor, "stop.monitor", summary.scores)


def _require_weight(encoded: EncodedData) -> None:
    """Raise if the rows of a part weigh nothing together."""
    for name, part in (("train", encoded.train), ("val", encoded.val), ("test", encoded.test)):
        if part.weights is not None and len(part) and not part.weights.any():
            raise UserError(f"data.weight is 0 in all {len(part)} {name} rows")
