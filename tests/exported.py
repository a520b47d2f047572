"""Networks with drawn weights on columns of every kind, and their graphs in onnxruntime."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from mlp_lab.data.arrays import Floats
from mlp_lab.data.column_encoding import InputColumn, Scaling
from mlp_lab.data.columns import Column, classified
from mlp_lab.data.schema import AnyTarget, Schema, Target
from mlp_lab.data.tables.frames import TableFrame, feature_values
from mlp_lab.network.embedding_plan import EmbeddedColumns, plan_embedding
from mlp_lab.network.losses import Objective
from mlp_lab.network.plain_network import Ensemble, plain_network
from mlp_lab.network.saved import Layers
from mlp_lab.predictor import Predictor

Given = dict[str, NDArray[np.generic]]

UNSCALED = Scaling(0.0, 1.0, [])
TWO = Target(classified("vote", ["no", "yes"]), "binary", ["no", "yes"], 1, "none", UNSCALED)
THREE = Target(
    classified("size", ["s", "m", "l"]), "multiclass", ["s", "m", "l"], 3, "none", UNSCALED
)
NUMBER = Target(Column(name="wage"), "regression", None, 1, "none", Scaling(20.0, 4.0, []))


def number(name: str, method: str = "standard", *, gaps: bool = False) -> InputColumn:
    """A column of numbers that tie, -9 among those that mean no value."""
    values = np.round(np.random.default_rng(len(name)).lognormal(3, 1, 80))
    values[::7] = np.nan if gaps else 7.0
    return InputColumn.fit(Column(name=name, missing=["-9"]), values, method)


def levels(name: str, kind: str, *codes: float) -> InputColumn:
    """A column with levels a, b, ..., of rows that have these codes; NaN is a missing one."""
    known = list("abcdef"[: int(np.nanmax(codes)) + 1])
    column = Column(name=name, kind=kind, levels=known)
    return InputColumn.fit(column, np.array([*codes] * 9), "standard")


def date(name: str, method: str = "standard", *, gaps: bool = False) -> InputColumn:
    """A column of dates around 1970."""
    days = np.random.default_rng(1).uniform(-20_000, 20_000, 80)
    days[::5] = np.nan if gaps else 0
    return InputColumn.fit(Column(name=name, kind="date"), days, method)


def predictor(
    columns: Sequence[InputColumn],
    target: AnyTarget = TWO,
    output: str = "sigmoid",
    loss: str = "bce",
    *,
    activations: Sequence[str] = ("tanh",),
    dtype: torch.dtype = torch.float32,
    normalisation: str = "none",
    residual: bool = False,
    embedding: str = "none",
    networks: int = 1,
) -> Predictor:
    """Networks with drawn weights, 6 units in each hidden layer."""
    schema = Schema(list(columns), target, weight=None)
    objective = Objective(output, loss)
    numbers, indicators = tuple(schema.number_inputs), tuple(schema.level_inputs)
    plan = plan_embedding(
        EmbeddedColumns(numbers, indicators, len(schema.names)),
        kind=embedding,
        size=3,
        bins=5,
        frequencies=2,
        category_size=2 if embedding != "none" else 0,
    )
    sizes = [len(schema.names), *[6 for _ in activations]]
    sizes.append(objective.pre_activations(target.outputs))
    layers = Layers(
        sizes, list(activations), output, loss, plan, normalisation=normalisation, residual=residual
    )
    made = []
    for seed in range(networks):
        draw = torch.Generator().manual_seed(seed)
        state = {
            name: (torch.randn(*shape, generator=draw, dtype=torch.float64) * 0.4).to(dtype)
            for name, shape in layers.network_shapes.items()
        }
        for name, tensor in state.items():
            if name.endswith("running_var"):
                tensor.square_()
            elif name.endswith("knots"):
                state[name] = tensor.sort(dim=1).values
        made.append(
            plain_network(
                layers.linear_sizes,
                layers.activations,
                output,
                state,
                plan,
                normalisation=normalisation,
                residual=residual,
            )
        )
    return Predictor(made[0] if networks == 1 else Ensemble(made), schema, objective)


def values_of(model: Predictor, rows: pd.DataFrame) -> Floats:
    """Values of the columns as `predict` reads them; dates are days since 1970 here."""
    dates = [e.column.name for e in model.schema.inputs if e.column.kind == "date"]
    texts = dict.fromkeys(dates, "2000-01-01")
    values = feature_values(TableFrame(rows.assign(**texts)), model.schema)
    for place, entry in enumerate(model.schema.inputs):
        if entry.column.kind == "date":
            values[:, place] = rows[entry.column.name]
    return values


def run_graph(path: Path, rows: pd.DataFrame) -> Given:
    """What onnxruntime gives for the columns of a frame."""
    runtime = pytest.importorskip("onnxruntime")
    runtime.set_default_logger_severity(3)
    session = runtime.InferenceSession(str(path))
    kinds = {"tensor(string)": object, "tensor(double)": np.float64}
    given = {
        entry.name: rows[entry.name].to_numpy(kinds[entry.type])[:, None]
        for entry in session.get_inputs()
    }
    names = [entry.name for entry in session.get_outputs()]
    return dict(zip(names, session.run(None, given), strict=True))


def held(model: Predictor, rows: pd.DataFrame, folder: Path) -> Given:
    """What the graph gives, once it is what `predict` gives to 1e-6."""
    pytest.importorskip("onnx")
    model.export(folder / "model.onnx")
    given, wanted = run_graph(folder / "model.onnx", rows), model.answers(values_of(model, rows))
    _require_alike(given, _together(model, wanted))
    return given


def _together(model: Predictor, wanted: Mapping[str, NDArray[np.generic]]) -> Given:
    """The probabilities of one target's classes as one array, as graphs have them."""
    target = model.schema.target
    found = dict(wanted)
    if isinstance(target, Target) and model.gives_probabilities:
        own = [found.pop(f"probability_{name}") for name in target.classes or []]
        found["probabilities"] = np.column_stack(own)
    return found


def _require_alike(given: Given, wanted: Given) -> None:
    assert given.keys() == wanted.keys()
    for name, values in wanted.items():
        assert given[name].shape == values.shape, name
        if values.dtype.kind == "f":
            scale = max(1.0, float(np.nanmax(np.abs(values.astype(float)))))
            apart = np.abs(given[name].astype(float) - values.astype(float)).max() / scale
            assert apart < 1e-6, (name, apart)
        else:
            assert given[name].tolist() == values.tolist(), name
