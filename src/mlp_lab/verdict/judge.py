"""A run that has ended, held against the rules: its evidence is gathered here."""

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.seeds import Stream, torch_generator
from mlp_lab.metrics.skill import share_explained
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.results import Finding, Verdict
from mlp_lab.runs.training import Run
from mlp_lab.tracking.tracker import CURVES, read_curves
from mlp_lab.verdict import rules
from mlp_lab.verdict.advice import next_command, to_mend
from mlp_lab.verdict.hidden_units import look_inside
from mlp_lab.verdict.neighbours import NEIGHBOURS, neighbours_share
from mlp_lab.verdict.rules import Evidence


class Judge:
    """Judges runs; what it finds out about rows serves all runs on them."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._neighbours: dict[int, tuple[Dataset, float]] = {}

    def __call__(self, run: Run, network: MLP) -> Verdict:
        """The verdict on a run that has been scored, as result.json has it.

        Args:
            run: has ended; its curves are written.
            network: a stack of one, at its best weights.
        """
        verdict = rules.judge(self._evidence(run, network))
        notes = [_with_command(note, run) for note in verdict.notes]
        state = _with_command(verdict.state, run)
        state["next"] = _with_command(to_mend(verdict), run)["next"] or state["next"]
        return {**state, "notes": notes}

    def _evidence(self, run: Run, network: MLP) -> Evidence:
        rows = read_curves(run.job.folder / CURVES)
        scores, constant = run.models["network"], run.models["constant"]
        validated = bool(scores["val"])
        rivals = {
            name: share_explained(parts["val"], constant["val"])
            for name, parts in run.models.items()
            if validated and name not in ("network", "constant")
        }
        if validated:
            rivals[f"the mean of {NEIGHBOURS} neighbours"] = self._neighbours_of(run.dataset)
        return Evidence(
            divergence=None if run.ending is None else run.ending.divergence,
            train_loss=[row["train_loss"] for row in rows],
            val_loss=[row["val_loss"] for row in rows] if validated else [],
            constant={part: found["loss"] for part, found in constant.items() if found},
            train=share_explained(scores["train"], constant["train"]),
            val=share_explained(scores["val"], constant["val"]) if validated else None,
            val_rows=run.problem.rows["val"],
            rivals=rivals,
            layers=look_inside(
                initial_network(run, network), network, run.dataset.train, run.problem.objective
            ),
            leaks=suspected(run),
        )

    def _neighbours_of(self, dataset: Dataset) -> float:
        if id(dataset) not in self._neighbours:
            self._neighbours[id(dataset)] = dataset, neighbours_share(dataset)
        return self._neighbours[id(dataset)][1]


def _with_command(found: rules.Finding, run: Run) -> Finding:
    return {
        "kind": found.kind,
        "words": found.words,
        "rule": found.rule,
        "numbers": found.numbers,
        "since": found.since,
        "next": next_command(found, run.job, run.progress, suspected(run)),
    }


def initial_network(run: Run, network: MLP) -> MLP:
    """A run's network as it was before its first step."""
    config = run.job.config
    begun = network.take([0])
    begun.layers.flat.zero_()
    begun.initialise([config.model.init], [torch_generator(config.seed, Stream.WEIGHTS)])
    return begun


def suspected(run: Run) -> list[str]:
    """Columns that the data report suspects of giving the target away."""
    seen = run.problem.overview
    return [] if seen is None else seen.possible_leakage
