"""Embeddings: what a network makes of one number, and which functions of it it learns thereby.

After "On the Spectral Bias of Neural Networks" (Rahaman et al., 2019) and "On Embeddings for
Numerical Features in Tabular Deep Learning" (Gorishniy, Rubachev and Babenko, 2022).
"""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import UP_TO_ONE, Claim
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.panels import Drawn, Line, Panel, bands
from mlp_lab.lessons.study import Study, Words, grid, varied
from mlp_lab.lessons.tables import Columns, Table, Tables, by_seed, levels, listed, table_of, where
from mlp_lab.lessons.trained import Trained, measured

EMBEDDINGS = {
    "none": ["model.embedding=none"],
    "piecewise, 16 bins": ["model.embedding=piecewise", "model.bins=16"],
    "piecewise, 64 bins": ["model.embedding=piecewise", "model.bins=64"],
    "periodic": ["model.embedding=periodic"],
    "both, 64 bins": ["model.embedding=both", "model.bins=64"],
}
PLAIN, FEW, MANY, PERIODIC, BOTH = EMBEDDINGS

FUNCTIONS = ("sine", "sawtooth")
PERIODS = (1, 2, 4, 8, 16)
SLOW, FAST = PERIODS[0], PERIODS[-1]
POINTS = np.linspace(0, 0.5, 401)  # a quarter of the inputs, where single waves can be seen

OTHERS: dict[str, Words] = {
    "plain, steps": [*EMBEDDINGS[PLAIN], "data.periods=4"],
    "plain, ten times the steps": [*EMBEDDINGS[PLAIN], "data.periods=4", "epochs=1000"],
    "periodic, low": [*EMBEDDINGS[PERIODIC], "model.frequency_scale=0.1"],
}
"""Settings beside the grid, of the sine."""

NOISY = ["data.periods=1", "data.noise=0.5", "data.val_fraction=0.95"]
"""Fifty training rows of a slow sine whose noise is half of its height."""


def study(
    seeds: Iterable[int], functions: Iterable[str], periods: Iterable[int], *words: str
) -> Study:
    """Every embedding of every function."""
    data = varied("data", functions)
    counts = varied("data.periods", periods)
    base = ["experiment=embeddings", *words]
    return grid(base, seeds, function=data, embedding=EMBEDDINGS, periods=counts)


def measure(bench: Bench) -> Tables:
    """Train every embedding, and draw what it makes of the fastest functions."""
    # Quick words come last, so that they are those that count.
    short = ["epochs=3"] if bench.quick else []
    periods = (SLOW, FAST) if bench.quick else PERIODS
    kinds = {name: [*words, *short] for name, words in OTHERS.items()}
    few = {name: EMBEDDINGS[name] for name in (PLAIN, MANY, PERIODIC)}
    base = ["experiment=embeddings"]
    networks, others, noisy = bench.train(
        study(bench.seeds, FUNCTIONS, periods, *short),
        grid(base, bench.seeds, setting=kinds),
        grid([*base, *NOISY, *short], bench.seeds, embedding=few),
    )
    (drawn,) = bench.train(study(bench.seeds[:1], FUNCTIONS, [FAST], *short), probe=on_points)
    sizes: list[Columns] = [
        {"embedding": name, "parameters": bench.stack([*base, *words]).network.parameter_counts[0]}
        for name, words in EMBEDDINGS.items()
    ]
    return {
        "scores": measured(networks, score),
        "others": measured(others, score),
        "noisy": measured(noisy, score),
        "fits": measured(drawn, fit),
        "sizes": table_of(sizes),
    }


def score(network: Trained) -> Columns:
    """R2 on unseen rows, their noise included."""
    return {"r2": network.last("val_r2")}


def on_points(stack: Stack) -> Mapping[str, Tensor]:
    """What every network makes of the points, (K, points)."""
    x = torch.as_tensor(POINTS[:, None]).to(stack.network.layers.flat)
    with torch.inference_mode():
        return {"outputs": stack.network(x)[..., 0]}


def fit(network: Trained) -> Columns:
    """The function and its fit after the last epoch, in the target's own units."""
    outputs = network.outcome.probes["outputs"][-1]
    predicted = network.problem.encoded.schema.target.decode(outputs[:, None])
    return {"x": POINTS, "truth": network.function.values(POINTS), "fit": predicted}


def r2(tables: Tables, embedding: str, periods: int = FAST, function: str = "sine") -> Floats:
    """R2 of an embedding, (seeds,)."""
    return by_seed(tables["scores"], "r2", function=function, embedding=embedding, periods=periods)


def gain(tables: Tables, embeddings: Iterable[str], periods: int, function: str) -> Floats:
    """R2 of embeddings beyond the plain network's, (embeddings, seeds)."""
    plain = r2(tables, PLAIN, periods, function)
    return np.array([r2(tables, name, periods, function) - plain for name in embeddings])


def other(tables: Tables, setting: str) -> Floats:
    """R2 of a setting beside the grid, (seeds,)."""
    return by_seed(tables["others"], "r2", setting=setting)


def noisy_gain(tables: Tables, embedding: str) -> Floats:
    """R2 of an embedding beyond the plain network's where rows are few and noisy, (seeds,)."""
    own, plain = (by_seed(tables["noisy"], "r2", embedding=e) for e in (embedding, PLAIN))
    return own - plain


SINE = f"R2 on unseen rows, sine, {FAST} periods"
STEPS = tuple(OTHERS)[:2]

CLAIMS = {
    "slow": Claim(
        "A plain network learns a slow function of one number.",
        f"R2 on unseen rows, sine, {SLOW} period, no embedding",
        lambda t: r2(t, PLAIN, SLOW),
        above=0.95,
        within=UP_TO_ONE,
    ),
    "fast": Claim(
        "In as many steps it does not learn a fast one.",
        f"{SINE}, no embedding",
        lambda t: r2(t, PLAIN),
        below=0.5,
        within=UP_TO_ONE,
    ),
    "later": Claim(
        "It is slow rather than unable: with more steps it learns what it had not.",
        "R2 on unseen rows, sine, 4 periods, no embedding: ten times the epochs - as many as all",
        lambda t: other(t, STEPS[1]) - other(t, STEPS[0]),
        above=0.3,
    ),
    "piecewise": Claim(
        "With a piecewise-linear embedding it learns the fast one.",
        f"{SINE}, piecewise-linear, 64 bins",
        lambda t: r2(t, MANY),
        above=0.9,
        within=UP_TO_ONE,
    ),
    "periodic": Claim(
        "With a periodic one it does, too.",
        f"{SINE}, periodic",
        lambda t: r2(t, PERIODIC),
        above=0.9,
        within=UP_TO_ONE,
    ),
    "jumps": Claim(
        "That is not for waves alone: they help where the function jumps, too.",
        f"R2 on unseen rows, sawtooth, {FAST} periods, the worse of both - no embedding",
        lambda t: gain(t, (MANY, PERIODIC), FAST, "sawtooth").min(axis=0),
        above=0.4,
    ),
    "smooth": Claim(
        "What is smooth needs none.",
        f"R2 on unseen rows, {SLOW} period, the best embedding - none, the worse of both functions",
        lambda t: np.max([gain(t, (*EMBEDDINGS,)[1:], SLOW, f) for f in FUNCTIONS], axis=(0, 1)),
        below=0.01,
    ),
    "few_bins": Claim(
        "With fewer bins than the function has bends, the piecewise-linear one fails.",
        f"{SINE} (32 bends), piecewise-linear, 16 bins",
        lambda t: r2(t, FEW),
        below=0.5,
        within=UP_TO_ONE,
    ),
    "low_frequencies": Claim(
        "A periodic one whose frequencies begin too low fails, although they are learnt.",
        f"{SINE}, periodic, frequencies drawn with a standard deviation of 0.1 in place of 1",
        lambda t: other(t, "periodic, low"),
        below=0.5,
        within=UP_TO_ONE,
    ),
    "both": Claim(
        "Both side by side lose little against the better one.",
        f"R2 on unseen rows, {FAST} periods, both - the better one, the worse of both functions",
        lambda t: np.min(
            [
                r2(t, BOTH, FAST, f) - np.maximum(r2(t, MANY, FAST, f), r2(t, PERIODIC, FAST, f))
                for f in FUNCTIONS
            ],
            axis=0,
        ),
        above=-0.02,
    ),
    "overfits": Claim(
        "An embedding is no gift: on few and noisy rows many bins follow the noise.",
        "R2 on unseen rows, sine, 1 period, 50 rows, noise 0.5: none - piecewise-linear, 64 bins",
        lambda t: -noisy_gain(t, MANY),
        above=0.05,
    ),
}


def notes(tables: Tables) -> list[str]:
    """R2 of every embedding, and its size."""
    scores, sizes = tables["scores"], tables["sizes"].set_index("embedding")["parameters"]
    counted = ", ".join(f"{name} {sizes[name]:,}" for name in EMBEDDINGS)
    noisy = ", ".join(f"{e} {noisy_gain(tables, e).mean():+.2f}" for e in (MANY, PERIODIC))
    return [
        *(f"{f}: {r2_of(where(scores, function=f))}." for f in FUNCTIONS),
        f"R2 on few and noisy rows, beyond that without an embedding: {noisy}.",
        f"Parameters: {counted}.",
    ]


def r2_of(scores: Table) -> str:
    """Means over seeds at every number of periods."""
    means = {e: by_seed(scores, "r2", "periods", embedding=e).mean(axis=1) for e in EMBEDDINGS}
    rows = "; ".join(f"{name} {listed(mean, '.3f')}" for name, mean in means.items())
    return f"R2 at {listed(levels(scores, 'periods'))} periods: {rows}"


def panels(tables: Tables) -> list[Panel]:
    """R2 against periods, and fits of the fastest function, for each function."""
    return [*(scores(tables, f) for f in FUNCTIONS), *(fits(tables, f) for f in FUNCTIONS)]


def scores(tables: Tables, function: str) -> Panel:
    """R2 of each embedding."""
    own = where(tables["scores"], function=function)
    lines = bands(own, "periods", "r2", "embedding")
    ticks = {periods: f"{periods:g}" for periods in levels(own, "periods")}
    return Panel(
        function,
        "periods in [-1, 1]",
        "R2 on unseen rows",
        lines,
        log="x",
        within=UP_TO_ONE,
        ticks=ticks,
    )


def fits(tables: Tables, function: str) -> Panel:
    """The fastest function and its fits."""
    own = where(tables["fits"], function=function)
    truth = where(own, embedding=PLAIN)
    drawn: list[Drawn] = [Line(x=truth["x"], y=truth["truth"], color="0.8", width=5)]
    for color, name in enumerate(EMBEDDINGS):
        if name != BOTH:  # which hides the others
            part = where(own, embedding=name)
            drawn.append(Line(x=part["x"], y=part["fit"], label=name, color=color))
    title = f"{function} of {FAST} periods (grey, a part), fits"
    return Panel(title, "x", "y", drawn, y_limits=(-1.3, 1.7), legend_columns=2, legend_size=7)


LESSON = Lesson(
    question="Why does a network need embeddings of numbers?",
    method=(
        "`experiment=embeddings`: 500 points of a function of one number, with noise of standard"
        " deviation 0.1, two hidden layers of 64 ReLUs, squared error, Adam with one cycle up to"
        " 0.005 for 100 epochs; an embedding makes 16 numbers of x, a periodic one has 16"
        " frequencies. A seed draws weights, batches and points. R2 is that of 500 other points"
        " (validation rows), whose noise leaves at most 0.98 of the sine and 0.97 of the sawtooth."
        " Fits: first seed."
    ),
    seeds=5,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
    columns=2,
    panel_size=5,
)
