"""How often a verdict is right: `python benchmarks/verdict.py`, or `... tune` for the tuning seeds.

Runs whose state is known by the way they are made: too small a network, too few epochs, too high a
rate, redrawn labels memorised, and so on, on several data sets and seeds. For each verdict it
prints how many runs got it that should have (recall) and how many that got it should have
(precision). Rules and runs were settled on the tuning seeds and a few more; the others report.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from race import QUICK, machine, words
from sklearn.datasets import load_breast_cancer, load_diabetes

from mlp_lab.commands.composing import prepare_hydra
from mlp_lab.config.composition import from_hydra
from mlp_lab.config.groups import config_folder
from mlp_lab.errors import UserError
from mlp_lab.runs.job import Job
from mlp_lab.runs.preflight import require_possible
from mlp_lab.runs.prepared_data import prepare_data
from mlp_lab.runs.run import run
from mlp_lab.verdict.judge import Judge
from mlp_lab.verdict.rules import NOTE_RULES, STATE_RULES

TUNING_SEEDS = (0, 1, 2, 3, 4, 5)
REPORTED_SEEDS = (301, 302)
WANTED = 0.9
ROWS, COLUMNS = 2000, 20
"""Of tables that are made."""


@dataclass(frozen=True)
class Made:
    """Runs of a kind: settings, the state that they are made to reach, notes that must be there.

    Of a note that is neither wanted nor excluded nothing is known by construction.
    """

    state: str
    words: str
    notes: Sequence[str] = ()
    without: Sequence[str] = ()


BETTER = ("no better than a baseline",)
TREES = ("worse than gradient boosting",)
SHORT = ("learning rate too low",)
UNSCALED = ("unscaled inputs",)
OUTLIERS = ("outliers",)
RARE = ("rare classes",)
LATER = ("later rows differ",)
DECAY = ("strong weight decay",)
COPIES = ("repeated rows",)
TIME = ("rows in order of time",)
COUNTS = ("counts",)
LEAK = ("suspiciously good",)
LEARNT = ("dead units", "saturated units", "vanishing gradients")

MADE = (
    # Hidden units that cannot bend enough, trained to their end.
    Made("underfit", "data=spirals model=perceptron epochs=200 optimizer.lr=0.01"),
    Made("underfit", "data=circles model=perceptron epochs=200 optimizer.lr=0.01"),
    Made("underfit", "data=sine model=perceptron epochs=200 optimizer.lr=0.01"),
    Made("underfit", "data=digits model=shallow model.width=1 epochs=150 schedule=cosine"),
    Made("underfit", "data=xor model=perceptron epochs=200 optimizer.lr=0.01"),
    # A handful of small steps.
    Made("not converged", "data=digits epochs=4 optimizer.lr=1e-4"),
    Made("not converged", "data=diabetes model=shallow model.width=16 epochs=15 optimizer.lr=3e-4"),
    Made("not converged", "data=moons epochs=6 optimizer.lr=3e-4"),
    Made("not converged", "data=breast_cancer optimizer=sgd optimizer.lr=1e-3 epochs=10"),
    Made("not converged", "data=sine optimizer=sgd optimizer.lr=3e-4 epochs=30"),
    # Steps far too long: the loss diverges or oscillates.
    Made("diverged", "data=diabetes optimizer=sgd optimizer.lr=100 epochs=10"),
    Made("diverged", "data=sine optimizer=sgd optimizer.lr=100 epochs=10"),
    Made("diverged", "data=digits optimizer=sgd optimizer.lr=1000 loss=mse model.output=linear"),
    Made("unstable", "data=digits model.activation=tanh optimizer.lr=0.3 epochs=30"),
    Made("unstable", "data=breast_cancer model.activation=tanh optimizer.lr=0.3 epochs=60"),
    Made("unstable", "data=sine model.activation=tanh optimizer.lr=0.3 epochs=60"),
    Made("unstable", "data=spirals model.activation=tanh optimizer.lr=0.3 epochs=60"),
    # Redrawn labels, or a few noisy rows, memorised.
    Made("overfit", "data=digits data.train_rows=200 data.label_noise=0.4 epochs=150"),
    Made("overfit", "data=diabetes epochs=150"),
    Made("overfit", "data=wine data.label_noise=0.5 epochs=200"),
    Made("overfit", "data=breast_cancer data.train_rows=150 data.label_noise=0.3 epochs=150"),
    Made("overfit", "data=diabetes data.train_rows=100 epochs=300 schedule=cosine"),
    # Enough of everything, and little noise.
    Made("good fit", "data=digits epochs=40", without=LEARNT),
    Made("good fit", "data=spirals epochs=150 schedule=cosine", without=BETTER),
    Made("good fit", "data=sine epochs=300 schedule=cosine", without=BETTER),
    Made("good fit", "data=circles epochs=200 schedule=cosine", without=BETTER),
    Made("good fit", "data=moons data.noise=0.05 epochs=200 schedule=cosine"),
    Made("good fit", "data=breast_cancer model=shallow model.width=8 epochs=100 schedule=cosine"),
    # Early stopping: what it kept is judged, though the curves end above.
    Made("good fit", "data=digits epochs=100 stop.patience=15"),
    Made("good fit", "data=sine data.rows=400 epochs=300 stop.patience=30 optimizer.lr=0.003"),
    # Noise, which any network learns by heart, and a first glance.
    Made("nothing to learn", "noise epochs=40", without=(*BETTER, *TREES, *SHORT)),
    Made("nothing to learn", "noise_number epochs=40", without=(*BETTER, *TREES, *SHORT)),
    Made("nothing to learn", "data=sine data.noise=30 data.rows=2000 epochs=40"),
    Made("too early to say", "data=sine data.noise=3 data.rows=50 epochs=1"),
    Made("too early to say", "data=iris epochs=8"),
    Made("too early to say", "data=moons optimizer=gd epochs=40"),
    # Steps that are too short.
    Made("", "data=sine model=shallow", SHORT),
    Made("", "data=spirals model=shallow", SHORT),
    Made("", "data=digits optimizer.lr=1e-6 epochs=30", SHORT),
    Made("", "data=sine optimizer=sgd optimizer.lr=1e-4", SHORT),
    Made("", "data=spirals model=shallow model.width=2 epochs=300 optimizer.lr=0.02", (), SHORT),
    Made("", "data=circles model=shallow model.width=1 epochs=300 optimizer.lr=0.02", (), SHORT),
    # What the data need.
    Made("", "data=breast_cancer data.scaling=none", UNSCALED, OUTLIERS),
    Made("", "data=breast_cancer", (), UNSCALED),
    Made("", "data=sine data.outliers=0.02 epochs=100", OUTLIERS),
    Made("", "data=sine epochs=100", (), OUTLIERS),
    Made("", "data=diabetes", (), OUTLIERS),
    Made("", "data=wine data.scaling=none", UNSCALED),
    Made("", "far model=shallow epochs=60", OUTLIERS),
    Made("", "far model=shallow loss=huber epochs=60", OUTLIERS),
    Made("good fit", "data=sine data.outliers=0.02 loss=mae epochs=300 schedule=cosine"),
    Made("", "rare model=shallow model.width=8 epochs=60", RARE),
    Made("", "rare model=shallow model.width=4 epochs=60 stop.patience=20", RARE),
    Made("", "rare_but_plain epochs=20", (), RARE),
    Made("", "rare model=shallow data.class_weights=balanced epochs=60", (), RARE),
    Made("", "drift data.time=day model=shallow epochs=60", LATER),
    Made("", "drift data.part=part model=shallow epochs=60", LATER),
    Made("", "trend data.time=day model=shallow epochs=60", LATER),
    Made("", "trend model=shallow epochs=60", (), LATER),
    Made("", "steady data.time=day model=shallow epochs=60", (), LATER),
    Made("", "steady data.part=part model=shallow epochs=60", (), LATER),
    # Weight decay that is stronger than the loss: its loss is pulled up, and does not jump.
    Made("underfit", "data=breast_cancer optimizer.weight_decay=3 epochs=60", DECAY),
    Made("underfit", "data=sine optimizer.weight_decay=0.5 epochs=150", DECAY),
    Made("underfit", "data=moons optimizer=sgd optimizer.weight_decay=0.5 epochs=150", DECAY),
    Made("good fit", "data=digits optimizer.weight_decay=1e-4 epochs=40", (), DECAY),
    # Labels that are wrong in training rows only.
    Made("good fit", "data=moons data.label_noise=0.2 epochs=200 stop.patience=20"),
    Made("good fit", "data=gaussians data.rows=1000 data.label_noise=0.3 model=shallow epochs=60"),
    # Hidden units and gradients.
    Made("", "data=breast_cancer data.scaling=none model.activation=tanh", ("saturated units",)),
    Made("", "data=wine data.scaling=none model.activation=tanh", ("saturated units",)),
    Made("", "data=digits model.activation=sigmoid optimizer.lr=3 epochs=10", ("saturated units",)),
    Made("", "data=digits model.depth=12 model.activation=sigmoid epochs=5", LEARNT[2:]),
    Made("", "data=spirals model.depth=12 model.activation=sigmoid epochs=20", LEARNT[2:]),
    Made("", "data=diabetes model.depth=10 model.activation=sigmoid epochs=20", LEARNT[2:]),
    Made("", "data=digits optimizer.lr=0.3 epochs=20", ("dead units",)),
    Made("", "data=spirals optimizer.lr=0.5 epochs=20", ("dead units",)),
    Made("", "data=diabetes optimizer.lr=0.5 epochs=20", ("dead units",)),
    Made("", "data=digits model.activation=elu epochs=5", (), LEARNT),
    Made("", "data=iris model.activation=leaky_relu epochs=20", (), LEARNT),
    # Straight lines are the best boundaries; target leakage.
    Made("", "data=gaussians data.rows=2000 epochs=20", BETTER),
    Made("", "data=gaussians data.rows=2000 data.classes=2 epochs=20", BETTER),
    Made("", "data=gaussians data.rows=2000 data.classes=5 data.noise=0.7 epochs=20", BETTER),
    # Copies of rows, and rows that are equal by chance.
    Made("", "copies epochs=20", COPIES),
    Made("", "copies_noise epochs=20", COPIES),
    Made("", "copies data.group=household epochs=20", (), COPIES),
    Made("", "coarse epochs=20", (), COPIES),
    Made("", "steady epochs=20", (), COPIES),
    # Rows in order of time, split at random, and rows that are sorted by what they say.
    Made("", "series model=shallow epochs=30", TIME),
    Made("", "series_classes model=shallow epochs=30", TIME),
    Made("", "series data.time=day model=shallow epochs=30", (), TIME),
    Made("", "steady model=shallow epochs=30", (), TIME),
    Made("", "sorted_by_target model=shallow epochs=30", (), TIME),
    Made("", "sorted_by_column model=shallow epochs=30", (), TIME),
    # Counts, and whole numbers that count nothing.
    Made("", "counts data.task=regression model=shallow epochs=30", COUNTS),
    Made("", "clumped_counts data.task=regression model=shallow epochs=30", COUNTS),
    Made("", "counts data.task=regression model=shallow loss=poisson epochs=30", (), COUNTS),
    Made("", "grades data.task=regression model=shallow epochs=30", (), COUNTS),
    Made("", "whole data.task=regression model=shallow epochs=30", (), COUNTS),
    Made("", "leak epochs=40", LEAK),
    Made("", "leak_number epochs=40", LEAK),
    Made("", "leak_threshold epochs=60", LEAK),
    Made("", "leak_noise epochs=60", LEAK),
    Made("", "leak_sum epochs=60", LEAK),
    Made("", "leak_difference epochs=60", LEAK),
    Made("", "strong epochs=60", (), LEAK),
    Made("", "strong_number epochs=60", (), LEAK),
    Made("", "honest epochs=40", (), LEAK),
    Made("", "honest_number epochs=40", (), LEAK),
    # Steps at thresholds of few columns among many; straight lines.
    Made("", "thresholds epochs=40", TREES),
    Made("", "thresholds_number epochs=40", TREES),
    Made("", "thresholds model=shallow model.width=16 epochs=60", TREES),
    Made("", "slopes model=shallow model.width=8 epochs=40", (), TREES),
    Made("", "slopes_number model=shallow model.width=8 epochs=40", (), TREES),
)


@dataclass(frozen=True)
class Judged:
    """What a run should have got, and what it got."""

    made: Made
    seed: int
    state: str
    notes: list[str]
    words: str


def main() -> None:
    """Train, judge, count."""
    seeds: Sequence[int] = TUNING_SEEDS if words() == ["tune"] else REPORTED_SEEDS
    kinds = MADE[:1] if QUICK else MADE
    seeds = seeds[:1] if QUICK else seeds
    prepare_hydra()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(folder)
        judged = [
            judged_run(made, seed, folder / f"{number}-{seed}", folder)
            for number, made in enumerate(kinds)
            for seed in seeds
        ]
    for one in judged:
        wrong = one.made.state not in ("", one.state)
        lacking = [note for note in one.made.notes if note not in one.notes]
        surplus = [note for note in one.made.without if note in one.notes]
        if wrong or lacking or surplus:
            found = f"{one.words}; {', '.join(one.notes) or 'no note'}"
            wanted = ", ".join([one.made.state, *lacking, *(f"no {note}" for note in surplus)])
            print(f"seed {one.seed}, {one.made.words}: wanted {wanted}; got {found}")
    print(f"{len(judged)} runs, seeds {seeds}; {machine()}")
    for line in [*report(judged), *confusion(judged)]:
        print(line)


def write_tables(folder: Path) -> None:
    """Two tables, and each with a column that gives the answer away; tables for trees, and not."""
    frame = load_breast_cancer(as_frame=True).frame
    frame["target"] = np.where(frame["target"] == 1, "benign", "malignant")
    frame.to_csv(folder / "honest.csv", index=False)
    frame["treated"] = np.where(frame["target"] == "benign", 0.1, 0.9)
    frame.to_csv(folder / "leak.csv", index=False)
    frame = load_diabetes(as_frame=True).frame
    frame.to_csv(folder / "honest_number.csv", index=False)
    frame["grade"] = frame["target"] / 25 + np.arange(len(frame)) % 2 / 10
    frame.to_csv(folder / "leak_number.csv", index=False)
    draw = np.random.default_rng(0)
    rows = pd.DataFrame(draw.normal(size=(ROWS, COLUMNS))).add_prefix("column_")
    noise = draw.normal(size=ROWS)
    rows.assign(target=noise).to_csv(folder / "noise_number.csv", index=False)
    classes = np.where(noise > 0, "yes", "no")
    rows.assign(target=classes).to_csv(folder / "noise.csv", index=False)
    x = rows.to_numpy()
    steps = np.sign(x[:, 0] - 0.3) * np.sign(x[:, 1] + 0.2) + np.sign(x[:, 2])
    slopes = x @ draw.normal(size=COLUMNS) / np.sqrt(COLUMNS)
    for name, signal in (("thresholds", steps), ("slopes", slopes)):
        number = signal + 0.5 * draw.normal(size=ROWS)
        rows.assign(target=number).to_csv(folder / f"{name}_number.csv", index=False)
        classes = np.where(number > 0, "yes", "no")
        rows.assign(target=classes).to_csv(folder / f"{name}.csv", index=False)
    _write_more(rows, folder)


def _write_more(rows: pd.DataFrame, folder: Path) -> None:
    """Rare classes, rows that change with time, columns that leak and strong honest ones."""
    draw, x = np.random.default_rng(1), rows.to_numpy()
    a, b, noise = x[:, 0], x[:, 1], draw.normal(size=ROWS)
    wide = x @ draw.normal(size=COLUMNS) / np.sqrt(COLUMNS) * 2

    def write(name: str, target: np.ndarray, **more: np.ndarray) -> None:
        classes = np.where(target, "yes", "no") if target.dtype == bool else target
        rows.assign(target=classes, **more).to_csv(folder / f"{name}.csv", index=False)

    few = rows.iloc[:, :4]  # of all twenty, networks learn no probability that holds on new rows
    rare = np.where(draw.uniform(size=ROWS) < 1 / (1 + np.exp(3.8 - 1.3 * a)), "yes", "no")
    few.assign(target=rare).to_csv(folder / "rare.csv", index=False)
    write("rare_but_plain", a > 1.5)
    day = np.arange(ROWS)
    part = np.where(day < 0.6 * ROWS, "train", np.where(day < 0.8 * ROWS, "val", "test"))
    turned = np.where(day < 0.8 * ROWS, a, -a) + 0.3 * noise
    write("drift", turned, day=day, part=part)
    write("steady", a + 0.3 * noise, day=day, part=part)
    far = np.random.default_rng(3).uniform(size=ROWS) < 0.03
    write("far", np.where(far, 400, 40 + 3 * a + noise))
    price = day / ROWS * 4 + 0.2 * b  # what follows from the highest was not seen before
    write("trend", a + 4 * np.maximum(price - 3.2, 0) + 0.3 * noise, day=day, price=price)
    write("leak_threshold", wide + noise > 0, known=np.where(wide + noise > 0, a**2, -(b**2)))
    write("leak_noise", wide + noise, known=wide + 1.05 * noise)
    write("leak_sum", wide + noise, first=wide + b, second=noise - b)
    write("leak_difference", wide + noise, first=2 * wide, second=wide - noise)
    household = draw.permutation(ROWS) % (ROWS // 4)
    twice, signal = rows.iloc[household].reset_index(drop=True), (a + noise)[household]
    twice.assign(target=signal, household=household).to_csv(folder / "copies.csv", index=False)
    classes = np.where(noise[household] > 0, "yes", "no")
    twice.assign(target=classes).to_csv(folder / "copies_noise.csv", index=False)
    answers = rows.iloc[:, :4].clip(-1, 1).round()
    answers.assign(target=np.where(a + noise > 0, "yes", "no")).to_csv(
        folder / "coarse.csv", index=False
    )
    _write_series_and_counts(rows, folder)
    write("strong", a + 0.3 * noise > 0)
    write("strong_number", a + 0.25 * noise)


def _write_series_and_counts(rows: pd.DataFrame, folder: Path) -> None:
    """Rows whose noise goes on from row to row, sorted rows, counts and other whole numbers."""
    draw, a = np.random.default_rng(2), rows.iloc[:, 0].to_numpy()
    fresh = draw.normal(size=ROWS)
    drift = fresh.copy()
    for row in range(1, ROWS):
        drift[row] = 0.8 * drift[row - 1] + 0.6 * fresh[row]
    day = pd.date_range("2020-01-01", periods=ROWS).astype(str)
    series = rows.assign(target=a + drift, day=day)
    few = rows.iloc[:, :5]
    classes = np.where(a + drift > 0, "yes", "no")
    mean = np.exp(0.7 + 0.7 * a)
    tables = {
        "series": series,
        "series_classes": rows.assign(target=classes),
        "sorted_by_target": rows.assign(target=a + fresh).sort_values("target"),
        "sorted_by_column": few.assign(target=np.sin(2 * a) + fresh).sort_values("column_0"),
        "counts": few.assign(target=draw.poisson(mean)),
        "clumped_counts": few.assign(target=draw.negative_binomial(2, 2 / (2 + mean))),
        "grades": few.assign(target=np.clip(np.round(3 + a + 0.7 * fresh), 1, 6)),
        "whole": few.assign(target=np.maximum(np.round(8 + 2 * a + 2 * fresh), 0)),
    }
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)


def judged_run(made: Made, seed: int, run_folder: Path, tables: Path) -> Judged:
    """Train a network and read what is said of it."""
    words = made.words.split()
    if not words[0].startswith("data="):
        path = f"data.path={tables / words[0]}.csv"
        plain = ["model=deep"] * (not any(word.startswith("model=") for word in words))
        words[:1] = ["data=table", path, "data.target=target", *plain]
    words += [f"seed={seed}", f"data.split_seed={seed}", "quiet=true", "tracking.tensorboard=false"]
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config, values, _ = from_hydra(compose("train", words), words)
    run_folder.mkdir()
    try:
        job, prepared = Job(config, values, run_folder, words), prepare_data(config)
        run(job, prepared, require_possible(job, prepared), Judge())
    except UserError as error:
        raise SystemExit(f"{made.words}: {error}") from error
    verdict = json.loads((run_folder / "result.json").read_text())["verdict"]
    notes = [note["kind"] for note in verdict["notes"]]
    return Judged(made, seed, verdict["kind"], notes, verdict["words"])


def report(judged: Sequence[Judged]) -> Iterator[str]:
    """A line for each verdict that some run was made for."""
    for state in STATE_RULES:
        known = [one for one in judged if one.made.state]
        right = sum(one.state == one.made.state == state for one in known)
        wanted = sum(one.made.state == state for one in known)
        got = sum(one.state == state for one in known)
        if wanted:
            yield figures(state, right, wanted, got)
    for note in NOTE_RULES:
        known = [one for one in judged if note in (*one.made.notes, *one.made.without)]
        right = sum(note in one.notes and note in one.made.notes for one in known)
        wanted = sum(note in one.made.notes for one in known)
        got = sum(note in one.notes for one in known)
        if wanted:
            yield figures(note, right, wanted, got)


def confusion(judged: Sequence[Judged]) -> Iterator[str]:
    """A row for each state that runs were made for, a column for each that they got."""
    known = [one for one in judged if one.made.state]
    states = [
        state for state in STATE_RULES if any(state in (one.made.state, one.state) for one in known)
    ]
    yield "made for, and got: " + ", ".join(states)
    for made in states:
        counts = [
            sum(one.made.state == made and one.state == got for one in known) for got in states
        ]
        yield f"{made:28s}" + "".join(f"{count:5d}" for count in counts)
    right = sum(one.state == one.made.state for one in known)
    yield f"{right} of {len(known)} states are right"


def figures(name: str, right: int, wanted: int, got: int) -> str:
    """Recall and precision."""
    recall, precision = right / wanted, right / got if got else 0.0
    missed = "" if min(recall, precision) >= WANTED else "MISSED"
    return f"{name:28s} {wanted:3d} runs  recall {recall:.2f}  precision {precision:.2f}  {missed}"


if __name__ == "__main__":
    main()
