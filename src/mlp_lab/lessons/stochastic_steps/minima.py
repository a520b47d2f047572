"""Which minima stochastic steps leave: a surface over two parameters that has many.

The Gabor model is that of "Understanding Deep Learning" (Prince, 2023, chapter 6).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import DIFFERENCE, SHARE, Claim
from mlp_lab.lessons.panels import Contours, Drawn, Line, Panel, band
from mlp_lab.lessons.tables import Columns, Table, Tables, by_seed, listed, table_of, where

ROWS, NOISE, REACH = 30, 0.1, 15.0  # rows of x in [-REACH, REACH], and noise of their targets
TRUE = np.array([0.0, 16.6])
LOWEST, HIGHEST = np.array([-10.0, 2.5]), np.array([10.0, 22.5])  # of a and b
SIDE = 16  # points of the grid of starts along each
RATE, STEPS, NOISY_STEPS = 1.0, 10_000, 1000
FLAT, CURVED = 1e-5, 1e-4  # a minimum's gradient is shorter, its curvatures are greater
ABOVE, APART = 0.01, 0.005  # losses of two minima, beside a target's variance of about 0.2
TRIES = 20
BATCHES = (1, 2, 5, 10, 15, ROWS)
SHOWN = 24  # points of a path that are drawn: its end is in a basin, between them it jumps


@dataclass(frozen=True, slots=True)
class Surface:
    """Squared error of the Gabor model over a and b, of a seed's rows, (ROWS,) each."""

    x: Floats
    t: Floats

    @classmethod
    def of(cls, generator: np.random.Generator) -> "Surface":
        """Rows of the model with the true a and b, and noise."""
        x = generator.uniform(-REACH, REACH, ROWS)
        return cls(x, gabor(phase(TRUE, x)) + NOISE * generator.standard_normal(ROWS))

    def loss(self, points: Floats) -> Floats:
        """Mean over rows at points, (..., 2) -> (...)."""
        return np.asarray(((gabor(phase(points, self.x)) - self.t) ** 2).mean(-1))

    def gradient(self, points: Floats, rows: NDArray[np.int_] | None = None) -> Floats:
        """By a and b at points (P, 2), of all rows or of each point's own `rows` (P, B)."""
        x, t = (self.x, self.t) if rows is None else (self.x[rows], self.t[rows])
        z = phase(points, x)
        slope = 2 * (gabor(z) - t) * gabor_slope(z)  # dL/dz of each row
        return np.stack([slope.mean(-1), (slope * 0.06 * x).mean(-1)], axis=-1)

    def curvatures(self, points: Floats) -> Floats:
        """Eigenvalues of the Hessian at points, ascending, (P, 2), by central differences."""
        step = 1e-4
        columns = [
            self.gradient(points + shift) - self.gradient(points - shift)
            for shift in step * np.eye(2)
        ]
        hessian = np.stack(columns, axis=-1) / (2 * step)
        return np.asarray(np.linalg.eigvalsh((hessian + hessian.swapaxes(-1, -2)) / 2), float)

    def descend(self, points: Floats, steps: int) -> Floats:
        """Where full steps lead from points, (P, 2)."""
        for _ in range(steps):
            points = points - RATE * self.gradient(points)
        return points

    def wander(self, points: Floats, batch: int, generator: np.random.Generator) -> Floats:
        """The way of steps on batches from points, (1 + NOISY_STEPS, P, 2)."""
        path = [points]
        for _ in range(NOISY_STEPS):
            order = generator.random((len(points), ROWS)).argsort(axis=1)
            path.append(path[-1] - RATE * self.gradient(path[-1], order[:, :batch]))
        return np.stack(path)


def phase(points: Floats, x: Floats) -> Floats:
    """z = a + 0.06 b x, (..., 2) and (ROWS,) or (..., B) -> (..., B)."""
    return np.asarray(points[..., :1] + 0.06 * points[..., 1:] * x)


def gabor(z: Floats) -> Floats:
    """A wave under a bell."""
    return np.asarray(np.sin(z) * np.exp(-(z**2) / 32))


def gabor_slope(z: Floats) -> Floats:
    """Its derivative by z."""
    return np.asarray((np.cos(z) - np.sin(z) * z / 16) * np.exp(-(z**2) / 32))


def measure(bench: Bench) -> Tables:
    """Find the minima, and set out from them; draw the first seed's surface and a way."""
    parts: list[dict[str, Columns]] = []
    batches = BATCHES[::2] if bench.quick else BATCHES
    for seed in bench.seeds:
        generator = np.random.default_rng(seed)
        surface = Surface.of(generator)
        starts = grid(SIDE)
        rests = surface.descend(starts, STEPS)
        local, deepest = minima(surface, rests)
        columns = [left(surface, local, batch, generator) for batch in batches]
        kept = arrived(surface, surface.wander(np.repeat(deepest, 100, 0), 1, generator)[-1])
        few = arrived(surface, surface.wander(starts, 1, generator)[-1])
        low = surface.loss(deepest)[0] + APART
        whole = {
            "minima": len(local),
            "kept": (surface.loss(kept) < low).mean(),
            "full_deepest": (surface.loss(rests) < low).mean(),
            "few_deepest": (surface.loss(few) < low).mean(),
        }
        own = {"left": table_columns(batches, columns), "starts": whole}
        parts.append({name: {**found, "seed": seed} for name, found in own.items()})
        if seed == bench.seeds[0]:
            drawn = {"heights": heights(surface), "ways": ways(surface, local, generator)}
    left_table, starts_table = (table_of(own[name] for own in parts) for name in parts[0])
    pictures = {f"gabor_{name}": table_of([found]) for name, found in drawn.items()}
    return {"left": left_table, "starts": starts_table, **pictures}


def table_columns(batches: tuple[int, ...], found: list[tuple[float, float]]) -> Columns:
    """Shares that went lower and higher, by batch size."""
    lower, higher = zip(*found, strict=True)
    return {"batch": batches, "lower": lower, "higher": higher}


def grid(side: int) -> Floats:
    """Points over the whole range of a and b, (side^2, 2)."""
    axes = [np.linspace(*ends, side) for ends in zip(LOWEST, HIGHEST, strict=True)]
    return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)


def minima(surface: Surface, rests: Floats) -> tuple[Floats, Floats]:
    """The local minima among points of rest, each once, (M, 2), and the deepest, (1, 2)."""
    flat = np.linalg.norm(surface.gradient(rests), axis=-1) < FLAT
    found = rests[flat & (surface.curvatures(rests)[:, 0] > CURVED)]
    losses = surface.loss(found)
    local = found[losses > losses.min() + ABOVE]
    distinct = np.unique(local.round(2), axis=0, return_index=True)[1]
    return local[distinct], found[[losses.argmin()]]


def arrived(surface: Surface, points: Floats) -> Floats:
    """The points of rest below points."""
    return surface.descend(points, STEPS // 4)


def left(
    surface: Surface, local: Floats, batch: int, generator: np.random.Generator
) -> tuple[float, float]:
    """Shares of tries that ended in a lower and in a higher minimum than they set out from."""
    starts = np.repeat(local, TRIES, axis=0)
    ends = arrived(surface, surface.wander(starts, batch, generator)[-1])
    change = surface.loss(ends) - surface.loss(starts)
    return float((change < -APART).mean()), float((change > APART).mean())


def heights(surface: Surface) -> Columns:
    """Losses over the range of a and b."""
    points = grid(81)
    return {"a": points[:, 0], "b": points[:, 1], "height": surface.loss(points)}


def ways(surface: Surface, local: Floats, generator: np.random.Generator) -> Columns:
    """For each local minimum a way on batches of one row, and where it rests then."""
    path = surface.wander(local, 1, generator)
    places = np.linspace(0, NOISY_STEPS, SHOWN).round().astype(int)
    shown = np.concatenate([path[places], arrived(surface, path[-1])[None]])  # (S, M, 2)
    steps, number = np.meshgrid([*places, NOISY_STEPS + 1], range(len(local)), indexing="ij")
    a, b = shown.reshape(-1, 2).T
    return {"start": number.ravel(), "step": steps.ravel(), "a": a, "b": b}


LEFT = "share of tries from local minima of full-batch descent that end in a lower one"

CLAIMS = {
    "leaves": Claim(
        "Stochastic steps leave local minima in which full-batch descent stays.",
        f"{LEFT}, batches of 1 row",
        lambda t: by_seed(t["left"], "lower", batch=1),
        above=0.25,
        within=SHARE,
    ),
    "noise": Claim(
        "It is the noise that does it: the smaller the batch, the more are left.",
        f"{LEFT}, batches of 1 row - of half the rows",
        lambda t: by_seed(t["left"], "lower", batch=1) - by_seed(t["left"], "lower", batch=15),
        above=0.0,
        within=DIFFERENCE,
    ),
    "downwards": Claim(
        "They leave them for lower ones, hardly ever for higher.",
        "share of tries that end in a higher one, batches of 1 row",
        lambda t: by_seed(t["left"], "higher", batch=1),
        below=0.05,
        within=SHARE,
    ),
    "deepest_kept": Claim(
        "The deepest minimum, where all rows fit and their gradients are small, they keep.",
        "share of tries from it that end in it, batches of 1 row",
        lambda t: by_seed(t["starts"], "kept"),
        above=0.9,
        within=SHARE,
    ),
    "everywhere": Claim(
        "So from anywhere, stochastic steps end in the deepest minimum more often.",
        f"share of {SIDE**2} starts that end in it, batches of 1 row - all rows",
        lambda t: by_seed(t["starts"], "few_deepest") - by_seed(t["starts"], "full_deepest"),
        above=0.0,
        within=DIFFERENCE,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Shares by batch size, and where all starts end."""
    table, starts = tables["left"], tables["starts"]
    batches = sorted(table["batch"].unique().tolist())
    shares = by_seed(table, "lower", "batch").mean(axis=1)
    full, few = (by_seed(starts, f"{way}_deepest").mean() for way in ("full", "few"))
    return [
        f"Full-batch descent rests in {by_seed(starts, 'minima').mean():.0f} different local minima"
        f" a seed. Of {TRIES} tries from each, {listed(shares, '.0%')} end in a lower one with"
        f" batches of {listed(batches)}; {batches[-1]} are all rows.",
        f"Of all starts, {full:.0%} end in the deepest minimum with all rows in a step, {few:.0%}"
        " with one: local minima are left, but often for other local minima.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """The first seed's surface with ways out of minima, and shares against the batch size."""
    shares: list[Drawn] = [
        band(tables["left"], "batch", "lower", "for a lower one"),
        band(tables["left"], "batch", "higher", "for a higher one"),
    ]
    title, x = "Local minima of full-batch descent that are left", "rows of a step"
    return [
        surface_panel(tables["gabor_heights"], tables["gabor_ways"]),
        Panel(title, x, "share of tries", shares, log="x", within=SHARE, y_limits=(0, None)),
    ]


def surface_panel(surface: Table, paths: Table) -> Panel:
    """Lines of equal loss, local minima, and where single rows lead from them."""
    pivoted = surface.pivot(index="b", columns="a")["height"]
    a, b, z = [*pivoted.columns], [*pivoted.index], pivoted.to_numpy()
    drawn: list[Drawn] = [Contours(x=a, y=b, heights=z, shown=np.linspace(0.01, 0.5, 14).tolist())]
    starts, last = where(paths, step=0), where(paths, step=NOISY_STEPS + 1)
    moved = np.hypot(*(starts[["a", "b"]].to_numpy() - last[["a", "b"]].to_numpy()).T) > 1
    for start in starts["start"][moved]:
        own = where(paths, start=start)
        drawn.append(Line(x=own["a"], y=own["b"], color=0, width=0.8, alpha=0.5))
    rests = {"full-batch descent rests": ("o", 1, starts), "after single rows": ("*", 2, last)}
    drawn += [
        Line(x=own["a"], y=own["b"], label=label, line="", marker=marker, color=color)
        for label, (marker, color, own) in rests.items()
    ]
    x, y = (a[0], a[-1]), (b[0], b[-1])
    return Panel("Ways out of local minima", "a", "b", drawn, x_limits=x, y_limits=y)
