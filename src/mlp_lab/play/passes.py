"""Both passes of one row of a page through the network in view, number by number."""

from __future__ import annotations

from dataclasses import asdict

import torch

from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.play.frames import MOST_POINTS, PARTS
from mlp_lab.play.session import Session
from mlp_lab.trace.backprop import trace
from mlp_lab.trace.networks import checked
from mlp_lab.trace.quantities import Network, Quantity, Trace
from mlp_lab.trace.steps import steps
from mlp_lab.trace.text import columns_of, title

MOST = 1_000
"""Weights and biases whose gradients are gone through one by one."""


def passes(session: Session, focus: int, part: str, number: int) -> dict[str, object]:
    """What `mlp-lab trace` says of a row, and where each number stands on the page.

    The network is the one that is shown: of the present epoch and step, in double precision and
    without dropout. `number` counts the rows of a part that are drawn, from 0.

    Raises:
        UserError: there is no such row, the network is too large, or a number is not finite.
    """
    require_choice(part, "part", PARTS)
    trial = session.lineup.trials[focus]
    rows = getattr(trial.run.dataset, part).some(MOST_POINTS)
    require(0 <= number < len(rows), "row", f"from 0 to {len(rows) - 1}", number)
    stack = session.lineup.stacks[trial.stack]
    mlp = stack.evaluated.take([session.lineup.position(trial)])
    (count,) = mlp.parameter_counts
    require(count <= MOST, "weights", f"{MOST:,} at most to be gone through", count)
    row = rows.at(torch.tensor([number]))
    weights = None if row.loss_weights is None else row.loss_weights.double()
    names, dropout = trial.run.dataset.schema.names, trial.config.model.dropout
    network = Network(
        mlp.to(torch.float64),
        trial.run.prepared.objective,
        row.inputs.double(),
        row.targets.double(),
        weights,
        names,
        dropout=dropout,
    )
    found = trace(checked(network))
    if not found.finite:
        raise UserError(_not_finite(found))
    return {
        "part": part,
        "number": number,
        "epoch": session.epoch,
        "step": session.step,
        "lines": [*title(found), *columns_of(found)],
        "x": network.x[0].tolist(),
        "t": found.network.t[0].tolist(),
        "steps": [asdict(own) for own in steps(found)],
    }


def _not_finite(found: Trace) -> str:
    """The first quantity that is not finite, and why."""
    quantities: list[Quantity] = [*found.forward, *found.backward]
    name = next(each.name for each in quantities if not bool(each.value.isfinite().all()))
    if name == "dL/dy":
        return (
            "dL/dy is not finite: the network is so certain of this row that y rounds to 0 or 1,"
            " and the slope of its loss divides by 0; choose another row"
        )
    return f"{name} is not finite: weights have become too large, as the losses show"
