"""What the network sees, and the way back."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from lab import configure
from sklearn.preprocessing import QuantileTransformer, RobustScaler, StandardScaler

from mlp_lab.data.arrays import Floats
from mlp_lab.data.column_encoding import InputColumn, Scaling
from mlp_lab.data.columns import UNSEEN, Column, classified, numeric
from mlp_lab.data.config import SCALINGS, DataConfig
from mlp_lab.data.loading import load_rows
from mlp_lab.data.preprocessing import EncodedData, encode
from mlp_lab.data.rows import RawData
from mlp_lab.data.schema import Schema, Target
from mlp_lab.data.splitting import Split, split_rows
from mlp_lab.errors import UserError
from mlp_lab.network.losses import choose_objective

SETS = ["iris", "breast_cancer", "diabetes"]
NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-100)
COLUMNS = arrays(np.float64, 7, elements=NUMBERS)
NAN = float("nan")


def encoded(raw: RawData, split: Split, config: DataConfig) -> EncodedData:
    """With the task's own output."""
    output = choose_objective(raw.task, "auto", "auto").output
    return encode(raw, split, config, output, "float64")


@pytest.mark.parametrize("name", SETS)
def test_statistics_come_from_training_rows(name: str) -> None:
    """They are standardised themselves, the others are not quite."""
    config = configure(f"data={name}").data
    raw = load_rows(config)
    data = encoded(raw, split_rows(raw, config), config)
    np.testing.assert_allclose(data.train.inputs.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(data.train.inputs.std(0), 1)
    assert np.abs(data.test.inputs.mean(0)).max() > 1e-3
    if raw.classes is None:
        np.testing.assert_allclose(data.train.targets.std(), 1)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("part", ["val", "test"])
def test_a_row_outside_training_changes_itself_only(name: str, part: str, scaling: str) -> None:
    """Nothing leaks from validation or test rows."""
    config = configure(f"data={name}", f"data.scaling={scaling}").data
    raw = load_rows(config)
    split = split_rows(raw, config)
    row = getattr(split, part)[3]
    inputs, target = raw.inputs.copy(), raw.target.copy()
    inputs[row] = 1e6
    target[row] = 1 - target[row] if raw.classes else 1e6
    before = encoded(raw, split, config)
    after = encoded(replace(raw, inputs=inputs, target=target), split, config)
    assert before.schema == after.schema
    for of_part in ("train", "val", "test"):
        was, now = getattr(before, of_part), getattr(after, of_part)
        for kind in ("inputs", "targets"):
            different = (getattr(was, kind) != getattr(now, kind)).any(axis=1)
            assert np.flatnonzero(different).tolist() == ([3] if of_part == part else [])


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9 + 0.1, -3.3])
@pytest.mark.parametrize("method", ["standard", "robust"])
def test_constant_columns_become_zero(constant: float, method: str) -> None:
    """And are not blown up by a deviation that is rounding."""
    values = np.full(1001, constant)
    scaling = Scaling.fit(values, method)
    assert scaling.scale == 1
    np.testing.assert_allclose(scaling.apply(values), 0, atol=1e-12 * max(1, abs(constant)))


def test_a_tiny_spread_is_no_division_by_zero() -> None:
    """A column whose variance underflows is not constant, but its deviation is 0."""
    values = np.array([0.0, 1e-200])
    assert np.isfinite(Scaling.fit(values, "standard").apply(values)).all()


@settings(deadline=None, max_examples=60)
@given(fitted=COLUMNS, values=COLUMNS)
def test_undo_is_the_way_back(fitted: Floats, values: Floats) -> None:
    """For any rows, and any that the statistics come from."""
    scaling = Scaling.fit(fitted, "standard")
    there = scaling.apply(values)
    assert np.isfinite(there).all()
    size = max(np.abs(fitted).max(), np.abs(values).max(), 1)
    np.testing.assert_allclose(scaling.undo(there), values, rtol=1e-9, atol=1e-9 * size)


@pytest.mark.parametrize(
    ("method", "theirs"),
    [
        ("standard", StandardScaler()),
        ("robust", RobustScaler()),
        ("quantile", QuantileTransformer(n_quantiles=300, output_distribution="normal")),
    ],
)
def test_scalings_are_those_of_scikit_learn(
    method: str, theirs: StandardScaler | RobustScaler | QuantileTransformer
) -> None:
    """On rows inside and outside the range of the fitted ones."""
    generator = np.random.default_rng(0)
    fitted = generator.lognormal(size=300)
    values = np.concatenate([fitted, generator.lognormal(size=200), [-1.0, 1e3]])
    expected = theirs.fit(fitted[:, None]).transform(values[:, None])[:, 0]
    found = Scaling.fit(fitted, method).apply(values)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_quantile_of_ties_is_their_middle() -> None:
    """A value that 60 % of rows share is the middle of that stretch."""
    fitted = np.repeat([1.0, 2.0, 3.0], [20, 60, 20])
    assert Scaling.fit(fitted, "quantile").apply(np.array([2.0])) == pytest.approx(0, abs=1e-9)


NUMBER = Target(Column(name="y"), "regression", None, 1, "none", Scaling(0.0, 1.0, []))


def encode_rows(schema: Schema, values: Floats) -> Floats:
    """Values of the schema's columns as the network reads them."""
    found = schema.encode_inputs(lambda i, block: values[block, i], len(values), "float64")
    return found.astype(np.float64)


def column_inputs(column: Column, train: list[float], values: list[float]) -> Floats:
    """Values of a column as the network reads them, fitted on others."""
    entry = InputColumn.fit(column, np.array(train), "none")
    schema = Schema([entry], NUMBER, None)
    return encode_rows(schema, np.array(values)[:, None])


def test_missing_numbers_are_the_median_and_told() -> None:
    """Of the training rows that have one; without any missing there, no input tells."""
    found = column_inputs(Column(name="x"), [1, 2, NAN, 9], [5, NAN])
    np.testing.assert_array_equal(found, [[5, 0], [2, 1]])
    np.testing.assert_array_equal(column_inputs(Column(name="x"), [1, 2, 9], [5, NAN]), [[5], [2]])


LETTERS = Column(name="c", kind="category", levels=["a", "b", "c", "d"], min_frequency=0.3)


def test_rare_and_unseen_levels_share_an_input() -> None:
    """Levels a and b are common in training, c is rare, d is not there at all."""
    entry = InputColumn.fit(LETTERS, np.array([0, 0, 0, 1, 1, 1, 2, 2.0]), "none")
    assert entry.names == ["c=a", "c=b", "c=(other)"]
    assert entry.column.levels == ["a", "b"]
    schema = Schema([entry], NUMBER, None)
    found = encode_rows(schema, np.array([[0.0], [1], [UNSEEN], [NAN]]))
    np.testing.assert_array_equal(found, [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]])


def test_unseen_levels_without_rare_ones_are_zeros() -> None:
    """An input that no training row uses would keep its random first weights."""
    whole = replace(LETTERS, levels=["a", "b", "c"], min_frequency=0.0)
    found = column_inputs(whole, [0, 0, 1, 1, 2, 2], [2, UNSEEN, NAN])
    np.testing.assert_array_equal(found, [[0, 0, 1], [0, 0, 0], [0, 0, 0]])


def test_missing_levels_have_their_own_input() -> None:
    """Where training rows miss some."""
    whole = replace(LETTERS, levels=["a", "b", "c"], min_frequency=0.0)
    found = column_inputs(whole, [0, 0, 1, 1, 2, 2, NAN], [2, NAN])
    np.testing.assert_array_equal(found, [[0, 0, 1, 0], [0, 0, 0, 1]])


def test_two_levels_are_one_input() -> None:
    """Halfway for what is neither."""
    column = Column(name="c", kind="binary", levels=["no", "yes"])
    np.testing.assert_array_equal(
        column_inputs(column, [0, 1, 1], [0, 1, UNSEEN]), [[0], [1], [0.5]]
    )
    np.testing.assert_array_equal(column_inputs(column, [0, 1, NAN], [1, NAN]), [[1, 0], [0.5, 1]])


def test_dates_are_year_month_weekday_and_days() -> None:
    """29 February 2024 was a Thursday; before 1970 too."""
    days = [(np.datetime64(date) - np.datetime64("1970-01-01")).astype(float) for date in DATES]
    found = column_inputs(Column(name="d", kind="date"), days, days)
    np.testing.assert_array_equal(found, [[2024, 2, 3, days[0]], [1969, 12, 2, -1]])


DATES = ["2024-02-29", "1969-12-31"]


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("name", [*SETS, "moons", "sine"])
def test_schema_survives_json(name: str, scaling: str) -> None:
    """Exactly: floats too."""
    config = configure(f"data={name}", f"data.scaling={scaling}").data
    raw = load_rows(config)
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
    raw = load_rows(config)
    split = split_rows(raw, config)
    data = encode(raw, split, config, output, "float64")
    target = data.schema.target
    assert target.outputs == outputs
    targets = data.test.targets
    assert targets.shape == (len(split.test), outputs)
    np.testing.assert_allclose(target.truth(targets), raw.target[split.test])
    if outputs > 1:
        np.testing.assert_array_equal(targets.argmax(1), raw.target[split.test])
        np.testing.assert_array_equal(targets.sum(1), 1)
    elif raw.classes:
        np.testing.assert_array_equal(targets[:, 0], raw.target[split.test])


@pytest.mark.parametrize(("transform", "function"), [("log", np.log), ("log1p", np.log1p)])
def test_the_network_learns_a_logarithm(transform: str, function: np.ufunc) -> None:
    """Standardised; decoding gives the target's own units."""
    config = configure("data=diabetes", f"data.target_transform={transform}").data
    raw = load_rows(config)
    split = split_rows(raw, config)
    data = encoded(raw, split, config)
    logarithms = function(raw.target[split.train])
    expected = (logarithms - logarithms.mean()) / logarithms.std()
    np.testing.assert_allclose(data.train.targets[:, 0], expected)
    np.testing.assert_allclose(data.schema.target.decode(data.test.targets), raw.target[split.test])


@pytest.mark.parametrize(
    ("name", "override", "message"),
    [
        ("sine", "target_transform=log", "data.target_transform=log needs y above 0, got -1"),
        ("sine", "target_transform=log1p", "data.target_transform=log1p needs y above -1, got -1"),
        ("iris", "target_transform=log", "data.target_transform=log is for numbers, but species"),
        ("diabetes", "class_weights=balanced", "data.class_weights=balanced is for classes, but"),
    ],
)
def test_settings_that_do_not_fit(name: str, override: str, message: str) -> None:
    """One line that names the key."""
    config = configure(f"data={name}", f"data.{override}").data
    raw = load_rows(config)
    if name == "sine":
        raw = replace(raw, target=np.round(raw.target))
    with pytest.raises(UserError) as error:
        encoded(raw, split_rows(raw, config), config)
    assert str(error.value).startswith(message)


def test_balanced_classes_share_the_loss() -> None:
    """With row weights too; metrics see the row weights alone."""
    config = configure("data=breast_cancer", "data.class_weights=balanced").data
    raw = load_rows(config)
    split = split_rows(raw, config)
    for weights in (None, np.arange(1.0, 1 + len(raw.target))):
        train = encoded(replace(raw, weights=weights), split, config).train
        assert train.loss_weights is not None
        assert train.weights is not None
        labels = train.targets[:, 0] > 0.5
        shares = [train.loss_weights[labels == label].sum() for label in (False, True)]
        assert shares[0] == pytest.approx(shares[1])
        expected = 1.0 if weights is None else weights[split.train]
        np.testing.assert_array_equal(train.weights, np.broadcast_to(expected, len(labels)))


def test_columns_of_one_name_are_apart() -> None:
    """A schema goes by position while training."""
    inputs = np.array([[0.0, 10], [1, 20], [2, 30], [3, 50]])
    raw = RawData(
        inputs,
        np.array([0.0, 1, 0, 1]),
        numeric(["x", "x"]),
        classified("y", ["a", "b"]),
        ["a", "b"],
    )
    split = Split(np.arange(4), np.arange(0), np.arange(0))
    train = encoded(raw, split, configure("data=iris").data).train
    assert not np.allclose(train.inputs[:, 0], train.inputs[:, 1])
