"""Why deep: what layers give that units do not, at equal numbers of parameters.

After "Benefits of depth in neural networks" (Telgarsky, 2016), "On the number of linear regions of
deep neural networks" (Montufar et al., 2014), "Complexity of linear regions in deep networks"
(Hanin and Rolnick, 2019) and chapter 4 of "Understanding Deep Learning" (Prince, 2023), whose
network of five layers of ten units the deepest one here is.
"""

from functools import partial

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.formatting import counted
from mlp_lab.lessons import depths
from mlp_lab.lessons.claims import DIFFERENCE, POSITIVE, SHARE, Claim
from mlp_lab.lessons.depths import DEEP, DIGITS, FEW, FOLDS, FUNCTIONS, MANY, PARAMETERS, SINE
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.linear_regions import breakpoints, folding
from mlp_lab.lessons.panels import GREY, Drawn, Line, Panel, band, bands
from mlp_lab.lessons.tables import Table, Tables, by_seed, levels, listed, where
from mlp_lab.network.architecture import count_parameters

GAIN = f"error / spread on other points, shallow - deep ({DEEP} layers)"


def trained(t: Tables, task: str) -> Table:
    """The networks that have learnt a task."""
    return where(t["digits" if task == DIGITS else "functions"], task=task)


def of(t: Tables, column: str, depth: int, task: str = FOLDS) -> Floats:
    """A column of the networks of a depth that have learnt a task, (seeds,)."""
    return by_seed(trained(t, task), column, depth=depth)


def gain(t: Tables, task: str) -> Floats:
    """Error of the shallow network - error of the deepest, (seeds,)."""
    return of(t, "error", 1, task) - of(t, "error", DEEP, task)


def before(t: Tables, depth: int, init: str = "torch") -> Floats:
    """Linear regions of untrained networks, (seeds,)."""
    return by_seed(t["untrained"], "regions", depth=depth, init=init)


CLAIMS = {
    "folds": Claim(
        "A deep network fits folds better than a shallow one with as many parameters.",
        f"{GAIN}, {FOLDS}",
        lambda t: gain(t, FOLDS),
        above=0.0,
    ),
    "could": Claim(
        "The shallow one could fit them as well: what it lacks is not units but training.",
        "error / spread, shallow, trained - with its first layer as it begins (torch's"
        f" weights) and its last by least squares, {FOLDS}",
        lambda t: of(t, "error", 1) - by_seed(t["least_squares"], "error", task=FOLDS),
        above=0.0,
    ),
    "more_folds": Claim(
        "The more folds, the greater its advantage.",
        "smallest rise of error / spread, shallow - deep, from 4 to 16 and 16 to 32 pieces",
        lambda t: np.diff([gain(t, task) for task in (FEW, FOLDS, MANY)], axis=0).min(axis=0),
        above=0.0,
    ),
    "smooth": Claim(
        "On a smooth function depth brings little.",
        f"{GAIN}, {SINE}",
        lambda t: gain(t, SINE),
        below=0.01,
    ),
    "digits": Claim(
        "On digits, too, depth brings little.",
        f"accuracy on unseen rows, deep ({DEEP} layers) - shallow",
        lambda t: of(t, "accuracy", DEEP, DIGITS) - of(t, "accuracy", 1, DIGITS),
        below=0.01,
        within=DIFFERENCE,
    ),
    "regions": Claim(
        "The function of a deep network has more linear regions.",
        f"log2 of regions, deep / shallow, after training, {FOLDS}",
        lambda t: np.log2(of(t, "regions", DEEP) / of(t, "regions", 1)),
        above=0.0,
    ),
    "untrained_regions": Claim(
        "It has them from the start, before it has learnt anything.",
        "log2 of regions, deep / shallow, before training, torch's weights",
        lambda t: np.log2(before(t, DEEP) / before(t, 1)),
        above=0.0,
    ),
    "units": Claim(
        "Layers multiply regions: it has more of them than units.",
        f"linear regions / hidden units of the deep network after training, {FOLDS}",
        lambda t: of(t, "regions", DEEP) / of(t, "units", DEEP),
        above=1.0,
        within=POSITIVE,
    ),
    "training": Claim(
        "Training makes the regions that the folds need.",
        f"log2 of the deep network's regions, after / before training, {FOLDS}",
        lambda t: np.log2(
            of(t, "regions", DEEP)
            / before(t, DEEP, trained(t, FOLDS)["init"].iloc[-1])  # the deepest are last
        ),
        above=0.0,
    ),
}


def notes(t: Tables) -> list[str]:
    """Errors, accuracies, linear regions, and the settings that were chosen."""
    layers = f"with {listed(levels(t['functions'], 'depth'))} hidden layers"
    solved = {n: by_seed(t["least_squares"], "error", task=n).mean() for n in FUNCTIONS}

    def means(task: str, column: str, form: str) -> str:
        return listed(by_seed(trained(t, task), column, "depth").mean(axis=1), form)

    return [
        *(f"{name}: errors of {means(name, 'error', '.2g')} {layers}." for name in FUNCTIONS),
        "1 hidden layer as it begins, the last by least squares: errors of"
        f" {', '.join(f'{error:.2g} ({name})' for name, error in solved.items())}.",
        f"digits: accuracies of {means(DIGITS, 'accuracy', '.3f')} {layers}.",
        *(regions_in_words(t, depth) for depth in (1, DEEP)),
        f"By hand, {DEEP} layers of 2 units, {count_parameters([1, *[2] * DEEP, 1])} parameters,"
        f" fold the line into {len(breakpoints(folding(DEEP))) + 1} regions: depth can have such"
        " functions; whether gradient descent finds them is another question.",
        *(rates_in_words(t, task) for task in PARAMETERS),
    ]


def regions_in_words(t: Tables, depth: int) -> str:
    """How many linear regions there are before and after training, of how many possible ones."""
    own = where(trained(t, FOLDS), depth=depth)
    drawn = where(t["untrained"], depth=depth).groupby("init")["regions"]
    initial = " and ".join(f"{part.mean():.0f} ({init})" for init, part in drawn)
    units, most = own[["units", "max_regions"]].iloc[0]
    return (
        f"{counted(depth, 'layer')}, {units} units: {initial} linear regions before training,"
        f" {own['regions'].mean():.0f} after it ({FOLDS}), of at most {most:,}."
    )


def rates_in_words(t: Tables, task: str) -> str:
    """The settings that were chosen, and which of them lie at an end of what was tried."""
    best, tried = trained(t, task).drop_duplicates("depth"), t["rates"]["rate"]
    found = ", ".join(map("{} ({})".format, best["rate"], best["init"]))
    at_end = best["depth"][best["rate"].isin([tried.min(), tried.max()])]
    remark = f"; an end of what was tried at {listed(at_end)}" if len(at_end) else ""
    layers = listed(best["depth"])
    return f"Best rates (initial weights), {task}: {found} with {layers} layers{remark}."


def panels(t: Tables) -> list[Panel]:
    """Errors by depth, fits with their breakpoints, linear regions by depth, and digits."""
    functions, least, after = t["functions"], t["least_squares"], trained(t, FOLDS)
    ticks = {depth: f"{depth:g}" for depth in levels(functions, "depth")}
    by_depth = partial(Panel, x="hidden layers", ticks=ticks)
    star = partial(Line, line="", marker="*", size=11)
    means = [by_seed(least, "error", task=task).mean() for task in FUNCTIONS]
    errors: list[Drawn] = [
        *bands(functions, "depth", "error", "task"),
        *(star(x=[1], y=[mean], color=place) for place, mean in enumerate(means)),
        star(x=[], y=[], label="untrained, last layer by least squares", color=GREY),
    ]
    possible = "possible: (units of a layer + 1)^layers"
    regions = [
        band(after, "depth", "max_regions", possible, color=GREY, line="--"),
        band(after, "depth", "units", "hidden units", color=6, line="--"),
        band(after, "depth", "regions", "after training"),
        *bands(t["untrained"], "depth", "regions", "init", "before training ({})"),
    ]
    each = bands(functions, "depth", "regions", "task")
    digits, count = "Digits at equal numbers of parameters", "linear regions from -1 to 1"
    accuracy = band(t["digits"], "depth", "accuracy", DIGITS, color=4)
    error = "error / spread, on other points"
    return [
        by_depth("Error at equal numbers of parameters", y=error, drawn=errors, within=POSITIVE),
        by_depth(digits, y="accuracy on unseen rows", drawn=[accuracy], within=SHARE),
        *(fits(t, task) for task in (FOLDS, MANY)),
        by_depth(f"Linear regions, {FOLDS}", y=count, drawn=regions, log="y"),
        by_depth(
            "Linear regions after training, of each function", y=count, drawn=each, within=POSITIVE
        ),
    ]


def fits(t: Tables, task: str) -> Panel:
    """A function and its fits by the shallow and the deepest network."""
    own, marked = (where(t[name], task=task) for name in ("fits", "breakpoints"))
    truth = where(own, depth=DEEP)
    lines = [Line(x=truth["x"], y=truth["truth"], color="0.8", width=4)]
    for color, depth in enumerate((1, DEEP)):
        fit, inside = where(own, depth=depth), where(marked, depth=depth)[1:-1]
        label = f"{counted(depth, 'layer')}, dots: breakpoints"
        lines += [
            Line(x=fit["x"], y=fit["fit"], label=label, color=color, width=1),
            Line(x=inside["x"], y=inside["fit"], color=color, line="", marker=".", size=4),
        ]
    return Panel(f"{task} (grey), and fits of the first seed", "x", "y", lines)


WIDTHS = ", ".join(f"{depths.greatest_width(FOLDS, n)} in each of {n}" for n in depths.DEPTHS)

LESSON = Lesson(
    question="What do layers give that units do not?",
    method=(
        "`experiment=why_deep`: 500 points of a function of one number without noise, ReLUs,"
        " squared error, Adam with a cosine schedule, 600 epochs. Networks have as many units as"
        f" {PARAMETERS[FOLDS]} parameters allow: {WIDTHS} layers. Digits: `experiment=activations`,"
        f" at most {PARAMETERS[DIGITS]:,} parameters, 20 epochs. Learning rate and initial weights"
        " (He's or torch's) are each depth's own best, by the training loss of"
        f" {len(depths.TUNING)} seeds that are not measured. Errors are root mean squares over 500"
        " other points (validation rows) / the function's standard deviation. Linear regions are"
        " counted from -1 to 1, exactly: between two breakpoints of a layer each unit of the next"
        " is a straight line with a known zero, and counts if it changes the output's slope there."
        " A seed draws weights, batches and points. After first results seeds went from 5 to 10,"
        " what the shallow network could fit was claimed, and the advantage by folds, once from 4"
        " to 32 pieces, became the smallest rise."
    ),
    seeds=10,
    measure=depths.measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
    columns=2,
    panel_size=5.6,
)
