"""No dead knob: every field of the config, changed, changes what it says it does."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import get_type_hints

import hydra
import numpy as np
import pytest
import torch
from lab import BARE, CONFIGS, Plain, changed, curves, train_values, trained, values_of, written
from safetensors.torch import load_file
from surveys import SETTINGS, survey
from surveys import written as save_survey
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from mlp_lab.compare.records import read_run
from mlp_lab.config.reading import read
from mlp_lab.config.schema import CHOICES, Config
from mlp_lab.data.catalogue import DATA
from mlp_lab.data.config import DataConfig
from mlp_lab.data.loading import load_rows
from mlp_lab.data.preprocessing import EncodedData, EncodedPart
from mlp_lab.data.synthetic import FUNCTIONS
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.engine import stack as stack_module
from mlp_lab.engine.device import choose_device
from mlp_lab.engine.kernel import NativeTraining
from mlp_lab.errors import UserError
from mlp_lab.native.building import available
from mlp_lab.network import backprop
from mlp_lab.network.backprop import Batch
from mlp_lab.network.layers import LayerTensors
from mlp_lab.network.losses import LOSS_CONFIGS, Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.network.optimizers import OPTIMIZERS
from mlp_lab.network.schedules import SCHEDULES
from mlp_lab.runs import checkpoint as checkpoints
from mlp_lab.runs.prepared_data import prepare_data

OPTIMIZER_VALUES: dict[str, object] = {
    "lr": 0.02,
    "weight_decay": 0.3,
    "l1": 0.1,
    "clip_norm": 0.01,
    "eps": 0.05,
    "alpha": 0.5,
    "momentum": 0.5,
    "rho": 0.5,
    "lr_decay": 0.1,
    "initial_accumulator": 0.1,
    "centered": True,
    "amsgrad": True,
    "beta1": 0.5,
    "beta2": 0.5,
}
"""Another value for each field that an optimizer may have."""

SCHEDULE_VALUES: dict[str, object] = {
    "step_size": 2,
    "gamma": 0.1,
    "floor": 0.3,
    "warmup_epochs": 3,
    "warmup_share": 0.6,
    "per": "step",
    "start": 0.6,
    "then": "cosine",
    "patience": 2,
    "threshold": 0.0,
}
LOSS_VALUES: dict[str, object] = {
    "delta": 0.1,
    "quantile": 0.9,
    "gamma": 0.5,
    "label_smoothing": 0.2,
}
LOSS_DATA = dict.fromkeys(("mse", "mae", "huber", "quantile", "poisson"), "diabetes")
LOSS_DATA |= {"bce": "moons", "ordinal": "gaussians"}
"""What a loss is tried on, where that is not iris."""
SCHEDULE_BASES: dict[str, Plain] = {
    "constant": {},
    "step": {"step_size": 1},
    "cosine": {},
    "warmup": {"warmup_epochs": 2},
    "one_cycle": {"per": "epoch"},
    "plateau": {"patience": 0, "threshold": 0.9},
}
SCHEDULE_FIELD_BASES: dict[tuple[str, str], Plain] = {
    **{("warmup", field): {"then": "cosine"} for field in ("floor", "per")}
}
"""What else must be set for a field to count."""

DATA_VALUES: dict[str, object] = {
    "test_fraction": 0.3,
    "val_fraction": 0.25,
    "folds": 3,
    "fold": 1,
    "repeat": 1,
    "split_seed": 1,
    "train_rows": 90,
    "label_noise": 0.4,
    "scaling": "robust",
    "quantiles": 5,
    "quantile_noise": 0.5,
    "target_transform": "log1p",
    "class_weights": "balanced",
    "rows": 500,
    "noise": 0.2,
    "classes": 4,
    "turns": 1.0,
    "points": 25,
    "periods": 3.0,
    "outliers": 0.2,
    "formula": "x^2",
    "low": -2.0,
    "high": 2.0,
}
FOLDS: Plain = {"data.folds": 4}
BY_QUANTILES: Plain = {"data.scaling": "quantile"}
DATA_BASES: dict[str, Plain] = {
    **dict.fromkeys(("fold", "repeat"), FOLDS),
    **dict.fromkeys(("quantiles", "quantile_noise"), BY_QUANTILES),
}
"""What else must be set for a data setting to count."""

WEIGHT_VALUES: dict[str, tuple[Plain, object]] = {
    "seed": ({}, 1),
    "ensemble": ({}, 2),
    "batch_size": ({}, 16),
    "model.depth": ({}, 2),
    "model.width": ({}, 5),
    "model.activation": ({}, "tanh"),
    "model.output": ({"loss": {"name": "mse"}}, "linear"),
    "model.dropout": ({}, 0.5),
    "model.init": ({}, "glorot"),
    "model.normalisation": ({}, "layer"),
    "model.residual": ({"model.depth": 2}, True),
    "averaging.kind": ({}, "ema"),
    "averaging.decay": ({"averaging.kind": "ema"}, 0.5),
    "averaging.start": ({"averaging.kind": "swa"}, 0.5),
    "model.embedding": ({}, "piecewise"),
    "model.embedding_size": ({"model.embedding": "piecewise"}, 3),
    "model.bins": ({"model.embedding": "piecewise"}, 7),
    "model.frequencies": ({"model.embedding": "periodic"}, 3),
    "model.frequency_scale": ({"model.embedding": "periodic"}, 0.7),
}
"""Settings of which other weights follow: what else must be set, and the other value."""

ROWS = 98
"""Training rows of iris."""


def small(**sections: object) -> Plain:
    """Three epochs on iris, nothing recorded that is not looked at."""
    return values_of("data=iris", "model=shallow", *BARE, epochs=3, **sections)


def section_leaves(kind: type, path: str) -> set[str]:
    """Every setting below one config class, as `optimizer.adam.lr` where a choice comes between."""
    if kind in CHOICES:
        return {
            f"{path}.{name}.{field.name}"
            for name, choice in CHOICES[kind].items()
            for field in fields(choice)
        }
    leaves: set[str] = set()
    for name, hint in get_type_hints(kind).items():
        inner = f"{path}.{name}" if path else name
        if isinstance(hint, type) and is_dataclass(hint):
            leaves |= section_leaves(hint, inner)
        else:
            leaves.add(inner)
    return leaves


def test_a_section_has_cases_for_every_field() -> None:
    """A new field without a case here is a field that nobody has seen work."""
    cases = {
        *(f"{group}.{name}.name" for group in CHOICE_TABLES for name in CHOICE_TABLES[group]),
        *(f"loss.{name}.{field}" for name, field in LOSS_CASES),
        *(f"optimizer.{name}.{field}" for name, field in OPTIMIZER_CASES),
        *(f"schedule.{name}.{field}" for name, field in SCHEDULE_CASES),
        *(f"data.{name}.{field}" for name, field in DATA_CASES),
        *(f"data.table.{field}" for field in field_names(TableConfig)),  # see test_table_settings
        *WEIGHT_VALUES,
        *EFFECTS,
        "budget",  # see runs/test_search.py
        "device",
        "devices",  # see runs/test_team.py
        "autocast",  # see runs/test_member.py: only a GPU has it
        "gradient",
        "kernel",
        "model.category_size",
        "quiet",
        "resume",
        "tracking.checkpoint_share",
        "vary",
    }
    assert cases == section_leaves(Config, "")


def field_names(kind: type) -> list[str]:
    """A choice's settings."""
    return [field.name for field in fields(kind) if field.name != "name"]


CHOICE_TABLES: dict[str, Mapping[str, type]] = {
    "data": DATA,
    "loss": LOSS_CONFIGS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}
LOSS_CASES = [(name, field) for name in LOSS_CONFIGS for field in field_names(LOSS_CONFIGS[name])]
OPTIMIZER_CASES = [(name, field) for name in OPTIMIZERS for field in field_names(OPTIMIZERS[name])]
SCHEDULE_CASES = [(name, field) for name in SCHEDULES for field in field_names(SCHEDULES[name])]
DATA_CASES = [
    (name, field) for name in DATA if name != "table" for field in field_names(DATA[name])
]


def values_of_loss(name: str) -> Plain:
    """As its file has it."""
    return {"loss": values_of(f"loss={name}")["loss"]}


@pytest.mark.parametrize(("name", "field"), LOSS_CASES)
def test_a_losss_setting_changes_the_weights(name: str, field: str) -> None:
    """Every field of every loss."""
    values = small(data=data_section(LOSS_DATA.get(name, "iris"))) | values_of_loss(name)
    other = changed(values, {f"loss.{field}": LOSS_VALUES[field]})
    assert not torch.equal(trained(values)[0], trained(other)[0])


def test_no_two_losses_are_one() -> None:
    """The name chooses what is minimised."""
    ends: list[Tensor] = []
    for name in LOSS_CONFIGS:
        values = small(data=data_section(LOSS_DATA.get(name, "iris"))) | values_of_loss(name)
        if name != "auto":
            ends.append(trained(values)[0])
    pairs = combinations(ends, 2)
    assert not any(one.shape == other.shape and torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize(("name", "field"), OPTIMIZER_CASES)
def test_an_optimizers_setting_changes_the_weights(name: str, field: str) -> None:
    """Every field of every optimizer."""
    values = small() | {"optimizer": values_of(f"optimizer={name}")["optimizer"]}
    values["batch_size"] = "full" if name == "gd" else 32
    # The largest average differs from the last once the average has fallen.
    values = changed(values, {"optimizer.beta2": 0.2} if field == "amsgrad" else {})
    other = changed(values, {f"optimizer.{field}": OPTIMIZER_VALUES[field]})
    assert not torch.equal(trained(values)[0], trained(other)[0])


def test_no_two_optimizers_are_one() -> None:
    """The name chooses the rule; gradient descent is SGD with all rows, by its definition."""
    ends = {}
    for name in OPTIMIZERS:
        values = small() | {"optimizer": values_of(f"optimizer={name}")["optimizer"]}
        rule = {"batch_size": "full", "optimizer.lr": 0.01}
        decay = {"optimizer.weight_decay": 0.01}  # the one difference of Adam and AdamW
        ends[name] = trained(changed(values, rule | decay))[0]
    same = {(a, b) for a in ends for b in ends if a < b and torch.equal(ends[a], ends[b])}
    assert same == {("gd", "sgd")}


@pytest.mark.parametrize(("name", "field"), SCHEDULE_CASES)
def test_a_schedules_setting_changes_the_learning_rate(name: str, field: str) -> None:
    """Every field of every schedule, and the weights with it."""
    values = small() | {"schedule": values_of(f"schedule={name}")["schedule"], "epochs": 8}
    own = SCHEDULE_BASES[name] | SCHEDULE_FIELD_BASES.get((name, field), {})
    values = changed(values, {f"schedule.{key}": value for key, value in own.items()})
    other = changed(values, {f"schedule.{field}": SCHEDULE_VALUES[field]})
    (weights, rows), (other_weights, other_rows) = trained(values), trained(other)
    assert [row["lr"] for row in rows] != [row["lr"] for row in other_rows]
    assert not torch.equal(weights, other_weights)


def test_no_two_schedules_are_one() -> None:
    """The name chooses the curve of the learning rate."""
    rates = set()
    for name in SCHEDULES:
        values = small() | {"schedule": values_of(f"schedule={name}")["schedule"], "epochs": 12}
        base = {f"schedule.{key}": value for key, value in SCHEDULE_BASES[name].items()}
        rates.add(tuple(row["lr"] for row in trained(changed(values, base))[1]))
    assert len(rates) == len(SCHEDULES)


@pytest.mark.parametrize(("name", "field"), DATA_CASES)
def test_a_data_setting_changes_the_rows(name: str, field: str) -> None:
    """Every field of every data set: the encoded training rows are others, or otherwise many."""
    values = changed(small(data=data_section(name)), DATA_BASES.get(field, {}))
    other = changed(values, {f"data.{field}": DATA_VALUES[field]})
    first = (
        encoded_rows(name)
        if field not in DATA_BASES
        else prepare_data(read(Config, values, "")).encoded
    )
    classes = first.schema.target.task != "regression"
    unfit = {"target_transform"} if classes else {"class_weights"}
    negative = (*FUNCTIONS, "function")
    if field in unfit or (field == "target_transform" and name in negative):
        with pytest.raises(UserError, match=f"^data.{field}={DATA_VALUES[field]} "):
            prepare_data(read(Config, other, ""))
        return
    assert not same_rows(first.train, prepare_data(read(Config, other, "")).encoded.train)


def data_section(name: str) -> object:
    """A data set at its file's settings."""
    return values_of(f"data={name}")["data"]


@cache
def encoded_rows(name: str) -> EncodedData:
    """At its file's settings."""
    return prepare_data(read(Config, small(data=data_section(name)), "")).encoded


def same_rows(one: EncodedPart, other: EncodedPart) -> bool:
    """Inputs, targets and weights are the same."""
    if (one.weights is None) != (other.weights is None):
        return False
    if one.loss_weights is not None and other.loss_weights is not None:
        return np.array_equal(one.loss_weights, other.loss_weights)
    return np.array_equal(one.inputs, other.inputs) and np.array_equal(one.targets, other.targets)


def test_no_two_data_sets_are_one() -> None:
    """The name chooses the rows, of sets with the same settings too."""
    targets = [
        load_rows(read(DataConfig, data_section(name), "data")) for name in DATA if name != "table"
    ]
    for k, raw in enumerate(targets):
        for other in targets[:k]:
            assert not (
                np.array_equal(raw.target, other.target)
                and np.array_equal(raw.inputs, other.inputs)
            )


@pytest.mark.parametrize("key", WEIGHT_VALUES)
def test_a_setting_changes_the_weights(key: str) -> None:
    """What shapes the network, its loss and its batches."""
    base, value = WEIGHT_VALUES[key]
    values = changed(small(), base)
    first, second = (trained(each)[0] for each in (values, changed(values, {key: value})))
    assert first.shape != second.shape or not torch.equal(first, second)


def epochs_run(folder: Path) -> object:
    """How many epochs the run took."""
    return len(curves(folder))


def best_epoch(folder: Path) -> object:
    """Whose weights were kept."""
    return json.loads((folder / "result.json").read_text())["best_epoch"]


def best_by_accuracy(folder: Path) -> object:
    """Whether the kept epoch is the first with the highest validation accuracy."""
    accuracies = [row["val_accuracy"] for row in curves(folder)]
    return best_epoch(folder) == accuracies.index(max(accuracies)) + 1


def best_by_auc(folder: Path) -> object:
    """Whether the kept epoch is the first with the largest area, which the result has, too."""
    rows = curves(folder)
    if "val_roc_auc" not in rows[0]:
        return None
    areas = [row["val_roc_auc"] for row in rows]
    own = json.loads((folder / "result.json").read_text())["val"]["roc_auc"]
    return best_epoch(folder) == areas.index(max(areas)) + 1 and own == pytest.approx(max(areas))


def weights_dtype(folder: Path) -> object:
    """Of the saved network."""
    return load_file(folder / "model.safetensors")["output.weight"].dtype


def torch_threads(folder: Path) -> object:
    """As result.json has them."""
    return json.loads((folder / "result.json").read_text())["environment"]["threads"]


def pages(folder: Path) -> object:
    """The report's files."""
    return sorted(written(folder) & {"report.html", "learning_curve.png"})


def baselines(folder: Path) -> object:
    """Names of what the network was held against."""
    return list(json.loads((folder / "result.json").read_text())["baselines"])


def calibrated(folder: Path) -> object:
    """Whether the saved network has a temperature."""
    return "temperature" in json.loads((folder / "schema.json").read_text())["network"]


def labels(folder: Path) -> object:
    """Name and tags, as a list of runs has them."""
    return list(read_run(folder).labels.values())


def event_files(folder: Path) -> object:
    """How many event files there are."""
    return len(list(folder.glob("events.*")))


def histogram_epochs(folder: Path) -> object:
    """Epochs with a histogram of the first layer's weights."""
    events = EventAccumulator(str(folder), size_guidance={"histograms": 0})
    tags = events.Reload().Tags()["histograms"]
    name = "weights/Omega_0"
    return [event.step for event in events.Histograms(name)] if name in tags else []


def gradient_tags(folder: Path) -> object:
    """Names of gradient norms."""
    tags = EventAccumulator(str(folder)).Reload().Tags()["scalars"]
    return sorted(tag for tag in tags if tag.startswith("gradient_norm/"))


NORMS = [f"gradient_norm/{symbol}_{k}" for symbol in ("Omega", "beta") for k in (0, 1)]
SIMPLE = ["constant", "logistic"]
EVENTS: Plain = {"tracking.tensorboard": True, "epochs": 4}
RESTLESS: Plain = {"epochs": 12, "optimizer.lr": 0.1}
"""A run whose validation loss and accuracy go up and down."""

Look = Callable[[Path], object]
EFFECTS: dict[str, tuple[Plain, object, Look, object, object]] = {
    "epochs": ({}, 5, epochs_run, 3, 5),
    "dtype": ({}, "float64", weights_dtype, torch.float32, torch.float64),
    "threads": ({}, 2, torch_threads, 1, 2),
    "stop.patience": (RESTLESS | {"stop.min_delta": 9.0}, 2, epochs_run, 12, 3),
    "stop.min_delta": (RESTLESS | {"stop.patience": 4}, 9.0, epochs_run, None, 5),
    "stop.monitor": (RESTLESS, "metric", best_by_accuracy, False, True),
    "stop.weights_tol": ({}, 9.0, epochs_run, 3, 1),
    "stop.seconds": ({}, 1e-9, epochs_run, 3, 1),
    "name": ({}, "first try", labels, ["", ""], ["first try", ""]),
    "tags": ({}, ["a", "b"], labels, ["", ""], ["", "a, b"]),
    "tracking.tensorboard": ({}, True, event_files, 0, 1),
    "tracking.histograms": (EVENTS, 2, histogram_epochs, [], [2, 4]),
    "tracking.gradient_norms": (EVENTS, True, gradient_tags, [], NORMS),
    "tracking.boosting": ({}, "always", baselines, SIMPLE, [*SIMPLE, "boosting"]),
    "calibration": ({}, "always", calibrated, False, True),
    "tracking.report": ({}, True, pages, [], ["learning_curve.png", "report.html"]),
}
"""Setting -> what else must be set, its other value, where to look, what is there before, after."""


def test_any_score_chooses_the_best_epoch(tmp_path: Path) -> None:
    """Also one that no sums over rows give."""
    values = changed(small(), RESTLESS | {"stop.monitor": "roc_auc"})
    assert best_by_auc(train_values(tmp_path, values)) is True


@pytest.mark.parametrize("key", EFFECTS)
def test_a_setting_has_its_effect(key: str, tmp_path: Path) -> None:
    """What is seen before the change, and what after it."""
    base, value, look, before, after = EFFECTS[key]
    values = changed(small(), base)
    if before is not None:
        assert look(train_values(tmp_path / "before", values)) == before
    else:
        assert look(train_values(tmp_path / "before", values)) != after
    assert look(train_values(tmp_path / "after", changed(values, {key: value}))) == after
    torch.set_num_threads(1)


def test_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`auto` asks torch for a GPU, `cuda` insists on one, `cpu` does not ask."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"^device=cuda, but torch sees no CUDA device here"):
        train_values(tmp_path, small(device="cuda"))
    assert written(tmp_path) == set()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    chosen = [choose_device(name).type for name in ("auto", "cpu", "cuda")]
    assert chosen == ["cuda", "cpu", "cuda"]


def test_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """`autograd` leaves the backward pass to torch, and ends up at the same weights."""
    calls: list[object] = []
    theirs = backprop.autograd_backprop

    def counted(
        network: MLP,
        gradients: LayerTensors,
        objective: Objective,
        batch: Batch,
        *,
        autocast: torch.dtype | None,
    ) -> Tensor:
        calls.append(batch)
        return theirs(network, gradients, objective, batch, autocast=autocast)

    monkeypatch.setattr(stack_module, "autograd_backprop", counted)
    explicit = trained(small(dtype="float64"))[0]
    assert not calls
    autograd = trained(small(dtype="float64", gradient="autograd"))[0]
    assert len(calls) == 3 * -(-ROWS // 32)
    torch.testing.assert_close(explicit, autograd, rtol=1e-9, atol=1e-12)


@pytest.mark.skipif(not available("float64"), reason="no compiler is at hand")
def test_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """`torch` does without compiled code, and ends up at the same weights."""
    calls: list[int] = []
    theirs = NativeTraining.epoch

    def counted(self: NativeTraining, epoch: int, *given: object) -> None:
        calls.append(epoch)
        theirs(self, epoch, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(NativeTraining, "epoch", counted)
    torch_alone = trained(small(dtype="float64", kernel="torch"))[0]
    assert not calls
    for name in ("native", "auto"):
        found = trained(small(dtype="float64", kernel=name))[0]
        torch.testing.assert_close(torch_alone, found, rtol=1e-9, atol=1e-12)
    assert calls == [0, 1, 2] * 2


def test_category_size(tmp_path: Path) -> None:
    """Of a table with categories: fewer numbers reach the first layer, by a table that is saved."""
    path = save_survey(survey(), tmp_path)
    words = [*SETTINGS, f"data.path={path}", "model=shallow", *BARE]
    shapes = {}
    for size in (0, 2):
        values = changed(values_of(*words), {"epochs": 1, "model.category_size": size})
        state = load_file(train_values(tmp_path / str(size), values) / "model.safetensors")
        shapes[size] = {name: tuple(tensor.shape) for name, tensor in state.items()}
    assert shapes[2]["embedding.category_0"][1] == 2
    assert shapes[2]["hidden_0.weight"][1] < shapes[0]["hidden_0.weight"][1]


def test_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed, or progress, scores and the folder."""
    train_values(tmp_path / "quiet", small())
    assert capsys.readouterr() == ("", "")
    train_values(tmp_path / "talking", small(quiet=False))
    printed, errors = capsys.readouterr()
    assert "epoch 3/3" in printed
    assert "logistic" in printed
    assert printed.rstrip().endswith(str(tmp_path / "talking"))
    assert errors == ""


@pytest.mark.parametrize(("share", "saved"), [(0.0, 1), (1.0, 30)])
def test_checkpoint_share(
    share: float, saved: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0: one at the end. A share that pays for all of them: one each epoch."""
    calls: list[object] = []
    monkeypatch.setattr(checkpoints, "save_checkpoint", lambda *given: calls.append(given))
    values = changed(small(), {"tracking.checkpoint_share": share, "epochs": 30})
    monkeypatch.setattr(time, "perf_counter", iter(range(10**6)).__next__)
    train_values(tmp_path, values)
    assert len(calls) == saved


def test_resume_is_the_folder_of_the_run(tmp_path: Path) -> None:
    """Hydra is told to run there, and to write nothing: the run keeps the record itself."""
    run = train_values(tmp_path / "run", small())
    with hydra.initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        there, new = (
            hydra.compose("train", overrides=[f"resume={value}"], return_hydra_config=True).hydra
            for value in (run, "null")
        )
    assert there.run.dir == str(run)
    assert there.output_subdir is None
    assert new.run.dir.startswith("outputs/")
    assert new.output_subdir is None
