"""What the network sees, and the way back."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from lab import configure

from mlp_lab.data.encoding import Encoded, Scaling, Schema, encode
from mlp_lab.data.raw import DataConfig, Floats, RawData
from mlp_lab.data.splitting import Split, split_rows
from mlp_lab.network.losses import choose_objective

SETS = ["iris", "breast_cancer", "diabetes"]
NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-100)
TABLES = arrays(np.float64, (7, 3), elements=NUMBERS)


def encoded(raw: RawData, split: Split, config: DataConfig) -> Encoded:
    """With the task's own output."""
    return encode(raw, split, config, choose_objective(raw.task, "auto", "auto").output)


@pytest.mark.parametrize("name", SETS)
def test_statistics_come_from_training_rows(name: str) -> None:
    """They are standardised themselves, the others are not quite."""
    config = configure(f"data={name}").data
    raw = config.load()
    data = encoded(raw, split_rows(raw, config), config)
    np.testing.assert_allclose(data.train[0].mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(data.train[0].std(0), 1)
    assert np.abs(data.test[0].mean(0)).max() > 1e-3
    if raw.classes is None:
        np.testing.assert_allclose(data.train[1].std(), 1)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("part", ["val", "test"])
def test_a_row_outside_training_changes_itself_only(name: str, part: str) -> None:
    """Nothing leaks from validation or test rows."""
    config = configure(f"data={name}").data
    raw = config.load()
    split = split_rows(raw, config)
    row = getattr(split, part)[3]
    inputs, target = raw.inputs.copy(), raw.target.copy()
    inputs[row] = 1e6
    target[row] = 1 - target[row] if raw.classes else 1e6
    before = encoded(raw, split, config)
    after = encoded(replace(raw, inputs=inputs, target=target), split, config)
    assert before.schema == after.schema
    for name_of_part in ("train", "val", "test"):
        for was, now in zip(
            getattr(before, name_of_part), getattr(after, name_of_part), strict=True
        ):
            different = np.flatnonzero((was != now).any(axis=1)).tolist()
            assert different == ([3] if name_of_part == part else [])


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9 + 0.1, -3.3])
def test_constant_columns_become_zero(constant: float) -> None:
    """And are not blown up by a deviation that is rounding."""
    values = np.stack([np.full(1001, constant), np.arange(1001.0)], axis=1)
    scaling = Scaling.fit(values)
    assert scaling.scale[0] == 1
    np.testing.assert_allclose(scaling.apply(values)[:, 0], 0, atol=1e-12 * max(1, abs(constant)))


def test_a_tiny_spread_is_no_division_by_zero() -> None:
    """A column whose variance underflows is not constant, but its deviation is 0."""
    values = np.array([[0.0], [1e-200]])
    assert np.isfinite(Scaling.fit(values).apply(values)).all()


@settings(deadline=None, max_examples=60)
@given(fitted=TABLES, values=TABLES)
def test_undo_is_the_way_back(fitted: Floats, values: Floats) -> None:
    """For any rows, and any that the statistics come from."""
    scaling = Scaling.fit(fitted)
    there = scaling.apply(values)
    assert np.isfinite(there).all()
    size = max(np.abs(fitted).max(), np.abs(values).max(), 1)
    np.testing.assert_allclose(scaling.undo(there), values, rtol=1e-9, atol=1e-9 * size)


@pytest.mark.parametrize("name", [*SETS, "moons", "sine"])
def test_schema_survives_json(name: str) -> None:
    """Exactly: floats too."""
    config = configure(f"data={name}").data
    raw = config.load()
    schema = encoded(raw, split_rows(raw, config), config).schema
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


@pytest.mark.parametrize(
    ("name", "output", "outputs"),
    [
        ("iris", "softmax", 3),
        ("moons", "sigmoid", 1),
        ("moons", "softmax", 2),
        ("moons", "linear", 1),
        ("diabetes", "linear", 1),
    ],
)
def test_outputs(name: str, output: str, outputs: int) -> None:
    """One for each class, or one for the second of two."""
    config = configure(f"data={name}").data
    raw = config.load()
    split = split_rows(raw, config)
    data = encode(raw, split, config, output)
    assert data.schema.outputs == outputs
    targets = data.test[1]
    assert targets.shape == (len(split.test), outputs)
    if outputs > 1:
        np.testing.assert_array_equal(targets.argmax(1), raw.target[split.test])
        np.testing.assert_array_equal(targets.sum(1), 1)
    elif raw.classes:
        np.testing.assert_array_equal(targets[:, 0], raw.target[split.test])
