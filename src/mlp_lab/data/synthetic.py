"""Generated data: classes in the plane, functions of one variable, and those that are typed."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.columns import Column, classified, numeric
from mlp_lab.data.config import DataConfig, Draw
from mlp_lab.data.formula import Formula
from mlp_lab.data.rows import RawData
from mlp_lab.errors import UserError, require
from mlp_lab.formatting import significant

CODE = 9.0
"""A gross error: what a questionnaire codes "no answer" with, taken for a number."""

MOST_ROWS = 10**8
"""Points of which one array takes a gigabyte or two."""

MOST_CLASSES = 10_000
MOST_POINTS = 10_000

SIGNALS = 0
"""Seed of the signals themselves: they are the same for every split seed, as digits are."""

FARTHEST = 1e6
"""Of x of a formula, on either side of 0."""

LARGEST_VALUE = 1e30
"""Of a formula: squares of larger ones are no numbers of single precision."""

LOOKED_AT = {1: 2001, 2: 51}
"""How many inputs a formula has -> values of each at which it must be a number."""

HARMONICS = 6
SHIFT = 0.3
"""Largest shift of a signal to either side, a share of half its length."""

Points = tuple[Floats, Index]
"""Coordinates, (N, 2), and the class of each, (N,)."""


@dataclass(kw_only=True, slots=True)
class SyntheticConfig(DataConfig):
    """`rows` points, their coordinates (or, of a function, its values) blurred by `noise`.

    `noise` is a standard deviation; without it, both lie within about [-1, 1].
    """

    rows: int
    noise: float

    def __post_init__(self) -> None:
        DataConfig.__post_init__(self)
        require(1 <= self.rows <= MOST_ROWS, "data.rows", f"from 1 to {MOST_ROWS:,}", self.rows)
        require(self.noise >= 0, "data.noise", "0 or more", self.noise)

    @abstractmethod
    def generate(self) -> RawData:
        """Draw the rows."""


def _require_classes(classes: int) -> None:
    require(2 <= classes <= MOST_CLASSES, "data.classes", f"from 2 to {MOST_CLASSES:,}", classes)


@dataclass(kw_only=True, slots=True)
class PlaneConfig(SyntheticConfig):
    """Two classes in the plane."""

    def generate(self) -> RawData:
        """Draw the points."""
        return _in_plane(self, 2, *PLANE[self.name](self.rows, self.generator(Draw.ROWS)))


@dataclass(kw_only=True, slots=True)
class GaussiansConfig(SyntheticConfig):
    """`classes` clouds on a circle; `noise` is the spread of each."""

    classes: int

    def __post_init__(self) -> None:
        SyntheticConfig.__post_init__(self)
        _require_classes(self.classes)

    def generate(self) -> RawData:
        """Draw the points."""
        label = np.arange(self.rows) % self.classes
        return _in_plane(self, self.classes, _on_circle(label / self.classes), label)


@dataclass(kw_only=True, slots=True)
class SpiralsConfig(SyntheticConfig):
    """`classes` arms that wind `turns` times around the origin."""

    classes: int
    turns: float

    def __post_init__(self) -> None:
        SyntheticConfig.__post_init__(self)
        _require_classes(self.classes)
        require(self.turns > 0, "data.turns", "positive", self.turns)

    def generate(self) -> RawData:
        """Draw the points, evenly along the radius."""
        label = np.arange(self.rows) % self.classes
        radius = np.sqrt(self.generator(Draw.ROWS).uniform(0.01, 1, self.rows))
        angle = label / self.classes + self.turns * radius
        return _in_plane(self, self.classes, radius[:, None] * _on_circle(angle), label)


@dataclass(kw_only=True, slots=True)
class SignalsConfig(SyntheticConfig):
    """A signal of each class, shifted and weakened, at `points` times; `noise` blurs every one."""

    classes: int
    points: int

    def __post_init__(self) -> None:
        SyntheticConfig.__post_init__(self)
        _require_classes(self.classes)
        rule = f"from 1 to {MOST_POINTS:,}"
        require(1 <= self.points <= MOST_POINTS, "data.points", rule, self.points)
        numbers, rule = self.rows * self.points, f"{MOST_ROWS:,} or less"
        require(numbers <= MOST_ROWS, "data.rows * data.points", rule, numbers)

    def generate(self) -> RawData:
        """Draw shifts, and factors from 0.5 to 1, then the noise."""
        generator, label = self.generator(Draw.ROWS), np.arange(self.rows) % self.classes
        shift = generator.uniform(-SHIFT, SHIFT, self.rows)
        factor = generator.uniform(0.5, 1, self.rows)
        times = np.linspace(-1, 1, self.points) + shift[:, None]
        clean = factor[:, None] * signals(self.classes, label, times)
        inputs = numeric([f"x_{point}" for point in range(1, self.points + 1)])
        return _classes(self, self.classes, clean, label, inputs)


@dataclass(kw_only=True, slots=True)
class FunctionConfig(SyntheticConfig):
    """y = f(x) + noise for x in [-1, 1]; `periods` says how often the pattern repeats.

    `outliers` is a share of rows, of every part, whose y is `CODE` whatever x is.
    """

    periods: float
    outliers: float

    def __post_init__(self) -> None:
        SyntheticConfig.__post_init__(self)
        require(self.periods > 0, "data.periods", "positive", self.periods)
        require(0 <= self.outliers < 1, "data.outliers", "in [0, 1)", self.outliers)

    def generate(self) -> RawData:
        """Draw x uniformly, then y."""
        generator = self.generator(Draw.ROWS)
        x = generator.uniform(-1, 1, self.rows)
        y = self.values(x) + self.noise * generator.standard_normal(self.rows)
        wrong = self.generator(Draw.OUTLIERS).permutation(self.rows)
        y[wrong[: round(self.outliers * self.rows)]] = CODE
        return RawData(x[:, None], y, numeric(["x"]), numeric(["y"]))

    def values(self, x: Floats) -> Floats:
        """f(x), without noise, of numbers in [-1, 1]."""
        # The phase within a period, in [-1, 1); at x = 1, whole numbers of periods end.
        phase = np.mod((x + 1) * self.periods, 2) - 1
        return FUNCTIONS[self.name](np.where((x == 1) & (phase == -1), 1.0, phase))


@dataclass(kw_only=True, slots=True)
class FormulaConfig(SyntheticConfig):
    """y = formula + noise for x, or x1 and x2, in [low, high].

    `formula` is read by `mlp_lab.data.formula`, and must be a number all over the range.
    """

    formula: str
    low: float
    high: float

    def __post_init__(self) -> None:
        SyntheticConfig.__post_init__(self)
        rule = f"from -{FARTHEST:,.0f} to {FARTHEST:,.0f}"
        for key, value in (("data.low", self.low), ("data.high", self.high)):
            require(abs(value) <= FARTHEST, key, rule, value)
        require(self.low < self.high, "data.low", f"below data.high={self.high}", self.low)
        formula = Formula.of(self.formula)
        count = len(formula.inputs)
        line = np.linspace(self.low, self.high, LOOKED_AT[count])
        mesh = np.meshgrid(*[line] * count, indexing="ij")
        self._clean(formula, np.stack([axis.ravel() for axis in mesh], axis=1))

    def generate(self) -> RawData:
        """Draw inputs uniformly, then y."""
        generator, formula = self.generator(Draw.ROWS), Formula.of(self.formula)
        inputs = generator.uniform(self.low, self.high, (self.rows, len(formula.inputs)))
        y = self._clean(formula, inputs) + self.noise * generator.standard_normal(self.rows)
        return RawData(inputs, y, numeric(list(formula.inputs)), numeric(["y"]))

    def _clean(self, formula: Formula, inputs: Floats) -> Floats:
        """Values without noise.

        Raises:
            UserError: one is not finite, or too large; it is said where.
        """
        y = formula.values(inputs)
        wrong = np.flatnonzero(~(np.abs(y) <= LARGEST_VALUE))
        if len(wrong):
            row = wrong[0]
            pairs = zip(formula.inputs, inputs[row], strict=True)
            place = ", ".join(f"{name} = {significant(value, 6)}" for name, value in pairs)
            raise UserError(
                f"data.formula must be a number of at most {LARGEST_VALUE:.0e} for all x from"
                f" data.low={self.low} to data.high={self.high}, got {y[row]:.6g} at {place}"
            )
        return y


def _in_plane(config: SyntheticConfig, classes: int, points: Floats, label: Index) -> RawData:
    return _classes(config, classes, points, label, numeric(["x_1", "x_2"]))


def _classes(
    config: SyntheticConfig, classes: int, clean: Floats, label: Index, inputs: list[Column]
) -> RawData:
    blurred = clean + config.noise * config.generator(Draw.BLUR).standard_normal(clean.shape)
    names = list(map(str, range(classes)))
    return RawData(blurred, label.astype(float), inputs, [classified("class", names)])


def _on_circle(turn: Floats) -> Floats:
    return np.stack([np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)], axis=1)


def circles(rows: int, generator: np.random.Generator) -> Points:
    """A circle of radius 1 around one of radius 0.5."""
    label = np.arange(rows) % 2
    radius = np.where(label == 0, 1.0, 0.5)
    return radius[:, None] * _on_circle(generator.uniform(0, 1, rows)), label


def moons(rows: int, generator: np.random.Generator) -> Points:
    """Two interleaved half circles."""
    label = np.arange(rows) % 2
    sign = np.where(label == 0, 1.0, -1.0)[:, None]
    half_circle = _on_circle(generator.uniform(0, 0.5, rows))
    return sign * (half_circle - [0.5, 0.25]) / 1.5, label


def xor(rows: int, generator: np.random.Generator) -> Points:
    """The square [-1, 1]^2; the class is whether the coordinates' signs differ."""
    points = generator.uniform(-1, 1, (rows, 2))
    return points, (points[:, 0] * points[:, 1] < 0).astype(np.int64)


def signals(classes: int, label: Index, times: Floats) -> Floats:
    """The signal of each row's class at its own times, (N, points), within [-1, 1].

    It is a sum of sines of period 2 and of its harmonics, with random amplitudes and phases.
    """
    drawn = np.random.default_rng(SIGNALS).standard_normal((classes, HARMONICS, 2))

    def values(own: Floats, at: Floats) -> Floats:
        total = np.zeros(np.broadcast_shapes((*own.shape[:1], 1), at.shape))
        for harmonic in range(HARMONICS):
            angle = np.pi * (harmonic + 1) * at
            sine, cosine = own[:, harmonic, :1], own[:, harmonic, 1:]
            total += sine * np.sin(angle) + cosine * np.cos(angle)
        return total

    highest = np.abs(values(drawn, np.linspace(-1, 1, 2001))).max(axis=1)
    found: Floats = values(drawn[label], times) / highest[label, None]
    return found


PLANE = {"circles": circles, "moons": moons, "xor": xor}

FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "sine": lambda phase: np.sin(np.pi * phase),
    "step": lambda phase: np.where(phase < 0, -1.0, 1.0),
    "absolute": lambda phase: 2 * np.abs(phase) - 1,
    "sawtooth": lambda phase: phase,
    "cubic": lambda phase: 4 * phase**3 - 3 * phase,
}
"""Functions of the phase within a period, from [-1, 1] into [-1, 1]."""
