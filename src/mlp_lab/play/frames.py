"""What a page is shown of a session: a header as JSON, and arrays behind it, in one piece of bytes.

4 bytes     length of the header, little-endian; it ends at a multiple of 8
header      JSON; `arrays` lists name, type, shape and where each begins behind the header
arrays      float32 or uint8, little-endian, each beginning at a multiple of 8
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mlp_lab.config.schema import Config
from mlp_lab.data.dataset import Part
from mlp_lab.metrics.epoch import METRICS
from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.mlp import MLP
from mlp_lab.play.choices import CHOICES
from mlp_lab.play.lineup import Trial
from mlp_lab.play.maps import View, maps_of, unit_states
from mlp_lab.play.session import Session

Arrays = dict[str, NDArray[np.generic]]

MOST_POINTS = 600
"""Rows of a part that are drawn."""

MOST_WEIGHTS = 20_000
"""Weights that are sent; more edges than these are no picture."""

MIDDLE = 128
"""The byte of 0 in a map."""

PARTS = ("train", "val", "test")


def pack(header: Mapping[str, object], arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Header and arrays as one piece of bytes."""
    places, pieces, at = [], [], 0
    for name, array in arrays.items():
        content = np.ascontiguousarray(array).tobytes()
        places.append([name, array.dtype.name, list(array.shape), at])
        padded = content + b"\0" * (-len(content) % 8)
        pieces.append(padded)
        at += len(padded)
    text = json.dumps({**header, "arrays": places}).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return b"".join([struct.pack("<I", len(text)), text, *pieces])


def unpack(content: bytes) -> tuple[dict[str, object], Arrays]:
    """The inverse of `pack`."""
    (length,) = struct.unpack_from("<I", content)
    header = json.loads(content[4 : 4 + length])
    arrays: Arrays = {}
    for name, kind, shape, at in header.pop("arrays"):
        count = math.prod(shape)
        found = np.frombuffer(content, kind, count, 4 + length + at)
        arrays[name] = found.reshape(shape)
    return header, arrays


def curve_names(task: str) -> list[str]:
    """Columns of `curves`: the loss and the first metric of each part, then the learning rate."""
    metric = METRICS[task][0]
    return [*(f"{part}_{name}" for name in ("loss", metric) for part in PARTS), "lr"]


def curves(session: Session, after: int) -> NDArray[np.float32]:
    """Numbers of the epochs after one, (networks, epochs, columns); NaN where there are none."""
    trials = session.lineup.trials
    names = curve_names(session.lineup.stacks[0].task)
    found = np.full((len(trials), session.last - after, len(names)), np.nan, np.float32)
    for k, trial in enumerate(trials):
        rows = trial.rows[after + 1 : session.last + 1]
        for n, row in enumerate(rows):
            found[k, n] = [row.get(name, math.nan) for name in names]
    return found


def frame(session: Session, number: int, focus: int, view: View | None, after: int) -> bytes:
    """A frame: curves after an epoch, and maps, weights and units of the network in focus."""
    trial = session.lineup.trials[focus]
    network = _network(session, trial)
    header: dict[str, object] = {
        "frame": number,
        "epoch": session.epoch,
        "step": session.step,
        "last": session.last,
        "after": after,
        "focus": focus,
        "best": [own.run.progress.watch.best_epoch for own in session.lineup.trials],
        "stops": session.stopped_early,
        "ended": session.ended,
        "now": _losses(session, trial),
    }
    arrays: Arrays = {"curves": curves(session, after)}
    arrays |= _weights(network)
    arrays |= _gradient_norms(session, trial)
    arrays |= _states(network, trial)
    if view is not None:
        found = maps_of(network, trial.run.prepared.objective, view)
        for layer, units in enumerate(found.units):
            arrays |= _map(units, f"units_{layer}", len(view.axes))
        outputs = found.outputs.t()
        probabilities = len(view.axes) == 2 and session.lineup.stacks[0].task != "regression"
        arrays["outputs"] = (
            (outputs * 255).round().byte().numpy() if probabilities else outputs.float().numpy()
        )
    return pack(header, arrays)


def _losses(session: Session, trial: Trial) -> dict[str, float]:
    """The loss of each part as it is now; nothing within an epoch, where it is not known."""
    if session.step or session.epoch >= len(trial.rows):
        return {}
    row = trial.rows[session.epoch]
    found = {part: row.get(f"{part}_loss", math.nan) for part in PARTS}
    return {part: loss for part, loss in found.items() if math.isfinite(loss)}


def _network(session: Session, trial: Trial) -> MLP:
    stack = session.lineup.stacks[trial.stack]
    return stack.evaluated.take([session.lineup.position(trial)])


def _weights(network: MLP) -> Arrays:
    """Omega_k and beta_k of every layer, as far as they can be drawn."""
    layers = network.layers
    if sum(weight.numel() for weight in layers.weights) > MOST_WEIGHTS:
        return {}
    found: Arrays = {}
    for k, (weight, bias) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        found[f"Omega_{k}"] = weight[0].float().numpy()
        found[f"beta_{k}"] = bias[0, 0].float().numpy()
    return found


def _gradient_norms(session: Session, trial: Trial) -> Arrays:
    """|dL/dOmega_k| of each layer in the last step of the epoch; none before there was one."""
    stack = session.lineup.stacks[trial.stack]
    if stack.last_gradients is None or not session.epoch:
        return {}
    layers = stack.member_layers(stack.last_gradients, session.lineup.position(trial))
    norms = [float(values.norm()) for name, values in layers if name.startswith("Omega")]
    if all(map(math.isnan, norms)):
        return {}
    return {"gradient_norms": np.array(norms, np.float32)}


def _states(network: MLP, trial: Trial) -> Arrays:
    """0, 1 of a dead and 2 of a saturated unit, for each hidden layer."""
    found = unit_states(network, trial.run.dataset, trial.run.prepared.objective)
    pairs = zip(found.dead, found.saturated, strict=True)
    return {
        f"states_{k}": (dead.byte() + 2 * (saturated & ~dead).byte()).numpy()
        for k, (dead, saturated) in enumerate(pairs)
    }


def _map(units: Tensor, name: str, inputs: int) -> Arrays:
    """Values of some units: numbers along one input, bytes around `MIDDLE` over two."""
    if inputs == 1:
        return {name: units.float().numpy()}
    largest = units.abs().amax(1, keepdim=True).clamp(min=1e-12)
    scaled = (units / largest * (MIDDLE - 1) + MIDDLE).round()
    return {name: scaled.byte().numpy(), f"{name}_range": largest[:, 0].float().numpy()}


def scene(session: Session, focus: int, view: View | None) -> bytes:
    """What stays while networks train: how they are built, their rows, and what is varied."""
    trial = session.lineup.trials[focus]
    target = trial.run.dataset.schema.target
    header: dict[str, object] = {
        "scene": True,
        "labels": session.settings.labels,
        "words": list(session.settings.words),
        "compared": [session.settings.key, list(session.settings.values)],
        "inputs": trial.run.dataset.schema.names,
        "sizes": _network(session, trial).member_sizes[0],
        "activations": trial.config.model.activations,
        "output": trial.run.prepared.objective.output,
        "loss": trial.run.prepared.objective.title,
        "task": target.task,
        "target": target.name,
        "classes": target.each[0].classes,
        "target_scale": [target.each[0].scaling.center, target.each[0].scaling.scale],
        "curves": curve_names(target.task),
        "epochs": trial.config.epochs,
        "rows": trial.run.prepared.rows,
        "plain": _is_plain(trial.config, _network(session, trial)),
        "steps": max(session.lineup.stacks[trial.stack].batches.steps),
        "axes": [] if view is None else [asdict(axis) for axis in view.axes],
        "values": plain_settings(trial),
        "choices": CHOICES,
    }
    arrays: Arrays = {}
    if view is not None:
        for name in PARTS:
            arrays |= _points(getattr(trial.run.dataset, name), name, view)
    return pack(header, arrays)


def _is_plain(config: Config, network: MLP) -> bool:
    """Whether h_1 is a(theta_0 + theta_1 x) of each unit, and nothing else."""
    model = config.model
    gated = any(ACTIVATIONS[name].parts > 1 for name in model.activations)
    embedded = network.embedding is not None
    return not embedded and model.normalisation == "none" and not gated


def plain_settings(trial: Trial) -> dict[str, object]:
    """Every setting's present value by its dotted key."""
    found: dict[str, object] = {}
    for name, value in trial.run.job.values.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{key}": entry for key, entry in value.items()}
        else:
            found[name] = value
    return found


def _points(part: Part, name: str, view: View) -> Arrays:
    """Where rows lie in the view, and their targets: a number, or the position of a class."""
    rows = part.some(MOST_POINTS)
    if not len(rows):
        return {}
    inputs = torch.stack([rows.inputs[:, axis.input] for axis in view.axes], 1)
    targets = rows.targets
    one = targets[:, 0] if targets.shape[1] == 1 else targets.argmax(1)
    return {f"{name}_points": inputs.float().numpy(), f"{name}_targets": one.float().numpy()}
