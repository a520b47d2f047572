"""Where a stack stands, as rank 0 hands it to the others: settings, rows, weights and moments.

Rows that lie in files are opened where they lie; all other tensors travel, so that the others read
no table, no run folder and no command line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.data.mapped import MapFile
from mlp_lab.data.schema_file import schema_of
from mlp_lab.engine.device import prepare_torch
from mlp_lab.engine.ranks import Ranks
from mlp_lab.engine.stack import Stack
from mlp_lab.network.losses import Objective
from mlp_lab.runs.checkpoint import changing_layers
from mlp_lab.runs.member import member_of, shared_settings

if TYPE_CHECKING:
    from mlp_lab.data.preprocessing import EncodedPart
    from mlp_lab.runs.member import Run

TENSORS = ("inputs", "targets", "weights", "loss_weights")
"""Of a part."""


def handed_over(run: Run, stack: Stack) -> tuple[str, list[Tensor]]:
    """All that another rank needs to stand where a stack of one run stands; see `taken_over`."""
    encoded, dataset = run.prepared.encoded, run.dataset
    tensors: list[Tensor] = []
    said = {
        "values": dict(run.job.values),
        "objective": asdict(run.prepared.objective),
        "schema": dataset.schema.to_dict(),
        "train": _given_part(dataset.train, encoded.train, tensors),
        "val": _given_part(dataset.val, encoded.val, tensors),
        "epoch": stack.epoch,
        "schedules": [[each.reduction, each.best, each.waited] for each in stack.schedules],
    }
    tensors += _state(stack)
    return json.dumps(said, default=str), tensors


def taken_over(text: str, tensors: Iterable[Tensor], device: torch.device, ranks: Ranks) -> Stack:
    """The stack that was handed over, on a device of this process.

    Raises:
        UserError: a file of rows is not here.
    """
    said, ahead = json.loads(text), iter(tensors)
    config = read(Config, said["values"], "")
    train, val = (_taken_part(said[name], ahead, device) for name in ("train", "val"))
    none = Part(train.inputs[:0], train.targets[:0])
    dataset = Dataset(train, val, none, schema_of(said["schema"]))
    shared = shared_settings(config, _objective(said["objective"]), device, ranks)
    stack = Stack([member_of(config, dataset)], shared)
    for own, given in zip(_state(stack), ahead, strict=True):
        own.copy_(given)
    stack.epoch = said["epoch"]
    for schedule, (reduction, best, waited) in zip(stack.schedules, said["schedules"], strict=True):
        schedule.reduction, schedule.best, schedule.waited = reduction, best, waited
    return stack


def device_of(text: str, local: int) -> torch.device:
    """Set this process up for what was handed over; its device, the `local` one of the machine.

    Raises:
        UserError: there is no such device.
    """
    values = json.loads(text)["values"]
    device = prepare_torch(device=values["device"], threads=values["threads"])
    if device.type == "cuda":
        torch.cuda.set_device(local)
        device = torch.device("cuda", local)
    return device


def _state(stack: Stack) -> list[Tensor]:
    """Everything that changes, and what an embedding has found in the rows."""
    knots = [] if stack.network.embedding is None else [stack.network.embedding.knots]
    return [*(layers.flat for layers in changing_layers(stack).values()), *knots]


def _given_part(part: Part, encoded: EncodedPart, tensors: list[Tensor]) -> dict[str, object]:
    """What a part is, in words; its tensors are added to the others."""
    files = encoded.files if part.on_disk else None
    own = dict(
        zip(TENSORS, (part.inputs, part.targets, part.weights, part.loss_weights), strict=True)
    )
    travelling = {
        name: tensor
        for name, tensor in own.items()
        if tensor is not None and (files is None or name not in TENSORS[:2])
    }
    tensors += travelling.values()
    lying = [[str(each.path), list(each.shape), each.dtype] for each in files or ()]
    return {"tensors": list(travelling), "files": lying}


def _taken_part(said: Mapping[str, Any], ahead: Iterator[Tensor], device: torch.device) -> Part:
    found = {name: next(ahead).to(device) for name in said["tensors"]}
    for name, (path, shape, dtype) in zip(TENSORS, said["files"], strict=False):
        found[name] = torch.as_tensor(MapFile(Path(path), tuple(shape), dtype).open())
    return Part(
        found["inputs"],
        found["targets"],
        found.get("weights"),
        found.get("loss_weights"),
        on_disk=bool(said["files"]),
    )


def _objective(said: Mapping[str, Any]) -> Objective:
    numbers = tuple((name, value) for name, value in said["numbers"])
    return Objective(said["output"], said["loss"], numbers, said["label_smoothing"])
