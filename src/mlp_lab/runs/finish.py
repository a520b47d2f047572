"""The end of a run: its best network scored and judged, and everything it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.stack import Stack
from mlp_lab.files import to_json
from mlp_lab.metrics.bootstrap import Intervals
from mlp_lab.metrics.coverage import Coverage
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.metrics.validation_record import ValidationRecord, usual_coverage
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.baselines import baselines, kept_model
from mlp_lab.runs.boosting import BOOSTING, boosting, is_wanted
from mlp_lab.runs.calibrating import by_temperature, calibration_of, rescored, with_scores
from mlp_lab.runs.findings import Verdict
from mlp_lab.runs.linear_baseline import KEY, LinearBaseline
from mlp_lab.runs.member import Run
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.runs.results import environment, write_results
from mlp_lab.runs.scoring import (
    PartScores,
    Passes,
    score_model,
    score_outputs,
    scores_of,
    scores_of_each,
    single_scores,
)
from mlp_lab.runs.shared_baselines import Scored, SharedBaselines
from mlp_lab.runs.termination import Termination, describe_termination
from mlp_lab.tracking.curves import CURVES, Row, read_curves

RunJudge = Callable[[Run, MLP, Sequence[Row]], Verdict]
"""Says how a run went, from its scores, its best network and its curves."""


class DatasetCache:
    """What runs on the same rows have in common, found once."""

    def __init__(self, shared: SharedBaselines | None = None) -> None:
        """Start with empty caches; `shared` with other processes, where there are any."""
        self._shared = shared
        self._baselines: dict[tuple[str, int, Objective], dict[str, Scored]] = {}
        self._schemas: dict[tuple[int, Objective], str] = {}

    def baselines_of(self, run: Run) -> dict[str, PartScores]:
        """Scores of what a run is held against: baseline -> part -> scores."""
        return {name: found.scores for name, found in self._scored(run).items()}

    def validation_of(self, run: Run) -> dict[str, Predictions]:
        """What the baselines predict for the validation rows."""
        return {name: found.val for name, found in self._scored(run).items()}

    def linear_of(self, run: Run) -> LinearBaseline | None:
        """The model without hidden layers, if it is kept."""
        return next((own.kept for own in self._scored(run).values() if own.kept is not None), None)

    def _scored(self, run: Run) -> dict[str, Scored]:
        """Every baseline that is wanted."""
        dataset, objective, config = run.dataset, run.prepared.objective, run.job.config
        found = self._once("linear", run, lambda: _linear(dataset, objective))
        if not is_wanted(config.tracking.boosting, config.data, len(dataset.train)):
            return found
        trees = self._once(BOOSTING, run, lambda: _trees(dataset, objective, config.threads))
        return found | trees

    def _once(
        self, kind: str, run: Run, find: Callable[[], dict[str, Scored]]
    ) -> dict[str, Scored]:
        """Baselines of a kind: for all runs on the same rows, and for other processes."""
        dataset, objective, config = run.dataset, run.prepared.objective, run.job.config
        key = kind, id(dataset), objective
        if key not in self._baselines:
            name = [kind, PreparedDataCache.key(config), config.device]
            self._baselines[key] = (
                find() if self._shared is None else self._shared.of(name, dataset, objective, find)
            )
        return self._baselines[key]

    def schema(self, run: Run) -> str:
        """What inputs and outputs mean, and the linear baseline, as JSON."""
        key = id(run.dataset), run.prepared.objective
        if key not in self._schemas:
            kept = self.linear_of(run)
            more = {} if kept is None else {KEY: kept.to_dict()}
            self._schemas[key] = to_json({**run.dataset.schema.to_dict(), **more})
        return self._schemas[key]


def _linear(dataset: Dataset, objective: Objective) -> dict[str, Scored]:
    """The networks without hidden layers."""
    return {
        name: Scored.of(score_model(model, dataset, objective), kept_model(name, model))
        for name, model in baselines(dataset, objective).items()
    }


def _trees(dataset: Dataset, objective: Objective, threads: int) -> dict[str, Scored]:
    """Gradient boosting, if it can be fitted."""
    fitted = boosting(dataset, objective, threads)
    if fitted is None:
        return {}
    return {BOOSTING: Scored.of(score_outputs(fitted.outputs, dataset, objective))}


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that has ended: its best network, a stack of one, and its outputs by part.

    `objective` has the temperature by which validation and test rows are `scored`, if there is one.
    """

    termination: Termination
    dataset: Dataset
    network: MLP
    objective: Objective
    scored: Mapping[str, Predictions]


def described(
    run: Run,
    network: MLP,
    epochs_run: int,
    *,
    intervals: Intervals,
    coverage: Coverage | None,
    verdict: Verdict,
    surroundings: Mapping[str, object],
) -> dict[str, object]:
    """What result.json says of a run that has ended, been scored and judged."""
    assert run.termination is not None
    return {
        **describe_termination(run.termination, run.progress.watch.best_epoch, epochs_run),
        "parameters": sum(network.parameter_counts),
        "output": run.prepared.objective.output,
        "loss": run.prepared.objective.title,
        "rows": run.prepared.rows,
        **run.models["network"],
        **({"targets": run.targets} if run.targets else {}),
        **({} if run.single is None else {"single_network": run.single}),
        **({} if run.calibration is None else {"calibration": run.calibration.to_dict()}),
        **({} if run.budget is None else {"budget": run.budget}),
        "test_intervals": intervals,
        **_resampled(run, intervals),
        **({} if coverage is None else {"interval": coverage.to_dict()}),
        "baselines": {name: scores for name, scores in run.models.items() if name != "network"},
        "verdict": verdict.to_dict(),
        "seconds": round(run.progress.seconds, 3),
        "overrides": run.progress.origin.overrides,
        "environment": surroundings,
    }


def _resampled(run: Run, intervals: Intervals) -> dict[str, list[str]]:
    """What intervals resample, in words, where that is not rows."""
    design = run.dataset.test.design
    return {"resampled": design.in_words()} if design is not None and intervals else {}


def finish(
    run: Run, stack: Stack, position: int, common: DatasetCache, judge: RunJudge
) -> FinishedRun:
    """Score and judge a run's best network, and write what it leaves behind."""
    network = stack.best_network([position])
    surroundings = environment(stack.shared.device, stack.kernel, run.job.config.devices)
    return finish_network(run, network, stack.epoch, common, judge, surroundings=surroundings)


def finish_network(
    run: Run,
    network: MLP,
    epochs: int,
    common: DatasetCache,
    judge: RunJudge,
    *,
    surroundings: Mapping[str, object],
) -> FinishedRun:
    """The same of a network, or an ensemble, that is no part of a stack any more."""
    assert run.termination is not None
    passes = Passes(network, run.dataset, run.prepared.objective)
    scored = score_model(network, run.dataset, run.prepared.objective, passes)
    test, intervals = scored["test"].measured()
    others = scores_of({part: found for part, found in scored.items() if part != "test"})
    run.models = {"network": {**others, "test": test}, **common.baselines_of(run)}
    run.targets = scores_of_each(scored)
    run.single = single_scores(network, run.dataset, run.prepared.objective)
    objective, after = _calibrated(run, passes)
    run.validation = {"network": scored["val"], **common.validation_of(run)}
    verdict = judge(run, network, read_curves(run.job.folder / CURVES))
    run.validation = {}
    scored |= after
    kept = ValidationRecord.of(scored["val"])
    run.result = described(
        *(run, network, epochs),
        intervals=intervals,
        coverage=usual_coverage(kept, scored["test"], objective),
        verdict=verdict,
        surroundings=surroundings,
    )
    assert run.tracker is not None
    run.verdict = verdict.in_brief()
    run.tracker.add_text("verdict", verdict.in_markdown(), epochs)
    run.tracker.add_best(run.models["network"]["val"], run.progress.watch.best_epoch)
    schema = common.schema(run)
    write_results(run.job.folder, network, schema, objective, run.result, validation=kept)
    return FinishedRun(run.termination, run.dataset, network, objective, scored)


def _calibrated(run: Run, passes: Passes) -> tuple[Objective, dict[str, Predictions]]:
    """The objective with a temperature of the probabilities, and predictions by part that have it.

    The scores of a run stay those of the network as it was trained.
    """
    assert run.termination is not None
    setting = run.job.config.calibration if run.termination.divergence is None else "never"
    found = calibration_of(passes, run.prepared.objective, setting)
    own = by_temperature(run.prepared.objective, found)
    after = rescored(passes, own)
    run.calibration = None if found is None else with_scores(found, after)
    return own, after
