"""What the processes of a sweep share: scores of baselines, which only one of them need find."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save

from mlp_lab.data.dataset import Dataset
from mlp_lab.files import write_whole
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.network.losses import Objective
from mlp_lab.plain import read_as
from mlp_lab.runs.job import hashed
from mlp_lab.runs.linear_baseline import LinearBaseline
from mlp_lab.runs.lock import in_turn
from mlp_lab.runs.scoring import PartScores, predictions, scores_of
from mlp_lab.stored import parse_json


@dataclass(frozen=True, slots=True)
class Scored:
    """A baseline's scores by part, and what it predicts for the validation rows."""

    scores: PartScores
    val: Predictions
    kept: LinearBaseline | None = None
    """The model itself, if it is one without hidden layers."""

    @classmethod
    def of(cls, parts: Mapping[str, Predictions], kept: LinearBaseline | None = None) -> Scored:
        """Of its predictions for every part, of which the others are let go."""
        return cls(scores_of(parts), parts["val"], kept)


class SharedBaselines:
    """A folder of one command, in which its processes leave for each other what they find.

    It ends with the command, so that nothing in it is older than what it was found by.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is nobody else's."""
        self._folder = folder

    def of(
        self,
        name: object,
        dataset: Dataset,
        objective: Objective,
        find: Callable[[], dict[str, Scored]],
    ) -> dict[str, Scored]:
        """What was found by that name, which says all that it depends on; else what `find` does.

        Whoever comes meanwhile waits: it would take as long to find it again.
        """
        if not self._folder.is_dir():  # somebody has cleared away what is temporary
            return find()
        path = self._folder / f"{hashed(name)}.safetensors"
        with in_turn(path.with_suffix(".lock")):
            if path.is_file():
                return _read(path, dataset, objective)
            found = find()
            with suppress(OSError):  # no room: the others find it again
                write_whole(path, _content(found), wait=False)
        return found


def _content(found: Mapping[str, Scored]) -> bytes:
    tensors = {}
    for name, own in found.items():
        tensors[f"{name}.outputs"] = torch.from_numpy(own.val.outputs).contiguous()
        tensors[f"{name}.losses"] = torch.from_numpy(own.val.losses)
    models = {name: own.kept.to_dict() for name, own in found.items() if own.kept is not None}
    scores = {name: own.scores for name, own in found.items()}
    return save(tensors, {"scores": json.dumps(scores), "models": json.dumps(models)})


def _read(path: Path, dataset: Dataset, objective: Objective) -> dict[str, Scored]:
    found, target = {}, dataset.schema.target
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        said = parse_json(metadata["scores"], path, finite=False)
        models = read_as(dict[str, LinearBaseline], parse_json(metadata["models"], path))
        for name, parts in read_as(dict[str, dict[str, Scores]], said).items():
            y, losses = (file.get_tensor(f"{name}.{kind}").clone() for kind in KINDS)
            val = predictions(y, losses, dataset.val, objective, target)
            found[name] = Scored(parts, val, models.get(name))
    return found


KINDS = ("outputs", "losses")
"""What is kept of the validation rows: (N, C) and (N,)."""
