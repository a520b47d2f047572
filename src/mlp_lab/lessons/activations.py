"""Activations: which of them let a gradient through many layers, and which units die.

After "Learning long-term dependencies with gradient descent is difficult" (Bengio et al., 1994),
"Understanding the difficulty of training deep feedforward neural networks" (Glorot and Bengio,
2010) and "Fast and accurate deep network learning by exponential linear units" (Clevert et al.,
2016).
"""

from collections.abc import Iterable

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import DIFFERENCE, SHARE, Claim
from mlp_lab.lessons.gradient_flow import backward
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.panels import Panel, band, bands
from mlp_lab.lessons.study import Study, grid, varied
from mlp_lab.lessons.tables import Columns, Tables, by_seed, levels, table_of, where
from mlp_lab.lessons.trained import Trained, measured

INITS = {"relu": "he", "elu": "he", "tanh": "glorot", "sigmoid": "glorot"}
"""Each activation with the initial weights that are recommended for it."""

DEPTHS, TRAINED_DEPTHS = range(1, 13), (1, 2, 4, 8, 12)


def study(seeds: Iterable[int], depths: Iterable[int], *words: str) -> Study:
    """Every activation at every depth."""
    inits = {a: [f"model.activation={a}", f"model.init={init}"] for a, init in INITS.items()}
    base = ["experiment=activations", *words]
    return grid(base, seeds, activation=inits, depth=varied("model.depth", depths))


def measure(bench: Bench) -> Tables:
    """Take gradients of untrained networks, then train some depths."""
    untrained = study(bench.seeds, DEPTHS[:3] if bench.quick else DEPTHS)
    norms = table_of({**trial.labels, **gradient(bench.stack(trial.words))} for trial in untrained)
    depths, short = (TRAINED_DEPTHS[:2], ["epochs=2"]) if bench.quick else (TRAINED_DEPTHS, [])
    (networks,) = bench.train(study(bench.seeds, depths, *short))
    return {"gradients": norms, "trained": measured(networks, result)}


def gradient(stack: Stack) -> Columns:
    """Norms of dL/dOmega of each layer over all training rows."""
    norms = np.array([float(d_weight.norm()) for d_weight in backward(stack).d_weights])
    columns = {"norm": norms, "log_norm": np.log10(norms)}
    return {"layer": np.arange(len(norms)), **columns, "log_ratio": np.log10(norms[0] / norms[-1])}


def result(network: Trained) -> Columns:
    """Accuracy, and shares of units dead for every training row and of slopes that are 0."""
    passes = backward(network)
    hidden = zip(passes.network.activations, passes.f, passes.h, strict=False)
    zero = [(activation.slope(f, h)[0] == 0).numpy() for activation, f, h in hidden]
    dead = np.concatenate([layer.all(0) for layer in zero]).mean()
    share = np.mean([layer.mean() for layer in zero])
    return {"accuracy": network.last("val_accuracy"), "dead": dead, "zero": share}


def deepest(tables: Tables, value: str, activation: str) -> Floats:
    """A column of trained networks or untrained first layers at the greatest depth, (seeds,)."""
    trained, gradients = tables["trained"], tables["gradients"]
    table = trained if value in trained else where(gradients, layer=0)
    return by_seed(table, value, depth=levels(table, "depth")[-1], activation=activation)


DEEP = "at the greatest depth"
RATIO = f"log10 of the gradient's norm in the first layer / in the last, before training, {DEEP}"
DEAD = f"share of hidden units whose slope is exactly 0 for every training row, {DEEP}"

CLAIMS = {
    "sigmoid_vanishes": Claim(
        "In a deep network of sigmoids the gradient vanishes on its way back.",
        RATIO,
        lambda t: deepest(t, "log_ratio", "sigmoid"),
        below=-3.0,
    ),
    "relu_keeps": Claim(
        "In one of ReLUs it does not.", RATIO, lambda t: deepest(t, "log_ratio", "relu"), above=-1.0
    ),
    "tanh_vanishes": Claim(
        "In one of tanh it vanishes.", RATIO, lambda t: deepest(t, "log_ratio", "tanh"), below=-1.0
    ),
    "relus_die": Claim(
        "Some ReLUs die: after training no row makes them respond.",
        DEAD,
        lambda t: deepest(t, "dead", "relu"),
        above=0.01,
        within=SHARE,
    ),
    "elus_live": Claim(
        "ELUs do not die.", DEAD, lambda t: deepest(t, "dead", "elu"), below=0.001, within=SHARE
    ),
    "relus_rest": Claim(
        "Half of what a network of ReLUs could learn from a row is exactly zero.",
        f"share of slopes that are exactly 0, over units and training rows, after training, {DEEP}",
        lambda t: deepest(t, "zero", "relu"),
        above=0.4,
        within=SHARE,
    ),
    "sigmoid_fails": Claim(
        "So many layers of sigmoids learn less than as many ReLUs.",
        f"accuracy on unseen rows, ReLU - sigmoid, {DEEP}",
        lambda t: deepest(t, "accuracy", "relu") - deepest(t, "accuracy", "sigmoid"),
        above=0.1,
        within=DIFFERENCE,
    ),
    "elu_wins": Claim(
        "ELUs end better than ReLUs.",
        f"accuracy on unseen rows, ELU - ReLU, {DEEP}",
        lambda t: deepest(t, "accuracy", "elu") - deepest(t, "accuracy", "relu"),
        above=0.0,
        within=DIFFERENCE,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Ratios of gradients, and accuracies."""
    depth = {name: table["depth"].max() for name, table in tables.items()}
    ratios = ", ".join(f"{a} {10 ** deepest(tables, 'log_ratio', a).mean():.2g}" for a in INITS)
    accuracies = ", ".join(f"{a} {deepest(tables, 'accuracy', a).mean():.3f}" for a in INITS)
    return [
        f"First layer's gradient / the last's, {depth['gradients']} hidden layers: {ratios}.",
        f"Accuracy on unseen rows with {depth['trained']} hidden layers: {accuracies}.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Gradients by layer and by depth; units without a gradient and accuracy by depth."""
    gradients, ends, depth = tables["gradients"], tables["trained"], "hidden layers"
    most = gradients["depth"].max()
    by_layer = bands(where(gradients, depth=most), "layer", "log_norm", "activation")
    by_depth = bands(where(gradients, layer=0), "depth", "log_ratio", "activation")
    shares = (("dead", "dead for all rows", "-"), ("zero", "slopes that are 0", "--"))
    zero = [
        band(where(ends, activation=a), "depth", share, f"{a}: {words}", color=color, line=line)
        for share, words, line in shares
        for color, a in enumerate(("relu", "elu"))
    ]
    accuracy = bands(ends, "depth", "accuracy", "activation")
    title = f"Gradient of each layer, {most} hidden layers, untrained"
    return [
        Panel(title, "layer (0 reads the inputs)", "log10 of the gradient's norm", by_layer),
        Panel("First layer against last, untrained", depth, "log10 of the norms' ratio", by_depth),
        Panel("Units without a gradient, trained", depth, "share", zero, within=SHARE),
        Panel("After training", depth, "accuracy on unseen rows", accuracy, within=SHARE),
    ]


LESSON = Lesson(
    question="Which activations let a gradient through many layers?",
    method=(
        "`experiment=activations`: digits, layers of 64 units, cross-entropy, Adam at 0.001 for 20"
        " epochs. ReLU and ELU start from He's weights, tanh and sigmoid from Glorot's. A seed"
        " draws weights, batches and rows. Gradients are those of the mean loss over all training"
        " rows; a layer's norm is that of its weight matrix. Accuracy is on 539 validation rows."
    ),
    seeds=10,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
    columns=2,
    panel_size=5,
)
