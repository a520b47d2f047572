"""Every optimizer over 50 steps against torch.optim, alone, side by side and with uneven steps."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mlp_lab.config.reading import read
from mlp_lab.network import stack_optimizer
from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.optimizers import OPTIMIZERS, OptimizerConfig
from mlp_lab.network.stack_optimizer import Optimizer

SIZES = [3, 5, 2]
STEPS, EPOCH = 50, 5
"""The learning rate changes every `EPOCH` steps."""

Values = dict[str, float | bool | str | None]

DECAYS = [[0.1, 0.4], [0.0, 0.0], [0.3, 0.3]]
L1S = [[0.01, 0.01], [0.0, 0.02], [0.0, 0.0]]
"""Of each member's layers."""
TorchFactory = Callable[[list[dict[str, object]], Values], torch.optim.Optimizer]


def shortened(penalties: list[float]) -> float | list[float]:
    """As settings have them: a number where it is that of all layers."""
    return penalties if len(set(penalties)) > 1 else penalties[0]


@dataclass(frozen=True)
class Case:
    """A rule, the numbers of three members, and what torch calls it (or NumPy computes it)."""

    name: str
    numbers: list[Values]
    torch_factory: TorchFactory | None
    switches: Values = field(default_factory=dict)
    label: str = ""

    @property
    def id(self) -> str:
        """Name of the test."""
        return f"{self.name}-{self.label}" if self.label else self.name

    def values(self, member: int, *, clip: bool) -> Values:
        """Everything that the config of a member holds but its penalties."""
        shared: Values = {
            "name": self.name,
            "clip_norm": [0.5, None, 2.0][member] if clip else None,
        }
        return {**shared, **self.switches, **self.numbers[member]}

    def config(self, member: int, *, decay: bool, clip: bool) -> OptimizerConfig:
        """The config of a member."""
        penalties = {"weight_decay": shortened(DECAYS[member]), "l1": shortened(L1S[member])}
        penalties = penalties if decay else dict.fromkeys(penalties, 0.0)
        values = {**self.values(member, clip=clip), **penalties}
        return read(OptimizerConfig, values, "optimizer")


def _lr(v: Values) -> float:
    return float(v["lr"] or 0)


def _sgd(groups: list[dict[str, object]], v: Values) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, lr=_lr(v))


def _heavy_ball(groups: list[dict[str, object]], v: Values) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, lr=_lr(v), momentum=float(v["momentum"] or 0))


def _nesterov(groups: list[dict[str, object]], v: Values) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, lr=_lr(v), momentum=float(v["momentum"] or 0), nesterov=True)


def _adagrad(groups: list[dict[str, object]], v: Values) -> torch.optim.Optimizer:
    return torch.optim.Adagrad(
        groups,
        lr=_lr(v),
        lr_decay=float(v["lr_decay"] or 0),
        initial_accumulator_value=float(v["initial_accumulator"] or 0),
        eps=float(v["eps"] or 0),
    )


def _adadelta(groups: list[dict[str, object]], v: Values) -> torch.optim.Optimizer:
    return torch.optim.Adadelta(
        groups, lr=_lr(v), rho=float(v["rho"] or 0), eps=float(v["eps"] or 0)
    )


def _rmsprop(groups: list[dict[str, object]], v: Values) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(
        groups,
        lr=_lr(v),
        alpha=float(v["rho"] or 0),
        eps=float(v["eps"] or 0),
        momentum=float(v["momentum"] or 0),
        centered=bool(v["centered"]),
    )


def _adam(groups: list[dict[str, object]], v: Values) -> torch.optim.Optimizer:
    betas = (float(v["beta1"] or 0), float(v["beta2"] or 0))
    eps, amsgrad = float(v["eps"] or 0), bool(v["amsgrad"])
    return torch.optim.Adam(groups, lr=_lr(v), betas=betas, eps=eps, amsgrad=amsgrad)


def _adamw(groups: list[dict[str, object]], v: Values) -> torch.optim.Optimizer:
    betas = (float(v["beta1"] or 0), float(v["beta2"] or 0))
    eps, amsgrad = float(v["eps"] or 0), bool(v["amsgrad"])
    return torch.optim.AdamW(groups, lr=_lr(v), betas=betas, eps=eps, amsgrad=amsgrad)


LR: list[Values] = [{"lr": 0.1}, {"lr": 0.02}, {"lr": 0.3}]
MOMENTUM: list[Values] = [
    {"lr": 0.1, "momentum": 0.9},
    {"lr": 0.02, "momentum": 0.0},
    {"lr": 0.3, "momentum": 0.5},
]
ADAM: list[Values] = [
    {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
    {"lr": 0.1, "beta1": 0.0, "beta2": 0.9, "eps": 1e-3},
    {"lr": 0.03, "beta1": 0.5, "beta2": 0.5, "eps": 1e-8},
]
RMSPROP: list[Values] = [
    {"lr": 0.01, "rho": 0.99, "eps": 1e-8, "momentum": 0.0},
    {"lr": 0.02, "rho": 0.5, "eps": 1e-3, "momentum": 0.9},
    {"lr": 0.05, "rho": 0.9, "eps": 1e-8, "momentum": 0.5},
]
CASES = [
    Case("gd", LR, _sgd),
    Case("sgd", LR, _sgd),
    Case(
        "momentum",
        [{"lr": 0.1, "alpha": 0.9}, {"lr": 0.02, "alpha": 0.0}, {"lr": 0.3, "alpha": 0.5}],
        None,
    ),
    Case("heavy_ball", MOMENTUM, _heavy_ball),
    Case("nesterov", [{**v, "momentum": v["momentum"] or 0.3} for v in MOMENTUM], _nesterov),
    Case(
        "adagrad",
        [
            {"lr": 0.1, "lr_decay": 0.0, "initial_accumulator": 0.0, "eps": 1e-10},
            {"lr": 0.05, "lr_decay": 0.1, "initial_accumulator": 0.5, "eps": 1e-3},
            {"lr": 0.3, "lr_decay": 0.01, "initial_accumulator": 0.0, "eps": 1e-10},
        ],
        _adagrad,
    ),
    Case(
        "adadelta",
        [
            {"lr": 1.0, "rho": 0.9, "eps": 1e-6},
            {"lr": 0.5, "rho": 0.5, "eps": 1e-3},
            {"lr": 2.0, "rho": 0.99, "eps": 1e-6},
        ],
        _adadelta,
    ),
    Case("rmsprop", RMSPROP, _rmsprop, {"centered": False}),
    Case("rmsprop", RMSPROP, _rmsprop, {"centered": True}, "centered"),
    Case("adam", ADAM, _adam, {"amsgrad": False}),
    Case("adam", ADAM, _adam, {"amsgrad": True}, "amsgrad"),
    Case("adamw", ADAM, _adamw, {"amsgrad": False}),
    Case("adamw", ADAM, _adamw, {"amsgrad": True}, "amsgrad"),
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
decay_and_clip = pytest.mark.parametrize(
    ("decay", "clip"), [(False, False), (True, False), (False, True), (True, True)]
)


def layers(members: int, seed: int) -> LayerTensors:
    """Random numbers; a member's do not depend on how many there are."""
    tensors = LayerTensors(members, SIZES, dtype=torch.float64, device=torch.device("cpu"))
    for k in range(members):
        generator = torch.Generator().manual_seed(1000 * seed + k)
        for tensor in tensors.tensors:
            tensor[k] = torch.randn(tensor[k].shape, generator=generator, dtype=torch.float64)
    return tensors


@cache
def gradient(step: int, member: int) -> list[Tensor]:
    """Gradient of a member in its `step`, long in some steps and short in others."""
    found = layers(member + 1, 1 + step)
    scale = [0.01, 1.0, 3.0][step % 3]
    return [scale * tensor[member] for tensor in found.tensors]


def factor(epoch: int) -> float:
    """A schedule."""
    return 1 / (1 + 0.3 * epoch)


def reference(case: Case, member: int, *, decay: bool, clip: bool, per_epoch: int) -> list[Tensor]:
    """Where torch's optimizer (or the formula) takes a member in ten epochs."""
    values = case.values(member, clip=clip)
    start = [tensor[member].clone() for tensor in layers(member + 1, 0).tensors]
    parameters = [nn.Parameter(tensor) for tensor in start]
    weights, biases = parameters[: len(SIZES) - 1], parameters[len(SIZES) - 1 :]
    none = [0.0] * len(weights)
    groups: list[dict[str, object]] = [
        {"params": [weight], "weight_decay": decay}
        for weight, decay in zip(weights, DECAYS[member] if decay else none, strict=True)
    ]
    groups.append({"params": biases, "weight_decay": 0.0})
    factory = case.torch_factory or Averaged
    optimizer = factory(groups, values)
    clip_norm = values["clip_norm"]
    for step in range(STEPS // EPOCH * per_epoch):
        for group in optimizer.param_groups:
            group["lr"] = _lr(values) * factor(step // per_epoch)
        for parameter, g in zip(parameters, gradient(step, member), strict=True):
            parameter.grad = g.clone()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters, float(clip_norm))
        for weight, l1 in zip(weights, L1S[member] if decay else none, strict=True):
            assert weight.grad is not None
            weight.grad += l1 * weight.detach().sign()
        optimizer.step()
    return [parameter.detach() for parameter in parameters]


class Averaged:
    """`momentum` in NumPy: v <- alpha v + (1 - alpha) g, p <- p - lr v."""

    def __init__(self, groups: list[dict[str, object]], values: Values) -> None:
        self.param_groups: list[dict[str, Any]] = groups
        self.alpha = float(values["alpha"] or 0)
        self.velocities: dict[int, float | np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = {}

    def step(self) -> None:
        """One step."""
        for group in self.param_groups:
            for p in group["params"]:
                g = p.grad.numpy() + group["weight_decay"] * p.detach().numpy()
                v = self.velocities.get(id(p), 0.0)
                v = self.alpha * v + (1 - self.alpha) * g
                self.velocities[id(p)] = v
                p.data -= torch.from_numpy(group["lr"] * v)


def one_row(rates: list[float]) -> Tensor:
    """The members' rates in all steps of an epoch."""
    return torch.tensor([rates], dtype=torch.float64)


def train(
    configs: list[OptimizerConfig], members: list[int], per_epoch: list[int]
) -> Iterator[tuple[int, LayerTensors, Optimizer]]:
    """Ten epochs; before and after each step yields how many members it concerns (0: before)."""
    parameters = layers(3, 0).take(members, SIZES)
    gradients = parameters.like()
    equal_steps = min(per_epoch) == max(per_epoch)
    optimizer = Optimizer(parameters, gradients, configs, equal_steps=equal_steps)
    for epoch in range(STEPS // EPOCH):
        lr = [config.lr * factor(epoch) for config in configs]
        optimizer.begin_epoch(one_row(lr), [epoch * steps for steps in per_epoch])
        for step in range(max(per_epoch)):
            k = sum(steps > step for steps in per_epoch)
            for position, member in enumerate(members[:k]):
                found = gradient(epoch * per_epoch[position] + step, member)
                for tensor, g in zip(gradients.tensors, found, strict=True):
                    tensor[position] = g
            yield 0, parameters, optimizer
            optimizer.step(k)
            yield k, parameters, optimizer


def trained(
    configs: list[OptimizerConfig], members: list[int], per_epoch: list[int]
) -> LayerTensors:
    """The parameters after ten epochs."""
    *_, (_, parameters, _) = train(configs, members, per_epoch)
    return parameters


def test_every_optimizer_is_covered() -> None:
    """A new optimizer needs a case."""
    assert {case.name for case in CASES} == set(OPTIMIZERS)


@decay_and_clip
@every_case
def test_one_member(case: Case, decay: bool, clip: bool) -> None:
    """Fifty steps alone end where torch's do, for each of three sets of numbers."""
    for member in range(3):
        config = case.config(member, decay=decay, clip=clip)
        found = trained([config], [member], [EPOCH])
        expected = reference(case, member, decay=decay, clip=clip, per_epoch=EPOCH)
        for mine, theirs in zip(found.tensors, expected, strict=True):
            torch.testing.assert_close(mine[0], theirs, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("per_epoch", [[EPOCH] * 3, [5, 3, 2]], ids=["together", "uneven"])
@decay_and_clip
@every_case
def test_three_members(case: Case, decay: bool, clip: bool, per_epoch: list[int]) -> None:
    """Three sets of numbers in one optimizer, with equally many steps and with ever fewer."""
    configs = [case.config(member, decay=decay, clip=clip) for member in range(3)]
    found = trained(configs, [0, 1, 2], per_epoch)
    for member in range(3):
        steps = per_epoch[member]
        expected = reference(case, member, decay=decay, clip=clip, per_epoch=steps)
        single = trained([configs[member]], [member], [steps])
        for mine, alone, theirs in zip(found.tensors, single.tensors, expected, strict=True):
            torch.testing.assert_close(mine[member], theirs, rtol=1e-11, atol=1e-11)
            torch.testing.assert_close(mine[member], alone[0], rtol=1e-11, atol=1e-11)


@decay_and_clip
@every_case
def test_pieces_are_the_whole(
    case: Case, decay: bool, clip: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the flat tensors are cut, through a layer or where decay ends, but for rounding."""
    configs = [case.config(member, decay=decay, clip=clip) for member in range(3)]
    whole = trained(configs, [0, 1, 2], [EPOCH] * 3)
    for piece in (7, len(whole.flat_weights), len(whole.flat) - 1):
        monkeypatch.setattr(stack_optimizer, "PIECE", piece)
        cut = trained(configs, [0, 1, 2], [EPOCH] * 3)
        torch.testing.assert_close(cut.flat, whole.flat, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("equal_steps", [True, False])
@pytest.mark.parametrize("key", ["alpha", "rho", "beta1", "beta2"])
def test_decay_rates_near_one_in_single_precision(key: str, equal_steps: bool) -> None:
    """Beside others, 1 - 1e-8 is what it is alone, though no float32 lies so near 1."""
    case = next(case for case in CASES if key in case.numbers[0])
    configs = [case.config(0, decay=False, clip=False) for _ in range(3)]
    for config, rate in zip(configs, (0.9, 1 - 1e-4, 1 - 1e-8), strict=True):
        setattr(config, key, rate)
    stack = single_precision(configs, equal_steps)
    for member, config in enumerate(configs):
        alone = single_precision([config], equal_steps=True)
        for mine, expected in zip(stack.tensors, alone.tensors, strict=True):
            torch.testing.assert_close(mine[member], expected[0], rtol=1e-6, atol=1e-6)


def single_precision(configs: list[OptimizerConfig], equal_steps: bool) -> LayerTensors:
    """How far equal members move in five steps with gradients that are the same for all."""
    parameters = LayerTensors(len(configs), SIZES, dtype=torch.float32, device=torch.device("cpu"))
    gradients = parameters.like()
    optimizer = Optimizer(parameters, gradients, configs, equal_steps=equal_steps)
    optimizer.begin_epoch(one_row([config.lr for config in configs]), [0] * len(configs))
    for step in range(5):
        for tensor, g in zip(gradients.tensors, gradient(step, 0), strict=True):
            tensor.copy_(g.expand_as(tensor))
        optimizer.step(len(configs))
    return parameters


@pytest.mark.parametrize("alike", [True, False], ids=["one rate", "own rates"])
@pytest.mark.parametrize("per_epoch", [[EPOCH] * 3, [5, 3, 2]], ids=["together", "uneven"])
@every_case
def test_rates_of_each_step(case: Case, per_epoch: list[int], alike: bool) -> None:
    """A row for each step is as if every step began an epoch of its own, to the bit."""
    configs = [case.config(member, decay=True, clip=False) for member in range(3)]
    first = [configs[0].lr] * 3 if alike else [config.lr for config in configs]
    lr = torch.tensor([[rate * factor(s) for rate in first] for s in range(EPOCH)]).double()
    lr[1:3, 0] += 0 if alike else 0.01  # nor do all follow one schedule
    ends = []
    for at_once in (True, False):
        parameters = layers(3, 0)
        gradients = parameters.like()
        equal_steps = min(per_epoch) == max(per_epoch)
        optimizer = Optimizer(parameters, gradients, configs, equal_steps=equal_steps)
        for step in range(EPOCH):
            if at_once and step == 0:
                optimizer.begin_epoch(lr, [0, 0, 0])
            if not at_once:
                taken = [min(step, count) for count in per_epoch]
                optimizer.begin_epoch(lr[step : step + 1], taken)
            gradients.flat.copy_(layers(3, 1 + step).flat)
            optimizer.step(sum(count > step for count in per_epoch))
        optimizer.begin_epoch(one_row(first), [EPOCH] * 3)  # and rows may become one again
        optimizer.step(3)
        ends.append(parameters.flat.clone())
    assert torch.equal(*ends)


@every_case
def test_members_without_rows_do_not_move(case: Case) -> None:
    """While the first k step, no bit of the others changes, neither weights nor moments."""
    configs = [case.config(member, decay=True, clip=True) for member in range(3)]
    moved = False
    before: list[Tensor] = []
    for k, parameters, optimizer in train(configs, [0, 1, 2], [5, 3, 2]):
        state = [*parameters.tensors, *(t for m in optimizer.moments for t in m.tensors)]
        if k == 0:
            before = [tensor.clone() for tensor in state]
            continue
        for now, then in zip(state, before, strict=True):
            assert torch.equal(now[k:], then[k:])
        moved = moved or not torch.equal(parameters.tensors[0][:k], before[0][:k])
    assert moved


@every_case
def test_padding_stays_at_zero(case: Case) -> None:
    """A zero parameter with zero gradients stays zero, whatever its member's numbers."""
    configs = [case.config(member, decay=True, clip=True) for member in range(3)]
    parameters = layers(3, 0)
    gradients = parameters.like()
    for tensor in parameters.tensors:
        tensor[..., -1] = 0
    for equal_steps in (True, False):
        optimizer = Optimizer(parameters, gradients, configs, equal_steps=equal_steps)
        optimizer.begin_epoch(one_row([config.lr for config in configs]), [0] * 3)
        for step in range(5):
            gradients.flat.copy_(layers(3, 1 + step).flat)
            for tensor in gradients.tensors:
                tensor[..., -1] = 0
            optimizer.step(3)
    for tensor in parameters.tensors:
        assert (tensor[..., -1] == 0).all()
        assert (tensor[..., 0] != 0).all()


@pytest.mark.parametrize("equal_steps", [True, False])
@every_case
def test_decay_spares_biases(case: Case, equal_steps: bool) -> None:
    """Without gradients weights shrink and biases stay as they are."""
    config = case.config(0, decay=True, clip=False)
    parameters = layers(2, 0)
    start = parameters.like()
    start.flat.copy_(parameters.flat)
    gradients = parameters.like()
    optimizer = Optimizer(parameters, gradients, [config] * 2, equal_steps=equal_steps)
    optimizer.begin_epoch(one_row([config.lr] * 2), [0, 0])
    for _ in range(3):
        gradients.flat.zero_()
        optimizer.step(2)
    for now, then in zip(parameters.weights, start.weights, strict=True):
        assert (now.abs() < then.abs()).all()
    for now, then in zip(parameters.biases, start.biases, strict=True):
        assert torch.equal(now, then)


@pytest.mark.parametrize(
    ("name", "switch"), [("adam", "amsgrad"), ("adamw", "amsgrad"), ("rmsprop", "centered")]
)
def test_members_share_their_switches(name: str, switch: str) -> None:
    """A switch that differs is refused, as another rule is."""
    off, on = [case for case in CASES if case.name == name]
    assert on.switches[switch]
    other = next(case for case in CASES if case.name != name)
    for second in (on, other):
        configs = [one.config(0, decay=False, clip=False) for one in (off, second)]
        parameters = layers(2, 0)
        with pytest.raises(ValueError, match="share their optimizer"):
            Optimizer(parameters, parameters.like(), configs)
