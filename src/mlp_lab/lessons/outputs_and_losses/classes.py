"""Cross-entropy against squared error where the target is a class.

After "Probabilistic interpretation of feedforward classification network outputs" (Bridle, 1990),
"Understanding the difficulty of training deep feedforward neural networks" (Glorot and Bengio,
2010) and "Evaluation of neural architectures trained with square loss vs cross-entropy in
classification tasks" (Hui and Belkin, 2021).
"""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import DIFFERENCE, POSITIVE, SHARE, Claim
from mlp_lab.lessons.gradient_flow import backward
from mlp_lab.lessons.panels import Panel, bands
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Table, Tables, at_best, by_seed, listed, table_of, where
from mlp_lab.lessons.trained import Trained, measured

ENTROPY, SQUARED = "cross-entropy", "squared error"
LOSSES = {
    ENTROPY: ("model.output=softmax", "loss=cce"),
    SQUARED: ("model.output=softmax", "loss=mse"),
    f"{SQUARED}, linear": ("model.output=linear", "loss=mse"),
}
SOFTMAX = {loss: LOSSES[loss] for loss in (ENTROPY, SQUARED)}

RATES = tuple(0.02 * 2**step for step in range(14))  # to 164: squared error's gradient is small
ACCURACY = 0.95  # of unseen rows, that is to be reached
WRONG = 10.0  # added to the bias of one class: a network that is sure of it whatever it sees
BIASES = (0.0, 2.0, 4.0, 6.0, 8.0, WRONG, 12.0)

SETTINGS = (
    *("data=digits", "data.test_fraction=0", "data.val_fraction=0.3", "model=shallow"),
    *("model.init=torch", "optimizer=sgd", "batch_size=128", "epochs=80"),
)
"""torch's initial weights leave the outputs nearly equal, so that `WRONG` decides."""


def measure(bench: Bench) -> Tables:
    """Train with every loss and rate, from the usual weights and from those sure and wrong."""
    rates = varied("optimizer.lr", RATES[5::5] if bench.quick else RATES)
    base, seeds = [*SETTINGS, *(["epochs=8"] if bench.quick else [])], bench.seeds
    usual = grid(base, seeds, loss=LOSSES, start={"usual": []}, rate=rates)
    wrong = grid(base, seeds, loss=SOFTMAX, start={"wrong": []}, rate=rates)
    networks = [*bench.train(usual)[0], *bench.train(wrong, change=sure_and_wrong)[0]]
    gradients = (
        {**trial.labels, **gradient_norms(bench.stack(trial.words))}
        for trial in grid(base, seeds, loss=SOFTMAX)
    )
    return {"losses": measured(networks, speed), "gradients": table_of(gradients)}


def sure_and_wrong(stack: Stack) -> None:
    """Let every network take every row for the first class."""
    stack.network.layers.biases[-1][:, 0, 0] += WRONG


def speed(network: Trained) -> Columns:
    """Epochs to the wanted accuracy, and the accuracy at the end, 0 after a divergence."""
    return {
        "epochs": epochs_to(network.curve("val_accuracy"), ACCURACY),
        "most_epochs": network.epochs,
        "accuracy": 0.0 if network.outcome.diverged else network.last("val_accuracy"),
    }


def epochs_to(accuracy: Floats, wanted: float) -> float:
    """Epochs until a curve from 0 reaches a value, straight between epochs; infinite if never."""
    if not (accuracy >= wanted).any():
        return float("inf")
    epoch = int(np.argmax(accuracy >= wanted))
    before, after = (float(value) for value in [0.0, *accuracy][epoch : epoch + 2])
    return epoch + (wanted - before) / (after - before)


def gradient_norms(stack: Stack) -> Columns:
    """Norms of the whole gradient of an untrained network, over all training rows."""
    bias, norms = stack.network.layers.biases[-1], []
    start = float(bias[0, 0, 0])
    for added in BIASES:
        bias[0, 0, 0] = start + added
        gradient = backward(stack)
        parts = (*gradient.d_weights, *gradient.d_biases)
        norms.append(np.sqrt(sum(float(part.square().sum()) for part in parts)))
    return {"bias": BIASES, "norm": norms, "log10_norm": np.log10(norms)}


def at_best_rates(tables: Tables, value: str, start: str = "usual") -> Table:
    """Each loss's and seed's row at the rate whose `epochs` or `accuracy` is best for others."""
    table = where(tables["losses"], start=start)
    # Never is later than ever, and must not hide how many of the other seeds arrive.
    late = table["epochs"].clip(upper=2 * table["most_epochs"])
    score = late if value == "epochs" else -table["accuracy"]
    return at_best(table.assign(score=score), "rate", "score", each=["loss"])


def compared(tables: Tables, operator: np.ufunc, value: str, start: str = "usual") -> Floats:
    """`epochs` or `accuracy` at those rates: cross-entropy's - or / squared error's, (seeds,)."""
    rows = at_best_rates(tables, value, start)
    with np.errstate(invalid="ignore"):  # not a number where neither arrives
        return np.asarray(operator(*(by_seed(rows, value, loss=loss) for loss in SOFTMAX)))


def fall(tables: Tables, loss: str) -> Floats:
    """log10 of the gradient's norm of a wrong network / that of the usual one, (seeds,)."""
    norms = by_seed(tables["gradients"], "norm", "bias", loss=loss)
    return np.asarray(np.log10(norms[BIASES.index(WRONG)] / norms[0]))


ENDS = "final accuracy on unseen rows, cross-entropy - squared error, each at its best rate"
NORMS = f"log10 of the gradient's norm with {WRONG:g} on one class's bias / without, untrained"

CLAIMS = {
    "faster": Claim(
        "Cross-entropy learns classes faster than squared error of the same softmax.",
        f"epochs to {ACCURACY:.0%} accuracy on unseen rows, cross-entropy / squared error, each at"
        " its best rate",
        lambda t: compared(t, np.divide, "epochs"),
        below=1.0,
        within=POSITIVE,
    ),
    "better": Claim(
        "And its accuracy at the end is higher.",
        ENDS,
        lambda t: compared(t, np.subtract, "accuracy"),
        above=0.0,
        within=DIFFERENCE,
    ),
    "vanishes": Claim(
        "Where a softmax is sure and wrong, the gradient of its squared error vanishes.",
        NORMS,
        lambda t: fall(t, SQUARED),
        below=-2.0,
    ),
    "stays": Claim(
        "That of its cross-entropy does not.", NORMS, lambda t: fall(t, ENTROPY), above=-0.5
    ),
    "stuck": Claim(
        "So from initial weights that are sure and wrong, squared error does not get away.",
        f"{ENDS}, from such weights",
        lambda t: compared(t, np.subtract, "accuracy", "wrong"),
        above=0.1,
        within=DIFFERENCE,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Epochs and accuracies at the best rates, and what these are."""

    def told(value: str, form: str, start: str = "usual") -> str:
        return "; ".join(
            f"{loss} {own[value].mean():{form}} (rate {listed(own['rate'].unique(), 'g')})"
            for loss, own in at_best_rates(tables, value, start).groupby("loss", sort=False)
        )

    suited = where(at_best_rates(tables, "accuracy", "wrong"), loss=ENTROPY)[["rate", "seed"]]
    same = suited.merge(where(tables["losses"], loss=SQUARED, start="wrong"))["accuracy"].mean()
    factors = " and ".join(f"{10 ** fall(tables, loss).mean():.3g} ({loss})" for loss in SOFTMAX)
    return [
        f"Epochs to {ACCURACY:.0%}, each at its best rate: {told('epochs', '.1f')}. Accuracy at the"
        f" end likewise: {told('accuracy', '.4f')}.",
        f"{WRONG:g} on the bias of one class changes the gradient's norm by a factor of {factors}.",
        f"Accuracy at the end from weights that are sure and wrong:"
        f" {told('accuracy', '.3f', 'wrong')}; at cross-entropy's rates, squared error {same:.3f}.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Accuracy and epochs against the rate; gradients and accuracy of wrong initial weights."""
    usual, wrong = (where(tables["losses"], start=start) for start in ("usual", "wrong"))
    epochs = bands(usual, "rate", "epochs", "loss")
    ends, wrong_ends = (bands(table, "rate", "accuracy", "loss") for table in (usual, wrong))
    norms = bands(tables["gradients"], "bias", "log10_norm", "loss")
    rate, accuracy = "learning rate", "accuracy on unseen rows"
    bias, norm = "added to the bias of one class", "log10 of the gradient's norm"
    title = f"After training, {WRONG:g} added to the initial bias"
    return [
        Panel(f"Epochs to {ACCURACY:.0%} accuracy", rate, "epochs", epochs, log="xy"),
        Panel("After training (diverged: 0)", rate, accuracy, ends, log="x", within=SHARE),
        Panel("Sure and wrong: the gradient, untrained", bias, norm, norms),
        Panel(title, rate, accuracy, wrong_ends, log="x", within=SHARE),
    ]
