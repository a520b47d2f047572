"""A run that has ended, held against the rules: its evidence is gathered here."""

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch

from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.data_report import leak_in_words
from mlp_lab.engine.seeds import Stream, torch_generator
from mlp_lab.metrics.skill import explained
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.boosting import BOOSTING
from mlp_lab.runs.findings import Verdict
from mlp_lab.runs.member import Run
from mlp_lab.tracking.curves import Row
from mlp_lab.verdict.advice import decay_of
from mlp_lab.verdict.best_so_far import History, better_run, nothing_before, with_advice
from mlp_lab.verdict.changed_columns import changed_columns
from mlp_lab.verdict.evidence import GRADIENT_BOOSTING, Evidence
from mlp_lab.verdict.hidden_units import hidden_unit_statistics
from mlp_lab.verdict.measure import Measure
from mlp_lab.verdict.neighbours import NEIGHBOURS, neighbours_skill
from mlp_lab.verdict.residuals import neighbours_correlation, spread_of_counts
from mlp_lab.verdict.rules import judge

BLOCK = 1 << 16
"""Rows whose inputs are squared at once: all of them may be more than the memory holds."""

OUTERMOST = 0.02
"""Share of the rows whose squared deviations are looked at: of a normal distribution, 13 %."""

OF_DEVIATIONS = ("mse", "huber", "mae")
"""Losses of a number on which rows far from all others may decide, the less the later."""

TOLD_APART = 0.5
"""Distinct values of a number, by distinct rows, from which equal rows are no accident."""


class _Rows:
    """What is found out about the rows of a data set, each thing once, when somebody asks."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    @cached_property
    def neighbours(self) -> float:
        """As `neighbours_skill`."""
        return neighbours_skill(self.dataset)

    @cached_property
    def largest_input(self) -> float:
        """As the function, of the training rows."""
        return largest_input(self.dataset.train)

    @cached_property
    def outlying(self) -> float:
        """As the function, of the training rows."""
        return outlying(self.dataset.train)

    @cached_property
    def changed(self) -> dict[str, float]:
        """As `changed_columns`."""
        return changed_columns(self.dataset)


class Judge:
    """Judges runs; what it finds out about rows serves all runs on them."""

    def __init__(self, history: History = nothing_before) -> None:
        """`history` finds what was tried before on the same data."""
        self._rows: dict[int, _Rows] = {}
        self._history = history

    def __call__(self, run: Run, network: MLP, curves: Sequence[Row]) -> Verdict:
        """The verdict on a run that has ended and been scored, with commands to try.

        `network` is a stack of one, at the run's best weights; `curves` has its epochs.
        """
        evidence = self.evidence(run, network, curves)
        verdict, tried = judge(evidence), self._history(run.job, run.progress.origin.overrides)
        better = better_run(evidence, tried, Measure.of(run), run.prepared.objective.title)
        return with_advice(verdict, run, droppable(run), tried, better)

    def evidence(self, run: Run, network: MLP, curves: Sequence[Row]) -> Evidence:
        """What a run is judged by."""
        config, constant = run.job.config, run.models["constant"]
        watch, seconds = run.progress.watch, run.progress.seconds
        met = config.stop.met(watch.waited, run.progress.change, seconds)
        validated = bool(run.models["network"]["val"])
        measure, named = Measure.of(run), _baselines(run) if validated else []
        initial, rows = initial_network(run, network), self._rows_of(run.dataset)
        overview = run.prepared.overview
        alike, pairs = (0.0, 0) if is_shifted(run) else neighbours_correlation(run, network)
        return Evidence(
            divergence=None if run.termination is None else run.termination.divergence,
            train_loss=[row["train_loss"] for row in curves],
            val_loss=[row["val_loss"] for row in curves] if validated else [],
            constant={part: found["loss"] for part, found in constant.items() if found},
            train=measure.skill(run, "network", "train"),
            val=measure.skill(run, "network", "val") if validated else None,
            val_rows=measure.rows(run.dataset.val) if validated else 0,
            baselines=self._skills(run, measure) if validated else {},
            kept_d2={
                part: _d2(run, "network", part) for part, scores in constant.items() if scores
            },
            baselines_d2={_title(name): _d2(run, name, "val") for name in named},
            differences=_differences(run, measure) if validated else {},
            design_effect=_design_effect(run, measure) if validated else 1.0,
            steps=len(curves) * steps_of_an_epoch(run),
            kept=watch.best_epoch,
            measure=measure.title,
            constant_errors=measure.errors_of_constant(run),
            weight_decay=decay_of(config),
            early_stopping=config.stop.patience is not None,
            stopped_early="patience" in met,
            moved=moved(initial, network),
            test=measure.skill(run, "network", "test") if is_shifted(run) else None,
            test_rows=run.prepared.rows["test"],
            later=isinstance(config.data, TableConfig) and config.data.time is not None,
            changed=rows.changed if is_shifted(run) else {},
            largest_input=rows.largest_input,
            outlying=rows.outlying if run.prepared.objective.loss in OF_DEVIATIONS else 0.0,
            layers=hidden_unit_statistics(
                initial, network, run.dataset.train, run.prepared.objective
            ),
            leaks=suspected_leaks(run),
            copied=copied(run),
            spread=spread_of_counts(run) if validated else 0.0,
            uncommon=uncommon(run),
            alike=alike,
            pairs=pairs,
            in_order=overview.in_order if overview is not None else [],
        )

    def _skills(self, run: Run, measure: Measure) -> dict[str, float]:
        """Skill of every simple method on the validation rows."""
        found = {_title(name): measure.skill(run, name, "val") for name in _baselines(run)}
        if measure.of_neighbours:
            found[f"the {NEIGHBOURS} nearest neighbours"] = self._rows_of(run.dataset).neighbours
        return found

    def _rows_of(self, dataset: Dataset) -> _Rows:
        if id(dataset) not in self._rows:
            self._rows[id(dataset)] = _Rows(dataset)
        return self._rows[id(dataset)]


def _baselines(run: Run) -> list[str]:
    """Models beside the network and the constant."""
    return [name for name in run.models if name not in ("network", "constant")]


def _differences(run: Run, measure: Measure) -> dict[str, float]:
    """Standard errors of the network's lead over each baseline, unless it diverged."""
    if run.termination is None or run.termination.divergence is not None:
        return {}
    return {_title(name): error for name, error in measure.errors_of_differences(run).items()}


def _design_effect(run: Run, measure: Measure) -> float:
    """How much wider errors of scores are by the clusters of rows, unless it diverged."""
    if run.termination is None or run.termination.divergence is not None:
        return 1.0
    return measure.design_effect(run)


def _title(name: str) -> str:
    return GRADIENT_BOOSTING if name == BOOSTING else name


def _d2(run: Run, model: str, part: str) -> float:
    """D2 of a model on a part that has rows."""
    return explained(run.models[model][part], run.models["constant"][part])


def is_shifted(run: Run) -> bool:
    """Whether the test rows are others than those that the network was chosen by, not a sample."""
    data = run.job.config.data
    cut = isinstance(data, TableConfig) and (data.time or data.group or data.part or data.test_path)
    return bool(cut) and bool(run.models["network"]["test"])


def largest_input(part: Part) -> float:
    """The largest root mean square of an input over the rows of a part."""
    squares = sum(rows.double().square().sum(0) for rows in torch.split(part.inputs, BLOCK))
    return math.sqrt(float(torch.as_tensor(squares).max()) / len(part))


def outlying(part: Part) -> float:
    """Share of the squared deviations from the median that the outermost rows make.

    Of several targets the largest share; 0 where so few rows are less than one.
    """
    shares = []
    for target in part.targets.unbind(1):
        squares = (target - target.median()).double().square().sort().values
        few, total = round(OUTERMOST * len(squares)), float(squares.sum())
        shares.append(float(squares[-few:].sum()) / total if few and total else 0.0)
    return max(shares)


def steps_of_an_epoch(run: Run) -> int:
    """Updates in each pass over the training rows."""
    size = run.job.config.batch_size
    return 1 if isinstance(size, str) else math.ceil(run.prepared.rows["train"] / size)


def moved(initial: MLP, network: MLP) -> float:
    """|W - W before the first step| / |W before|, of an ensemble's first network."""
    before, now = initial.layers.like(), network.alone(0).layers.flat
    before.flat.copy_(initial.layers.flat)
    size = before.squared_norms().sum()
    before.flat.sub_(now)
    return math.sqrt(float(before.squared_norms().sum() / size))


def initial_network(run: Run, network: MLP) -> MLP:
    """A run's network as it was before its first step."""
    config = run.job.config
    initial = network.take([0])  # of an ensemble the first one: it is that of the plain seed
    initial.layers.flat.zero_()
    generator = torch_generator(config.seed, Stream.WEIGHTS)
    initial.initialise([config.model.init], [generator], [config.model.frequency_scale])
    return initial


def suspected_leaks(run: Run) -> list[str]:
    """What the data report suspects of target leakage, in words."""
    overview = run.prepared.overview
    if overview is None:
        return []
    target = "the target" if len(overview.targets) == 1 else "a target"
    return [leak_in_words(names, target) for names in overview.possible_leakage]


def copied(run: Run) -> float:
    """Share of the validation rows that training rows repeat; 0 where that may be by chance."""
    found = run.prepared.overview
    if found is None or not found.rows["val"] or found.distinct < TOLD_APART:
        return 0.0
    return found.copies["val"] / found.rows["val"]


def uncommon(run: Run) -> float:
    """Share of the validation rows given another class than the commonest, a mean over targets."""
    network, constant = (run.validation.get(name) for name in ("network", "constant"))
    if network is None or constant is None or not network.each[0].target.classes:
        return 0.0
    others = [
        own.target.decide(own.outputs) != one.target.decide(one.outputs)
        for own, one in zip(network.each, constant.each, strict=True)
    ]
    return float(np.mean(others)) if others[0].size else 0.0


def droppable(run: Run) -> list[str]:
    """Suspected columns that can be left out: some other column must stay."""
    return [] if run.prepared.overview is None else run.prepared.overview.droppable
