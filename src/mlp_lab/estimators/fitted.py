"""A network after its training in memory: its curves, its scores and its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Integral
from typing import Any, cast

import pandas as pd
import torch

from mlp_lab.config.schema import Config
from mlp_lab.data.arrays import Floats
from mlp_lab.engine.records import MemberRecord
from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.estimators.messages import KEYWORDS
from mlp_lab.metrics.effect import Effect
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.metrics.validation_record import ValidationRecord, usual_coverage
from mlp_lab.network.mlp import MLP
from mlp_lab.predictor import Predictor
from mlp_lab.report.diagnostics import MOST_EFFECTS, effects_of, importance, probable
from mlp_lab.runs.calibrating import by_temperature, calibration_of, rescored, with_scores
from mlp_lab.runs.calibration import PARTS, Calibration
from mlp_lab.runs.findings import Finding, Verdict
from mlp_lab.runs.finish import DatasetCache, FinishedRun, described
from mlp_lab.runs.member import Run
from mlp_lab.runs.results import environment
from mlp_lab.runs.scoring import (
    PartScores,
    Passes,
    score_model,
    scored,
    scores_of,
    scores_of_each,
    single_scores,
)
from mlp_lab.runs.termination import Termination
from mlp_lab.tracking.curves import Row
from mlp_lab.tracking.tracker import curve_row
from mlp_lab.verdict.advice import advised, changes_for, longer
from mlp_lab.verdict.judge import Judge, droppable
from mlp_lab.verdict.rules import judge

MOST_ROWS = 10_000
"""Training rows of which those are drawn that predictions are compared with."""


class Diverged(UserError):
    """The loss of a training was no longer finite."""


class WithoutRows(UserError, AttributeError):
    """A pickled network is asked for what takes its rows; as an attribute, it has none such."""


class Shared:
    """What runs on the same rows have in common, found once."""

    def __init__(self) -> None:
        self.datasets = DatasetCache()
        self.judge = Judge()


@dataclass(eq=False)
class Fitted:
    """A run that has ended; what takes time is found out when somebody asks for it.

    `network` is a stack of one at its best weights, `records` has its epochs and the seconds spent
    until each of them ended.
    """

    run: Run
    network: MLP
    records: Sequence[tuple[MemberRecord, float]]
    epochs: int
    device: torch.device
    kernel: str
    shared: Shared = field(default_factory=Shared)

    @property
    def config(self) -> Config:
        """What it was told."""
        return self.run.job.config

    @property
    def termination(self) -> Termination:
        """How it ended."""
        assert self.run.termination is not None
        return self.run.termination

    @property
    def or_error(self) -> Fitted | Diverged:
        """Itself, or what to raise where it diverged."""
        divergence = self.termination.divergence
        if divergence is None:
            return self
        return Diverged(str(divergence).replace("optimizer.", ""))

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights the network has; 0 is before the first step."""
        return self.run.progress.watch.best_epoch

    @property
    def rows(self) -> list[Row]:
        """Its epochs, as curves.csv has them."""
        return [curve_row(record, seconds) for record, seconds in self.records]

    @property
    def curves(self) -> pd.DataFrame:
        """A row for each epoch: losses and metrics of each part, learning rate, seconds."""
        return pd.DataFrame(self.rows).set_index("epoch")

    @property
    def compared(self) -> Predictor:
        """The same network, with the model without hidden layers, as far as rows are there."""
        kept = self.shared.datasets.linear_of(self.run) if self.has_rows else None
        if kept is not None and not self.predictor.baselines:
            self.predictor.add_baseline(kept)
        return self.predictor

    @cached_property
    def predictor(self) -> Predictor:
        """The network for new rows; in double precision, so that no batch changes a prediction."""
        objective = by_temperature(self.run.prepared.objective, self.calibration)
        network = self.network.plain(objective.temperature).cpu().double()
        val, schema = self.run.dataset.val, self.run.prepared.encoded.schema
        kept = ValidationRecord.of(scored(self.network, val, objective, schema.target))
        return Predictor(network, schema, objective, kept)

    @cached_property
    def calibration(self) -> Calibration | None:
        """What was found out of a temperature of its probabilities, before it was pickled."""
        setting = self.config.calibration if self.termination.divergence is None else "never"
        return calibration_of(self.passes, self.run.prepared.objective, setting)

    @cached_property
    def finished(self) -> FinishedRun:
        """What pictures are drawn of: validation and test rows are scored by its temperature."""
        objective = self.predictor.objective
        after = rescored(self.passes, objective)
        return FinishedRun(
            self.termination, self.run.dataset, self.network, objective, {**self.scored, **after}
        )

    @cached_property
    def passes(self) -> Passes:
        """Its passes over validation and test rows."""
        return Passes(self.network, self.run.dataset, self.run.prepared.objective)

    @cached_property
    def scored(self) -> Mapping[str, Predictions]:
        """Its outputs for every part."""
        self.require_rows()
        objective = self.run.prepared.objective
        return score_model(self.network, self.run.dataset, objective, self.passes)

    @property
    def training_inputs(self) -> Floats | None:
        """Encoded training rows, (N, D), some of them if they are many; none after pickling."""
        if not self.has_rows:
            return None
        return self.run.dataset.train.some(MOST_ROWS).inputs.double().cpu().numpy()

    def effects(self, columns: Sequence[str] | None, most: int) -> list[Effect]:
        """What columns, by default the most important ones, do to predictions of `most` rows.

        Raises:
            UserError: there is no such column, or it has no effect that can be shown.
        """
        self.require_rows()
        network, dataset, objective = self.network, self.run.dataset, self.predictor.objective
        require(isinstance(most, Integral), "rows", "a whole number", most)
        require(most >= 1, "rows", "1 or more", most)
        if not probable(self.scored["train"]):
            raise UserError("effects are of one target: a number, or probabilities of classes")
        known = [entry.column.name for entry in dataset.schema.inputs]
        if columns is None:
            worth = importance(network, dataset)
            names = known if worth is None else worth.columns
            found = effects_of(network, dataset, objective, names[:MOST_EFFECTS], most)
            return [] if found is None else found.columns
        for name in columns:
            require_choice(name, "column", known)
        found = effects_of(network, dataset, objective, columns, most)
        shown = {} if found is None else {own.column: own for own in found.columns}
        for name in columns:
            if name not in shown:
                raise UserError(f"column {name!r} has no effect to show: a date, or one value")
        return [shown[name] for name in columns]

    @cached_property
    def models(self) -> Mapping[str, PartScores]:
        """Scores of the network and of the baselines: model -> part -> scores."""
        self.require_rows()
        return {"network": self.own_scores, **self.shared.datasets.baselines_of(self.run)}

    @cached_property
    def own_scores(self) -> PartScores:
        """Scores of the network alone, which take no baseline to be fitted: part -> scores."""
        return scores_of(self.scored)

    def __getstate__(self) -> dict[str, object]:
        """Without the rows that it has learnt from: whoever gets a pickle must not get them, too.

        What was found out of them before it was pickled, it keeps.
        """
        gone = cast(Any, None)
        run = replace(self.run, prepared=gone, dataset=gone)
        rows = ("passes", "scored", "finished")
        kept = {name: value for name, value in vars(self).items() if name not in rows}
        return {**kept, "run": run, "predictor": self.predictor, "shared": Shared()}

    @property
    def has_rows(self) -> bool:
        """Whether the rows are there that it has learnt from; a pickle has none."""
        return cast(object, self.run.dataset) is not None

    def require_rows(self) -> None:
        """Raise where the rows are gone.

        Raises:
            WithoutRows: they are.
        """
        if not self.has_rows:
            raise WithoutRows(
                "a pickled network has no rows to be scored on: ask for scores_, baselines_ and"
                " verdict_, or save(folder), before it is pickled"
            )

    @property
    def scores(self) -> pd.DataFrame:
        """A row for each part that has rows: loss and metrics of the network."""
        return scores_table(self.own_scores)

    @cached_property
    def single(self) -> PartScores | None:
        """Of an ensemble, mean scores of its networks one by one."""
        self.require_rows()
        return single_scores(self.network, self.run.dataset, self.run.prepared.objective)

    @property
    def baselines(self) -> pd.DataFrame:
        """A row for each baseline and part that has rows: loss and metrics."""
        tables = {
            name: scores_table(parts) for name, parts in self.models.items() if name != "network"
        }
        return pd.concat(tables, names=["model"])

    @cached_property
    def verdict(self) -> Verdict:
        """How the training went, and what may mend it, in Python's keywords."""
        self.require_rows()
        self.run.models = dict(self.models)
        baselines = self.shared.datasets.validation_of(self.run)
        self.run.validation = {"network": self.scored["val"], **baselines}
        verdict = judge(self.shared.judge.evidence(self.run, self.network, self.rows))
        self.run.validation = {}  # a pickle must not have the rows
        leaks = droppable(self.run)
        return advised(verdict, lambda finding: advice(finding, self.config, leaks))

    def result(self, *, intervals: bool = True) -> dict[str, object]:
        """What result.json says of it; the test scores' `intervals` take most of the time."""
        self.require_rows()
        self.run.models, self.run.single = dict(self.models), self.single
        self.run.targets = scores_of_each(self.scored)
        if self.calibration is not None:
            parts = {name: self.finished.scored[name] for name in PARTS}
            own = self.calibration.temperature != 1
            self.run.calibration = with_scores(self.calibration, parts if own else {})
        found = self.scored["test"].intervals() if intervals else {}
        return described(
            self.run,
            self.network,
            self.epochs,
            intervals=found,
            coverage=usual_coverage(
                self.predictor.validation, self.scored["test"], self.predictor.objective
            ),
            verdict=self.verdict,
            surroundings=environment(self.device, self.kernel, self.run.job.config.devices),
        )


def scores_table(parts: Mapping[str, Scores]) -> pd.DataFrame:
    """A row for each part that has rows."""
    rows = {part: scores for part, scores in parts.items() if scores}
    return pd.DataFrame(rows).T.rename_axis("part")


def advice(finding: Finding, config: Config, leaks: Sequence[str]) -> str:
    """Settings that may mend what was found, as keywords; nothing where all is well."""
    met = [] if config.stop.seconds is None else ["seconds"]
    words = longer(finding, config, met) or changes_for(finding, config, leaks, by_key=True)
    pairs = [word.partition("=") for word in words]
    return ", ".join(
        f"{KEYWORDS.get(key, key)}={'None' if value == 'null' else value}"
        for key, _, value in pairs
    )
