"""A run that has ended, held against the rules: its evidence is gathered here."""

from collections.abc import Sequence
from dataclasses import replace

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.seeds import Stream, torch_generator
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.skill import explained, skill
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.boosting import BOOSTING
from mlp_lab.runs.findings import Finding, Verdict
from mlp_lab.runs.member import Run
from mlp_lab.tracking.curves import Row
from mlp_lab.verdict.advice import first_to_mend, next_command
from mlp_lab.verdict.hidden_units import hidden_unit_statistics
from mlp_lab.verdict.neighbours import NEIGHBOURS, neighbours_skill
from mlp_lab.verdict.rules import GRADIENT_BOOSTING, Evidence, judge


class Judge:
    """Judges runs; what it finds out about rows serves all runs on them."""

    def __init__(self) -> None:
        self._neighbours: dict[int, tuple[Dataset, float]] = {}

    def __call__(self, run: Run, network: MLP, curves: Sequence[Row]) -> Verdict:
        """The verdict on a run that has ended and been scored, with commands to try.

        `network` is a stack of one, at the run's best weights; `curves` has its epochs.
        """
        verdict = judge(self.evidence(run, network, curves))
        notes = [replace(note, command=command_for(note, run)) for note in verdict.notes]
        command = command_for(first_to_mend(verdict), run) or command_for(verdict.state, run)
        return Verdict(replace(verdict.state, command=command), notes)

    def evidence(self, run: Run, network: MLP, curves: Sequence[Row]) -> Evidence:
        """What a run is judged by."""
        scores, constant = run.models["network"], run.models["constant"]
        validated = bool(scores["val"])
        of_loss = run.prepared.objective.loss == "quantile"  # which no mean error can judge
        measure = explained if of_loss else skill
        baselines = {
            GRADIENT_BOOSTING if name == BOOSTING else name: measure(parts["val"], constant["val"])
            for name, parts in run.models.items()
            if validated and name not in ("network", "constant")
        }
        if validated and not of_loss:
            baselines[f"the {NEIGHBOURS} nearest neighbours"] = self._neighbours_of(run.dataset)
        initial, train = initial_network(run, network), run.dataset.train
        return Evidence(
            divergence=None if run.termination is None else run.termination.divergence,
            train_loss=[row["train_loss"] for row in curves],
            val_loss=[row["val_loss"] for row in curves] if validated else [],
            constant={part: found["loss"] for part, found in constant.items() if found},
            train=measure(scores["train"], constant["train"]),
            val=measure(scores["val"], constant["val"]) if validated else None,
            val_rows=run.prepared.rows["val"],
            baselines=baselines,
            constant_errors=_errors(constant["val"]) if validated else None,
            layers=hidden_unit_statistics(initial, network, train, run.prepared.objective),
            leaks=suspected_leaks(run),
        )

    def _neighbours_of(self, dataset: Dataset) -> float:
        if id(dataset) not in self._neighbours:
            self._neighbours[id(dataset)] = dataset, neighbours_skill(dataset)
        return self._neighbours[id(dataset)][1]


def _errors(scores: Scores) -> float | None:
    """The share of wrong answers; None for a number."""
    return 1 - scores["accuracy"] if "accuracy" in scores else None


def command_for(finding: Finding, run: Run) -> str:
    """A command line that may mend what was found; nothing where there is none."""
    return next_command(finding, run.job, run.progress, suspected_leaks(run))


def initial_network(run: Run, network: MLP) -> MLP:
    """A run's network as it was before its first step."""
    config = run.job.config
    initial = network.take([0])  # of an ensemble the first one: it is that of the plain seed
    initial.layers.flat.zero_()
    generator = torch_generator(config.seed, Stream.WEIGHTS)
    initial.initialise([config.model.init], [generator], [config.model.frequency_scale])
    return initial


def suspected_leaks(run: Run) -> list[str]:
    """Columns that the data report suspects of target leakage."""
    overview = run.prepared.overview
    return [] if overview is None else overview.possible_leakage
