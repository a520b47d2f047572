"""A column's values as the network reads them, and the way back."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import QuantileTransformer, RobustScaler, StandardScaler

from mlp_lab.data.arrays import Floats
from mlp_lab.data.column_encoding import InputColumn, LevelEncoding, Quantiles, Scaling
from mlp_lab.data.columns import UNSEEN, Column
from mlp_lab.data.schema import Schema, Target

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-100)


COLUMNS = arrays(np.float64, 7, elements=NUMBERS)


NAN = float("nan")


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


def test_a_spread_beyond_floats_is_no_column_of_zeros() -> None:
    """The deviation's squares overflow; nothing finite comes of it, which is refused by name."""
    values = np.array([1e200, -1e200, 3e199])
    with np.errstate(over="ignore"):
        scaling = Scaling.fit(values, "standard")
    assert np.isnan(scaling.apply(values)).all()


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


def test_two_levels_may_be_two_inputs() -> None:
    """As more levels are: zero for what is neither; names say which is which."""
    column = Column(name="c", kind="binary", levels=["no", "yes"])
    entry = InputColumn.fit(column, np.array([0.0, 1, 1, NAN]), "none", binary_inputs=2)
    assert entry.names == ["c=no", "c=yes", "c=(missing)"]
    schema = Schema([entry], NUMBER, None)
    found = encode_rows(schema, np.array([[0.0], [1], [UNSEEN], [NAN]]))
    np.testing.assert_array_equal(found, [[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]])
    assert schema.level_inputs == [(0, 3)]
    more = replace(LETTERS, min_frequency=0.0)
    fitted = InputColumn.fit(more, np.repeat(np.arange(4.0), 3), "none", binary_inputs=2).encoding
    assert fitted == LevelEncoding(4, other=False, missing=False)


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


def test_fewer_quantiles_are_those_of_scikit_learn() -> None:
    """Values between two of them lie on a line between their normal scores' ranks."""
    values = np.random.default_rng(0).lognormal(size=300)
    theirs = QuantileTransformer(n_quantiles=20, output_distribution="normal").fit(values[:, None])
    ours = Scaling.fit(values, "quantile", Quantiles(20))
    assert len(ours.quantiles) == 20
    np.testing.assert_allclose(ours.apply(values), theirs.transform(values[:, None])[:, 0])


def test_noise_parts_equal_values_and_repeats_itself() -> None:
    """Half of the rows are one value: without noise half of the quantiles are, too."""
    values = np.concatenate([np.zeros(500), np.linspace(1, 2, 500)])

    def quantiles(noise: float, seed: int = 0) -> list[float]:
        plan = Quantiles(100, noise, np.random.default_rng(seed))
        return Scaling.fit(values, "quantile", plan).quantiles

    plain, noisy = quantiles(0), quantiles(1e-3)
    assert len(set(plain)) < 55
    assert len(set(noisy)) == 100
    assert sorted(noisy) == noisy
    np.testing.assert_allclose(noisy, plain, atol=5e-3)
    assert (quantiles(1e-3), quantiles(1e-3, 1) == noisy) == (noisy, False)
