"""Loss and metrics of every member over every row of a part, at the weights as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mlp_lab.data.schema import AnyTarget
from mlp_lab.engine.row_source import RowSource
from mlp_lab.metrics.epoch import Scale
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP

if TYPE_CHECKING:
    from mlp_lab.engine.ranks import Ranks

EVALUATED_NUMBERS = 2**18
"""Hidden units computed at once, 1 MB: a processor's own cache holds them, and their memory is used
again and again, where larger pieces come from the system anew each time, page by page."""

FEWEST_ROWS = 64
"""Least rows of each member that are computed at once: products of fewer are slow."""


Forward = Callable[[Tensor], Tensor]
"""Inputs of K members, (K, r, D) -> f of the last layer of all their networks, (K M, r, C)."""


UNDO: Mapping[str, Callable[[Tensor], Tensor]] = {"log": torch.exp, "log1p": torch.expm1}
"""Transform -> the way back."""


@dataclass(frozen=True, slots=True)
class TargetScale:
    """How the targets of a stack's members are scaled; they share a task.

    Errors of a plain target are measured in the network's units and multiplied at the end, since
    their squares in its own units may not fit a float32; those of a logarithm cannot wait.
    """

    targets: Sequence[AnyTarget]

    @property
    def task(self) -> str:
        """regression, binary, multiclass or multilabel."""
        return self.targets[0].task

    @property
    def sums(self) -> int:
        """Sums over rows that scores are made of: of the loss, and of `row_metrics`."""
        return 1 + 2 * (self.targets[0].outputs if self.task == "regression" else 1)

    def undo_logarithm(self, values: Tensor) -> Tensor:
        """Outputs or targets, (K, r, T), as errors are measured: in their own units after a log."""
        transforms = [[one.transform for one in target.each] for target in self.targets]
        kinds = {kind for own in transforms for kind in own}
        if kinds == {"none"}:
            return values
        scalings = [
            [[one.scaling.center, one.scaling.scale] for one in target.each]
            for target in self.targets
        ]
        center, scale = values.new_tensor(scalings)[:, None].unbind(-1)  # (K, 1, T)
        undone = values * scale + center
        found = values
        for kind in sorted(kinds - {"none"}):
            if len(kinds) == 1:
                return UNDO[kind](undone)
            own = [[one == kind for one in member] for member in transforms]
            chosen = torch.tensor(own, device=values.device)[:, None]  # (K, 1, T)
            found = torch.where(chosen, UNDO[kind](undone), found)
        return found

    def row_metrics(self, y: Tensor, targets: Tensor) -> list[Tensor]:
        """What the task's metrics are made of, for each row: (K, r) of each.

        Of numbers the squared errors of each target, then the absolute ones; else whether the class
        is right; of labels the share that is, and whether all are.

        Several classes are decided by their order: y may be anything in the order of the outputs.
        """
        if self.task == "regression":
            error = self.undo_logarithm(y) - self.undo_logarithm(targets)
            return [*error.square().unbind(-1), *error.abs().unbind(-1)]
        if self.task == "multilabel":
            right = (y > 0.5) == (targets > 0.5)
            return [right.to(y.dtype).mean(-1), right.all(-1).to(y.dtype)]
        if y.shape[-1] == 1:
            right = (y > 0.5) == (targets > 0.5)
            return [right.squeeze(-1).to(y.dtype)]
        decided = y.max(-1, keepdim=True).indices  # half of argmax's time
        return [targets.gather(-1, decided).squeeze(-1)]

    def of_metrics(self, source: RowSource) -> list[Scale]:
        """What each member's sums over these rows are divided by."""
        scales = []
        for k, target in enumerate(self.targets):
            rows = source.member_rows(k)
            ones = torch.ones(len(rows.targets), dtype=torch.float64, device=rows.targets.device)
            weights = ones if rows.weights is None else rows.weights.double()
            loss_weights = ones if rows.loss_weights is None else rows.loss_weights.double()
            values = TargetScale([target]).undo_logarithm(rows.targets.double()[None])[0]
            total, spreads, units = weights.sum(), [], []
            for column, one in zip(values.unbind(1), target.each, strict=False):
                spread = (column - (weights * column).sum() / total).square() @ weights
                spreads.append(spread.item())
                units.append(one.scaling.scale if one.transform == "none" else 1.0)
            scales.append(Scale(total.item(), loss_weights.sum().item(), units, spreads))
        return scales


def rows_at_once(network: MLP) -> int:
    """Rows of each member; they depend on no batch size, and so neither does any result."""
    embedded = 0 if network.embedding is None else network.embedding.plan.row_numbers
    outputs = (bias.shape[-1] for bias in network.layers.biases)
    units = network.members * max(network.layers.sizes[0], *outputs, embedded)
    return max(FEWEST_ROWS, EVALUATED_NUMBERS // units)


def rows_of_outputs(network: MLP) -> int:
    """Rows of each member where compiled code keeps the units of one block of rows at a time."""
    return max(FEWEST_ROWS, EVALUATED_NUMBERS // (network.members * network.layers.sizes[-1]))


def mean_pre_activation(
    network: MLP, inputs: Tensor, objective: Objective, forward: Forward | None = None
) -> Tensor:
    """f of the last layer of K members, (K, r, C), for their inputs, (K, r, D).

    Where the stack holds M networks for each member, f is what gives the mean of their outputs;
    the objective's temperature divides it.
    `forward`: what computes it in the network's place.
    """
    networks = network.members // len(inputs)
    if forward is not None:
        f = forward(inputs)
    elif networks == 1:
        f = network.pre_activation(inputs)
    else:
        f = network.pre_activation(inputs.repeat_interleave(networks, 0))
    if networks > 1:
        f = objective.of_mean(f.view(len(inputs), networks, *f.shape[1:]))
    return objective.tempered(f)


@torch.inference_mode()
def sums_over_rows(
    network: MLP,
    source: RowSource,
    objective: Objective,
    target_scale: TargetScale,
    forward: Forward | None = None,
    *,
    ranks: Ranks | None = None,
) -> Tensor:
    """Weighted sums over rows in double precision, (S, K): loss, then those of `row_metrics`.

    Of one target S is 3: loss, squared and absolute errors; for classes the second is the number of
    right answers and the third is zero. An ensemble is measured by the mean of its networks'
    outputs. `forward` as for `mean_pre_activation`; `ranks` share the rows out.
    """
    length = rows_at_once(network) if forward is None else rows_of_outputs(network)
    members = len(source.counts)
    sums = torch.zeros(target_scale.sums, members, dtype=torch.float64, device=source.inputs.device)
    own = None if ranks is None else ranks.part(max(source.counts))
    for inputs, targets, weights, loss_weights in source.chunks(length, own):
        f = mean_pre_activation(network, inputs, objective, forward)
        metrics = target_scale.row_metrics(objective.decision_values(f), targets)
        for i, measure in enumerate([objective.rows(f, targets), *metrics]):
            counts = weights if i else loss_weights
            counted = measure if counts is None else measure * counts
            sums[i] += counted.sum(1, dtype=torch.float64)
    if ranks is not None:
        ranks.add_up(sums)
    return sums


def _pre_activations(network: MLP, source: RowSource, objective: Objective) -> Iterator[Tensor]:
    for rows in source.chunks(rows_at_once(network)):
        yield mean_pre_activation(network, rows.inputs, objective)


@torch.inference_mode()
def last_pre_activations(network: MLP, source: RowSource, objective: Objective) -> list[Tensor]:
    """f of the last layer, (1, r, C) of some rows after the others.

    Of a stack of one, or of an ensemble what gives the mean of its networks' outputs. Views of one
    tensor, as small ones that stay between the large ones of units would keep these from being used
    again: 1.5 GB of nine million rows.
    """
    found: list[Tensor] = []
    whole, start = source.targets, 0
    for f in _pre_activations(network, source, objective):
        if not found:
            whole = f.new_empty(1, len(source.targets), f.shape[2])
        found.append(whole.narrow(1, start, f.shape[1]).copy_(f))
        start += f.shape[1]
    return found


@torch.inference_mode()
def outputs_of(
    pieces: Iterable[Tensor], source: RowSource, objective: Objective
) -> tuple[Tensor, Tensor]:
    """Outputs y, (N, C), and each row's loss, (N,), on the CPU, of f as `last_pre_activations`."""
    targets, start = source.targets, 0
    ys, losses = targets[:0].cpu(), targets.new_empty(0).cpu()
    for f in pieces:
        end, y = start + f.shape[1], objective.predict(f)[0]
        loss = objective.rows(f, targets[start:end].unsqueeze(0))[0]
        if start == 0:  # of all rows, as for `last_pre_activations`
            ys = y.new_empty(len(targets), y.shape[1], device="cpu")
            losses = loss.new_empty(len(targets), device="cpu")
        ys[start:end], losses[start:end] = y, loss
        start = end
    return ys, losses


@torch.inference_mode()
def outputs(network: MLP, source: RowSource, objective: Objective) -> tuple[Tensor, Tensor]:
    """Outputs y, (N, C), and each row's loss, (N,), on the CPU.

    Of a stack of one, or of the networks of one ensemble together.
    """
    return outputs_of(_pre_activations(network, source, objective), source, objective)
