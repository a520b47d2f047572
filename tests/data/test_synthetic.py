"""Generated data: what is drawn, and that it lies where it should."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab import configure

from mlp_lab.data.arrays import Floats
from mlp_lab.data.bundled import BUNDLED
from mlp_lab.data.catalogue import DATA
from mlp_lab.data.columns import numeric
from mlp_lab.data.loading import load_rows
from mlp_lab.data.rows import RawData
from mlp_lab.data.synthetic import CODE, FUNCTIONS, FunctionConfig, signals
from mlp_lab.errors import UserError

SYNTHETIC = [name for name in DATA if name not in (*BUNDLED, "table")]
NUMBERS = (*FUNCTIONS, "function")
PLANE = [name for name in SYNTHETIC if name not in (*NUMBERS, "signals")]


def draw(name: str, **changes: float) -> RawData:
    """Rows of a synthetic set."""
    words = [f"data.{key}={value}" for key, value in changes.items()]
    return load_rows(configure(f"data={name}", *words).data)


@pytest.mark.parametrize("name", SYNTHETIC)
@settings(deadline=None, max_examples=8)
@given(rows=st.integers(1, 60), seed=st.integers(0, 2**31))
def test_rows_and_determinism(name: str, rows: int, seed: int) -> None:
    """As many rows as asked for; the same seed draws the same ones."""
    first, again = (draw(name, rows=rows, split_seed=seed) for _ in range(2))
    assert first.inputs.shape == (rows, len(first.columns))
    assert first.target.shape == (rows,)
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.target, again.target)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_another_split_seed_draws_other_rows(name: str) -> None:
    """Nothing else decides what is drawn."""
    first, other = (draw(name, noise=0.1, split_seed=seed) for seed in (0, 1))
    assert not np.array_equal(first.inputs, other.inputs)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_range(name: str) -> None:
    """Without noise everything lies in [-1, 1], and comes near its borders."""
    raw = draw(name, noise=0, rows=2000)
    pictured = raw.target if name in NUMBERS else raw.inputs
    assert np.abs(pictured).max() <= 1 + 1e-12
    assert np.abs(pictured).max() > 0.95


@pytest.mark.parametrize("name", SYNTHETIC)
def test_noise_is_a_standard_deviation(name: str) -> None:
    """Noisy rows minus the same rows without noise."""
    clean, noisy = (draw(name, noise=noise, rows=4000) for noise in (0, 0.2))
    if name in NUMBERS:
        np.testing.assert_array_equal(clean.inputs, noisy.inputs)
        blur = noisy.target - clean.target
    else:
        np.testing.assert_array_equal(clean.target, noisy.target)
        blur = noisy.inputs - clean.inputs
    assert blur.std() == pytest.approx(0.2, rel=0.05)
    assert abs(blur.mean()) < 0.02


@pytest.mark.parametrize("name", ["circles", "moons"])
def test_two_classes_balance(name: str) -> None:
    """Classes take turns."""
    assert np.bincount(draw(name, rows=101).target.astype(int)).tolist() == [51, 50]


@pytest.mark.parametrize("name", ["gaussians", "spirals", "signals"])
@settings(deadline=None, max_examples=10)
@given(rows=st.integers(1, 99), classes=st.integers(2, 7))
def test_classes_balance(name: str, rows: int, classes: int) -> None:
    """As many classes as asked for, of sizes that differ by one row at most."""
    raw = draw(name, rows=rows, classes=classes)
    counts = np.bincount(raw.target.astype(int), minlength=classes)
    assert raw.target_columns[0].levels == [str(label) for label in range(classes)]
    assert counts.max() - counts.min() <= 1


def test_circles_lie_on_circles() -> None:
    """Radius 1 around radius 0.5."""
    raw = draw("circles", noise=0)
    radius = np.hypot(*raw.inputs.T)
    np.testing.assert_allclose(radius, np.where(raw.target == 0, 1.0, 0.5), atol=1e-12)


def test_moons_lie_on_half_circles() -> None:
    """The upper half of one circle and the lower half of another, interleaved."""
    raw = draw("moons", noise=0)
    for label, sign in ((0, 1), (1, -1)):
        points = sign * raw.inputs[raw.target == label] * 1.5 + [0.5, 0.25]
        np.testing.assert_allclose(np.hypot(*points.T), 1, atol=1e-12)
        assert points[:, 1].min() >= -1e-12


def test_xor_is_the_sign_of_a_product() -> None:
    """Class 1 where the signs differ, about half of all rows."""
    raw = draw("xor", noise=0, rows=4000)
    np.testing.assert_array_equal(raw.target == 1, raw.inputs.prod(axis=1) < 0)
    assert raw.target.mean() == pytest.approx(0.5, abs=0.04)


def test_gaussians_stand_on_a_circle() -> None:
    """Class k of n at the angle k / n of a turn."""
    raw = draw("gaussians", noise=0, classes=5)
    angle = 2 * np.pi * raw.target / 5
    np.testing.assert_allclose(raw.inputs, np.stack([np.cos(angle), np.sin(angle)], 1), atol=1e-12)


def test_spirals_wind() -> None:
    """The angle grows with the radius, by `turns` turns in all, from one start for each class."""
    raw = draw("spirals", noise=0, classes=3, turns=2)
    radius = np.hypot(*raw.inputs.T)
    turn = np.arctan2(raw.inputs[:, 1], raw.inputs[:, 0]) / (2 * np.pi)
    off = (turn - raw.target / 3 - 2 * radius) % 1
    np.testing.assert_allclose(np.minimum(off, 1 - off), 0, atol=1e-10)
    assert radius.min() >= 0.1 - 1e-12


def test_more_numbers_of_signals_than_fit_are_refused() -> None:
    """In one line, before any is drawn."""
    line = r"data\.rows \* data\.points must be 100,000,000 or less, got 400000000"
    with pytest.raises(UserError, match=line):
        configure("data=signals", "data.rows=10_000_000")


def test_signals_are_sums_of_six_sines() -> None:
    """Of period 2, the interval's length, and its harmonics; the class decides which sum."""
    raw = draw("signals", noise=0, rows=40, points=33)
    assert raw.columns == numeric([f"x_{point}" for point in range(1, 34)])
    harmonics = np.abs(np.fft.rfft(raw.inputs[:, :-1], axis=1))  # without the repeated end
    assert harmonics[:, 1:7].max(axis=1).min() > 1
    np.testing.assert_allclose(harmonics[:, [0, *range(7, 17)]], 0, atol=1e-9)
    shares = harmonics[:, 1:7] / np.linalg.norm(harmonics[:, 1:7], axis=1, keepdims=True)
    for label in range(10):  # neither a shift nor a factor changes them
        own = shares[raw.target == label]
        np.testing.assert_allclose(own, own[:1].repeat(4, axis=0), atol=1e-9)
    assert len(np.unique(shares.round(6), axis=0)) == 10


def test_a_class_has_the_same_signal_whatever_else_is_asked_for() -> None:
    """Of every split seed, and beside more classes."""
    times = np.linspace(-1, 1, 9)[None]
    label = np.array([1])
    np.testing.assert_array_equal(signals(2, label, times), signals(7, label, times))
    first, other = (draw("signals", noise=0, split_seed=seed) for seed in (0, 1))
    norms = [np.linalg.norm(raw.inputs[raw.target == 3], axis=1).max() for raw in (first, other)]
    assert norms[0] == pytest.approx(norms[1], rel=0.05)


ONE_PERIOD: dict[str, Callable[[Floats], Floats]] = {
    "sine": lambda x: np.sin(np.pi * x),
    "step": lambda x: np.where(x < 0, -1.0, 1.0),
    "absolute": lambda x: 2 * np.abs(x) - 1,
    "sawtooth": lambda x: x,
    "cubic": lambda x: 4 * x**3 - 3 * x,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("periods", [1, 3])
def test_functions_repeat(name: str, periods: int) -> None:
    """y = f(x) in one period; more of them squeeze as many copies of it side by side."""
    raw = draw(name, noise=0, periods=periods)
    x = raw.inputs[:, 0]
    copy = np.clip(np.floor((x + 1) / 2 * periods), 0, periods - 1)
    within = (x + 1) * periods - 2 * copy - 1
    np.testing.assert_allclose(raw.target, ONE_PERIOD[name](within), atol=1e-12)


def test_a_broken_period_does_not_end_at_one() -> None:
    """One and a half sawteeth from -1 to 1: the half one is at its middle there."""
    data = configure("data=sawtooth", "data.periods=1.5").data
    assert isinstance(data, FunctionConfig)
    near, there = data.values(np.array([1 - 1e-9, 1.0]))
    assert there == pytest.approx(near, abs=1e-6)
    assert there == FUNCTIONS["sawtooth"](np.array(0.0))


def test_outliers_are_rows_with_a_code() -> None:
    """Exactly their share, at any x; all other rows are as they were, and more of them add rows."""
    clean, some, more = (draw("sine", rows=1000, outliers=share) for share in (0, 0.2, 0.3))
    wrong = some.target == CODE
    assert wrong.sum() == 200
    np.testing.assert_array_equal(some.inputs, clean.inputs)
    np.testing.assert_array_equal(some.target[~wrong], clean.target[~wrong])
    assert (more.target[wrong] == CODE).all()
    assert abs(some.inputs[wrong].mean()) < 0.2


def test_a_formula_is_drawn_where_it_is_asked_for() -> None:
    """y = formula + noise for x, or x_1 and x_2, in [low, high]."""
    words = ["data.noise=0", "data.rows=300", "data.low=2", "data.high=5"]
    raw = load_rows(configure("data=function", "data.formula='x^2 - 1'", *words).data)
    assert raw.columns == numeric(["x"])
    np.testing.assert_allclose(raw.target, raw.inputs[:, 0] ** 2 - 1)
    assert 2 <= raw.inputs.min() < 2.1
    assert 4.9 < raw.inputs.max() <= 5
    plane = load_rows(configure("data=function", "data.formula='x1 - x2'", *words).data)
    assert plane.columns == numeric(["x_1", "x_2"])
    np.testing.assert_allclose(plane.target, plane.inputs[:, 0] - plane.inputs[:, 1])


@pytest.mark.parametrize(
    ("formula", "end"),
    [
        ("1/x", "to data.high=1.0, got inf at x = 0"),
        ("log(x)", "got nan at x = -1"),
        ("x1 / (x2 - 1)", "got -inf at x_1 = -1, x_2 = 1"),
        ("exp(90 x)", "got 1.04336e+30 at x = 0.768"),
    ],
)
def test_a_formula_that_is_no_number_somewhere(formula: str, end: str) -> None:
    """Whatever rows would be drawn, it is said where."""
    with pytest.raises(UserError) as caught:
        configure("data=function", f"data.formula='{formula}'")
    assert str(caught.value).startswith("data.formula must be a number of at most 1e+30 for all x")
    assert str(caught.value).endswith(end)


@pytest.mark.parametrize("name", PLANE)
def test_plane_sets_have_two_inputs(name: str) -> None:
    """Classes in the plane, each with a name."""
    raw = draw(name)
    assert raw.columns == numeric(["x_1", "x_2"])
    assert raw.target_columns[0].levels
    assert set(raw.target) == set(range(len(raw.target_columns[0].levels)))
