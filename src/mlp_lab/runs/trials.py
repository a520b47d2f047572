"""The networks that a budget has tried, and which of them are kept together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mlp_lab.config.portfolio import Change
from mlp_lab.config.schema import Config
from mlp_lab.data.dataset import Part
from mlp_lab.engine.evaluation import outputs
from mlp_lab.engine.records import MemberRecord
from mlp_lab.engine.row_source import RowSource
from mlp_lab.engine.selection import FEWEST_ROWS, mean_loss, selected
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.progress import Progress

CANDIDATES = 32
"""Networks that an ensemble is selected from."""

LARGEST_ENSEMBLE = 16
"""Networks that are kept where nothing bounds them, repeats counted."""


@dataclass(slots=True)
class Trial:
    """One network: what it was told, how it went, and what it predicts for the validation rows.

    `together` and `changes`: how its settings differ from the run's, as factors and as values;
    `ended`: why it ended before its last epoch; `finished`: whether it did by itself, at its last
    epoch or where nothing had become better.
    """

    number: int
    config: Config
    together: Change
    changes: dict[str, object]
    progress: Progress
    records: list[tuple[MemberRecord, float]] = field(default_factory=list)
    ended: str = ""
    finished: bool = False
    network: MLP | None = None
    outputs: Tensor | None = None
    loss: float = math.inf

    @property
    def structure(self) -> str:
        """What networks of one ensemble share."""
        model = self.config.model
        return repr((model.embedding, model.embedding_size, model.bins))

    def take(self, network: MLP, val: Part, objective: Objective) -> None:
        """Keep its network, at its best weights, and what it predicts."""
        self.network = network
        if self.progress.watch.best_epoch:
            y, _ = outputs(network, RowSource([val]), objective)
            self.outputs = y.double().cpu()
            self.loss = mean_loss(self.outputs, val, objective)

    def described(self, weight: float) -> dict[str, object]:
        """What result.json says of it."""
        return {
            "seed": self.config.seed,
            "changes": self.changes,
            "epochs": len(self.records),
            "best_epoch": self.progress.watch.best_epoch,
            "val_loss": self.loss if math.isfinite(self.loss) else None,
            "ended": self.ended,
            "weight": weight,
        }


@dataclass(frozen=True, slots=True)
class Kept:
    """A stack of networks, and the weight of each trial in their mean, the largest first."""

    network: MLP
    weights: dict[int, float]


def forget_worst(trials: Sequence[Trial]) -> None:
    """Let go of networks that are not among the best `CANDIDATES` of their structure."""
    for structure in {trial.structure for trial in trials}:
        own = [trial for trial in trials if trial.structure == structure]
        for trial in sorted(own, key=lambda trial: trial.loss)[CANDIDATES:]:
            if trial.number:
                trial.network = trial.outputs = None


def kept(trials: Sequence[Trial], val: Part, objective: Objective, most: int) -> Kept:
    """The ensemble of one structure with the least validation loss, at most so many networks.

    Where every training diverged, the first network.
    """
    least, best = math.inf, {trials[0].number: 1}
    for structure in dict.fromkeys(trial.structure for trial in trials):
        candidates = [
            each for each in trials if each.structure == structure and each.outputs is not None
        ]
        if len(val) < FEWEST_ROWS:  # too few to choose by: those that were trained to the end
            candidates = [each for each in candidates if each.finished] or candidates
        if not candidates:
            continue
        found = [each.outputs for each in candidates if each.outputs is not None]
        counts = selected(found, val, objective, most)
        total = torch.stack([count * found[k] for k, count in counts.items()]).sum(0)
        loss = mean_loss(total / sum(counts.values()), val, objective)
        if loss < least:
            least, best = loss, {candidates[k].number: count for k, count in counts.items()}
    return _joined(trials, best)


def _joined(trials: Sequence[Trial], counts: Mapping[int, int]) -> Kept:
    """Trials by number as a stack, the largest weight first, repeated as often as is needed."""
    divisor, whole = math.gcd(*counts.values()), sum(counts.values())
    order = sorted(counts, key=lambda number: (-counts[number], trials[number].loss, number))
    networks = [
        network
        for number in order
        if (network := trials[number].network) is not None
        for _ in range(counts[number] // divisor)
    ]
    return Kept(MLP.joined(networks), {number: counts[number] / whole for number in order})
