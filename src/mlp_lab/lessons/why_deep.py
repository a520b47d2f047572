"""Why deep: what layers give that units do not, at equal numbers of parameters.

After "Benefits of depth in neural networks" (Telgarsky, 2016), "On the number of linear regions of
deep neural networks" (Montufar et al., 2014), "Complexity of linear regions in deep networks"
(Hanin and Rolnick, 2019) and chapter 4 of "Understanding Deep Learning" (Prince, 2023), whose
network of five layers of ten units the deepest one here is.
"""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.formatting import counted
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.depths import DEPTHS, FUNCTIONS, PARAMETERS, TUNING, greatest_width, measure
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.linear_regions import breakpoints, folding
from mlp_lab.lessons.panels import GREY, Line, Panel, band, bands
from mlp_lab.lessons.tables import Level, Tables, by_seed, levels, listed, where
from mlp_lab.network.architecture import count_parameters

FEW, FOLDS, MANY, SINE, DIGITS = PARAMETERS
DEEP = DEPTHS[-1]
SOLVED = "untrained, last layer by least squares"
POSSIBLE = "possible: (units of a layer + 1)^layers"
GAIN = f"error / spread on other points, shallow - deep ({DEEP} layers)"


def ends(tables: Tables, name: str, column: str, **values: Level) -> Floats:
    """A column of a table, of the shallow networks and of the deepest, (2, seeds)."""
    return by_seed(where(tables[name], **values), column, "depth")[[0, -1]]


def gain(tables: Tables, task: str) -> Floats:
    """Error of the shallow network - error of the deepest, (seeds,)."""
    return np.asarray(np.subtract(*ends(tables, "functions", "error", task=task)))


def ratio(tables: Tables, name: str, **values: Level) -> Floats:
    """log2 of the linear regions of the deepest network / those of the shallow one, (seeds,)."""
    shallow, deep = ends(tables, name, "regions", **values)
    return np.asarray(np.log2(deep / shallow))


def growth(tables: Tables) -> Floats:
    """log2 of the deepest networks' regions on folds, after / before training, (seeds,)."""
    trained = where(tables["functions"], task=FOLDS, depth=DEEP)
    before = where(tables["untrained"], depth=DEEP, init=trained["init"].iloc[0])
    return np.asarray(np.log2(by_seed(trained, "regions") / by_seed(before, "regions")))


CLAIMS = {
    "folds": Claim(
        "A deep network fits folds better than a shallow one with as many parameters.",
        f"{GAIN}, {FOLDS}",
        lambda tables: gain(tables, FOLDS),
        above=0.0,
    ),
    "could": Claim(
        "The shallow one could fit them as well: what it lacks is not units but training.",
        "error / spread, shallow, trained - with its first layer as it begins (torch's"
        f" weights) and its last by least squares, {FOLDS}",
        lambda tables: (
            ends(tables, "functions", "error", task=FOLDS)[0]
            - by_seed(tables["least_squares"], "error", task=FOLDS)
        ),
        above=0.0,
    ),
    "more_folds": Claim(
        "The more folds, the greater its advantage.",
        "smallest rise of error / spread, shallow - deep, from one zigzag to the next, of 4, 16"
        " and 32 pieces",
        lambda tables: np.diff([gain(tables, task) for task in (FEW, FOLDS, MANY)], axis=0).min(
            axis=0
        ),
        above=0.0,
    ),
    "smooth": Claim(
        "On a smooth function depth brings little.",
        f"{GAIN}, {SINE}",
        lambda tables: gain(tables, SINE),
        below=0.01,
    ),
    "digits": Claim(
        "On digits, too, depth brings little.",
        f"accuracy on unseen rows, deep ({DEEP} layers) - shallow",
        lambda tables: np.subtract(*ends(tables, "digits", "accuracy")[::-1]),
        below=0.01,
    ),
    "regions": Claim(
        "The function of a deep network has more linear regions.",
        f"log2 of regions, deep / shallow, after training, {FOLDS}",
        lambda tables: ratio(tables, "functions", task=FOLDS),
        above=0.0,
    ),
    "untrained_regions": Claim(
        "It has them from the start, before it has learnt anything.",
        "log2 of regions, deep / shallow, before training, torch's weights",
        lambda tables: ratio(tables, "untrained", init="torch"),
        above=0.0,
    ),
    "units": Claim(
        "Layers multiply regions: it has more of them than units.",
        f"linear regions / hidden units of the deep network after training, {FOLDS}",
        lambda tables: (
            ends(tables, "functions", "regions", task=FOLDS)[1]
            / ends(tables, "functions", "units", task=FOLDS)[1]
        ),
        above=1.0,
    ),
    "training": Claim(
        "Training makes the regions that the folds need.",
        f"log2 of the deep network's regions, after / before training, {FOLDS}",
        growth,
        above=0.0,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Errors, accuracies, linear regions, and the settings that were chosen."""
    functions, depths = tables["functions"], levels(tables["functions"], "depth")
    layers, least = listed(depths), tables["least_squares"]
    errors = {name: by_seed(functions, "error", "depth", task=name) for name in FUNCTIONS}
    solved = (f"{by_seed(least, 'error', task=n).mean():.2g} ({n})" for n in FUNCTIONS)
    accuracy = by_seed(tables["digits"], "accuracy", "depth").mean(axis=1)
    return [
        *(
            f"{name}: errors of {listed(own.mean(axis=1), '.2g')} with {layers} hidden layers."
            for name, own in errors.items()
        ),
        f"1 hidden layer as it begins, the last by least squares: errors of {', '.join(solved)}.",
        f"digits: accuracies of {listed(accuracy, '.3f')} with {layers} hidden layers.",
        *(regions_in_words(tables, depth) for depth in (1, DEEP)),
        f"By hand, {DEEP} layers of 2 units, {count_parameters([1, *[2] * DEEP, 1])} parameters,"
        f" fold the line into {len(breakpoints(folding(DEEP))) + 1} regions: depth can have such"
        " functions; whether gradient descent finds them is another question.",
        *(rates_in_words(tables, task) for task in PARAMETERS),
    ]


def regions_in_words(tables: Tables, depth: int) -> str:
    """How many linear regions there are before and after training, of how many possible ones."""
    own = where(tables["functions"], task=FOLDS, depth=depth)
    before = where(tables["untrained"], depth=depth)
    initial = (f"{part.mean():.0f} ({init})" for init, part in before.groupby("init")["regions"])
    units, most = own[["units", "max_regions"]].iloc[0]
    return (
        f"{counted(depth, 'layer')}, {units} units: {' and '.join(initial)} linear regions before"
        f" training, {own['regions'].mean():.0f} after it ({FOLDS}), of at most {most:,}."
    )


def rates_in_words(tables: Tables, task: str) -> str:
    """The settings that were chosen, and which of them lie at an end of what was tried."""
    own = where(tables["digits" if task == DIGITS else "functions"], task=task)
    best, tried = own.drop_duplicates("depth"), tables["rates"]["rate"]
    layers, found = (
        listed(best["depth"]),
        ", ".join(map("{} ({})".format, best["rate"], best["init"])),
    )
    at_end = best["depth"][best["rate"].isin([tried.min(), tried.max()])]
    remark = f"; an end of what was tried at {listed(at_end)}" if len(at_end) else ""
    return f"Best rates (initial weights), {task}: {found} with {layers} layers{remark}."


def panels(tables: Tables) -> list[Panel]:
    """Errors by depth, fits with their breakpoints, linear regions by depth, and digits."""
    functions, least, untrained = (tables[n] for n in ("functions", "least_squares", "untrained"))
    after, depths = where(functions, task=FOLDS), "hidden layers"
    ticks = {depth: f"{depth:g}" for depth in levels(functions, "depth")}
    error, count = "error / spread, on other points", "linear regions from -1 to 1"
    means = [by_seed(least, "error", task=task).mean() for task in FUNCTIONS]
    stars = [Line(x=[1], y=[y], color=n, line="", marker="*", size=11) for n, y in enumerate(means)]
    legend = Line(x=[], y=[], label=SOLVED, color=GREY, line="", marker="*", size=11)
    return [
        Panel(
            *("Error at equal numbers of parameters", depths, error),
            [*bands(functions, "depth", "error", "task"), *stars, legend],
            ticks=ticks,
        ),
        Panel(
            *("Digits at equal numbers of parameters", depths, "accuracy on unseen rows"),
            [band(tables["digits"], "depth", "accuracy", DIGITS, color=4)],
            ticks=ticks,
        ),
        fits(tables, FOLDS),
        fits(tables, MANY),
        Panel(
            *(f"Linear regions, {FOLDS}", depths, count),
            [
                band(after, "depth", "max_regions", POSSIBLE, color=GREY, line="--"),
                band(after, "depth", "units", "hidden units", color=6, line="--"),
                band(after, "depth", "regions", "after training"),
                *bands(untrained, "depth", "regions", "init", "before training ({})"),
            ],
            log="y",
            ticks=ticks,
        ),
        Panel(
            *("Linear regions after training, of each function", depths, count),
            bands(functions, "depth", "regions", "task"),
            ticks=ticks,
        ),
    ]


def fits(tables: Tables, task: str) -> Panel:
    """A function and its fits by the shallow and the deepest network."""
    own, marked = (where(tables[name], task=task) for name in ("fits", "breakpoints"))
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


LESSON = Lesson(
    question="What do layers give that units do not?",
    method=(
        "`experiment=why_deep`: 500 points of a function of one number without noise, ReLUs,"
        " squared error, Adam with a cosine schedule, 600 epochs. Networks have as many units as"
        f" {PARAMETERS[FOLDS]} parameters allow: "
        + ", ".join(f"{greatest_width(FOLDS, depth)} in each of {depth}" for depth in DEPTHS)
        + f" layers. Digits: `experiment=activations` with at most {PARAMETERS[DIGITS]:,}"
        " parameters, 20 epochs. Learning rate and initial weights (He's or torch's) are each"
        f" depth's own best, by the training loss of {len(TUNING)} seeds that are not measured."
        " Errors are root mean squares over 500 other points (validation rows), divided by the"
        " function's standard deviation. Linear regions are counted from -1 to 1, exactly: between"
        " two breakpoints of a layer each unit of the next is a straight line, so that it is known"
        " where it crosses zero, and only crossings that change the output's slope count. A seed"
        " draws weights, batches and points. Not all was fixed before first results were seen:"
        " seeds went from 5 to 10, what the shallow network could fit was claimed later, and the"
        " advantage by folds, once from 4 to 32 pieces, became the smallest rise."
    ),
    seeds=10,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
    columns=2,
    panel_size=5.6,
)
