"""Small data sets and stacks for the tests of training."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypedDict, Unpack

import torch
from lab import PARTS
from objectives import loss_settings
from torch import Tensor

from mlp_lab.config.reading import read
from mlp_lab.data.config import DataConfig
from mlp_lab.data.dataset import Dataset
from mlp_lab.data.loading import load_rows
from mlp_lab.data.preprocessing import encode
from mlp_lab.data.schema import AnyTarget
from mlp_lab.data.splitting import split_rows
from mlp_lab.engine.averaging import AveragingConfig
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.engine.evaluation import TargetScale, sums_over_rows
from mlp_lab.engine.fit import fit
from mlp_lab.engine.ranks import Ranks
from mlp_lab.engine.records import MemberRecord
from mlp_lab.engine.row_source import RowSource
from mlp_lab.engine.stack import Member, SharedSettings, Stack
from mlp_lab.metrics.epoch import Scores, score
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.network.losses import Objective, choose_objective
from mlp_lab.network.mlp import MLP
from mlp_lab.network.optimizers import OptimizerConfig
from mlp_lab.network.schedules import ScheduleConfig

State = dict[str, Tensor]


torch.set_num_threads(1)  # these products are far too small to share: threads would only wait


@dataclass
class Trained:
    """What the training of one member left behind."""

    records: list[MemberRecord] = field(default_factory=list)
    final: State = field(default_factory=dict)
    best: State = field(default_factory=dict)
    best_epoch: int = 0


def _config(name: str, **changes: object) -> DataConfig:
    values: dict[str, object] = {**PARTS, "val_fraction": 0.2}
    if name not in ("iris", "wine", "breast_cancer", "diabetes"):
        values |= {"rows": 100, "noise": 0.2}
    values |= changes
    if name == "gaussians":
        values = {"classes": 3, **values}
    if name == "sine":
        values = {"periods": 1.0, "outliers": 0.0, **values}
    return read(DataConfig, {"name": name, **values}, "data")


def dataset(
    name: str,
    output: str = "auto",
    dtype: torch.dtype = torch.float64,
    device: str = "cpu",
    **changes: object,
) -> Dataset:
    """Encoded rows of a data set by name, in double precision; keywords change its config."""
    config = _config(name, **changes)
    raw = load_rows(config)
    objective = choose_objective(raw.task, output, loss_settings("auto"))
    encoded = encode(raw, split_rows(raw, config), config, objective.output, "float64")
    return Dataset.of(encoded, dtype, torch.device(device))


OWN_NUMBERS: dict[str, dict[str, float | bool]] = {
    "gd": {},
    "sgd": {},
    "momentum": {"alpha": 0.9},
    "heavy_ball": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "adagrad": {"lr_decay": 0.01, "initial_accumulator": 0.1, "eps": 1e-10},
    "adadelta": {"rho": 0.9, "eps": 1e-6},
    "rmsprop": {"rho": 0.9, "eps": 1e-8, "momentum": 0.5, "centered": False},
    "adam": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "amsgrad": False},
    "adamw": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "amsgrad": False},
}


def optimizer(name: str = "sgd", **changes: object) -> OptimizerConfig:
    """An optimizer's config by name; keywords change its numbers."""
    values = {
        "lr": 0.05,
        "weight_decay": 0.0,
        "l1": 0.0,
        "clip_norm": None,
        **OWN_NUMBERS[name],
        **changes,
    }
    return read(OptimizerConfig, {"name": name, **values}, "optimizer")


SCHEDULES: dict[str, dict[str, object]] = {
    "constant": {},
    "step": {"step_size": 1, "gamma": 0.5},
    "cosine": {"floor": 0.0, "per": "epoch"},
    "warmup": {
        "warmup_epochs": 1,
        "warmup_share": None,
        "start": 0.1,
        "then": "cosine",
        "floor": 0.0,
        "per": "epoch",
    },
    "one_cycle": {"warmup_share": 0.3, "start": 0.04, "floor": 0.0, "per": "step"},
    "plateau": {"gamma": 0.5, "patience": 1, "threshold": 0.05},
}


def schedule(name: str, **changes: object) -> ScheduleConfig:
    """A schedule's config by name; keywords change its settings."""
    return read(ScheduleConfig, {"name": name, **SCHEDULES[name], **changes}, "schedule")


def averaging(kind: str = "none", decay: float = 0.9, start: float = 0.0) -> AveragingConfig:
    """How weights are averaged."""
    return AveragingConfig(kind=kind, decay=decay, start=start)


class MemberChanges(TypedDict, total=False):
    """Numbers of a member."""

    widths: list[int]
    dropout: float | list[float]
    init: str
    seed: int
    epochs: int
    optimizer: OptimizerConfig
    schedule: ScheduleConfig
    embedding: EmbeddingPlan
    averaging: AveragingConfig
    monitor: str


def member(rows: Dataset, **changes: Unpack[MemberChanges]) -> Member:
    """A member on these rows; keywords change its numbers."""
    plain = Member(
        dataset=rows,
        widths=[6, 5],
        dropout=0.0,
        init="torch",
        seed=0,
        epochs=3,
        optimizer=optimizer(),
        schedule=ScheduleConfig(name="constant"),
        averaging=averaging(),
    )
    return replace(plain, **changes)


class SharedChanges(TypedDict, total=False):
    """What a stack shares."""

    ensemble: int
    activations: list[str]
    normalisation: str
    residual: bool
    objective: Objective
    batch_size: int | None
    gradient: str
    kernel: str
    dtype: torch.dtype
    autocast: torch.dtype | None
    device: torch.device
    ranks: Ranks | None


def shared(**changes: Unpack[SharedChanges]) -> SharedSettings:
    """What a stack shares; keywords change it."""
    plain = SharedSettings(
        activations=["tanh", "relu"],
        objective=Objective("softmax", "cce"),
        batch_size=16,
        gradient="explicit",
        dtype=torch.float64,
        device=torch.device("cpu"),
    )
    return replace(plain, **changes)


def train(
    members: Sequence[Member], shared: SharedSettings, monitor: str = "loss"
) -> list[Trained]:
    """Read `fit` to its end as a run does; what each member left behind."""
    stack = Stack(members, shared)
    trained = [Trained() for _ in members]
    watches = [EarlyStopping() for _ in members]
    for epoch in fit(stack):
        for record in epoch.members:
            position, one = stack.ids.index(record.member), trained[record.member]
            one.records.append(record)
            if record.diverged is not None:
                continue
            watch = watches[record.member]
            if watch.observe(record, monitor, 0.0):
                stack.keep_best([position])
            if record.epoch == members[record.member].epochs:
                one.final = copy.deepcopy(stack.network.member_state(position))
                one.best = copy.deepcopy(stack.best_network([position]).member_state(0))
                one.best_epoch = watch.best_epoch
    assert not stack.training
    return trained


def evaluate(
    network: MLP, source: RowSource, objective: Objective, targets: Sequence[AnyTarget]
) -> list[Scores]:
    """Loss and metrics of each member of a source that has rows for all."""
    own_scale = TargetScale(targets)
    sums = sums_over_rows(network, source, objective, own_scale).t().tolist()
    scales = own_scale.of_metrics(source)
    return [score(own_scale.task, row, scale) for row, scale in zip(sums, scales, strict=True)]
