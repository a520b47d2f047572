"""How exact networks are beside boosted trees: `python benchmarks/accuracy.py FOLDER -o FILE.csv`.

FOLDER holds tables of which a column `part` says train, val or test (phoneme, german, mammography,
winequality, abalone, diamonds); mpg, penguins and titanic may lie there or in the folder above;
they and scikit-learn's own are split by the seed. All competitors get the same rows, at their
defaults, on one thread; nothing is chosen by test rows.

    python benchmarks/accuracy.py FOLDER -o all.csv --ours default= "small=model=shallow epochs=20"
    python benchmarks/accuracy.py FOLDER -o all.csv --only LightGBM --tables german --seeds 0 1
    python benchmarks/accuracy.py FOLDER -o all.csv --join peers.csv --only

A fit's numbers are a line of FILE, and one that is there already is not fitted again, so that a
long run may be done in parts. `--ours NAME=SETTINGS` is this project's network with settings as on
the command line, divided by spaces; `--only` names peers, none if nothing follows it. `--quick`
tries two small tables, and needs no FOLDER.
"""

import argparse
import csv
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy_models import PEERS, Competitor, Missing, Outputs, ours
from accuracy_tables import BUNDLED, FILES, Table, read
from race import QUICK, machine, words
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

SCORES = ("rmse", "accuracy", "auc", "balanced_accuracy", "log_loss")
"""Of every part; empty where they do not exist. `auc`: of two classes."""

KEY = ["table", "competitor", "seed"]
COLUMNS = [*KEY, "seconds", *(f"{part}_{score}" for part in ("val", "test") for score in SCORES)]
LOWER_IS_BETTER = ("rmse", "log_loss")


def main() -> None:
    """Fit what is not there yet, and print a summary."""
    if not QUICK:
        compete(words())
        return
    with tempfile.TemporaryDirectory() as folder:
        names = ["--tables", "wine", "diabetes", "--only", "scikit-learn's MLP", "--seeds", "0"]
        settings = ["--ours", "small=model=shallow epochs=2"]
        compete([folder, "-o", f"{folder}/all.csv", *names, *settings])


def compete(asked: Sequence[str]) -> None:
    """The same, as the words of a command line say."""
    arguments = _parser().parse_args(asked)
    warnings.simplefilter("ignore")
    print(machine())
    chosen = {name: PEERS[name] for name in arguments.only}
    chosen |= {name: ours(words.split()) for name, words in map(_named, arguments.ours)}
    with threadpool_limits(1):
        for name in arguments.tables:
            for seed in arguments.seeds:
                _fit_all(read(name, arguments.folder, seed), seed, chosen, arguments.output)
    frames = [pd.read_csv(path) for path in (*arguments.join, arguments.output) if path.exists()]
    if frames:
        summarise(pd.concat(frames).drop_duplicates(KEY, keep="last"))


def _parser() -> argparse.ArgumentParser:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tables = [*FILES, *BUNDLED]
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.csv")
    parser.add_argument("--join", type=Path, nargs="+", default=[], metavar="FILE.csv")
    parser.add_argument("--tables", nargs="+", choices=tables, default=tables)
    parser.add_argument("--only", nargs="*", choices=[*PEERS], default=[*PEERS])
    parser.add_argument("--ours", nargs="+", default=[], metavar="NAME=SETTINGS")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    return parser


def _named(text: str) -> tuple[str, str]:
    name, equals, words = text.partition("=")
    if not equals:
        sys.exit(f"--ours is written as NAME=SETTINGS, got {text!r}")
    return f"ours: {name}", words


def _fit_all(table: Table, seed: int, chosen: Mapping[str, Competitor], path: Path) -> None:
    """Add a line to the file for each competitor that has none for this table and seed."""
    known = pd.read_csv(path)[KEY] if path.exists() else pd.DataFrame(columns=KEY)
    there = set(known.itertuples(index=False, name=None))
    for name, fit in chosen.items():
        key = (table.name, name, seed)
        if key in there:
            continue
        started = time.process_time()
        try:
            found = fit(table, seed)
        except Missing as missing:
            print(f"{name} is left out: {missing}")
            continue
        seconds = round(time.process_time() - started, 3)
        values = [*key, seconds, *_scores(table, found, "val"), *_scores(table, found, "test")]
        with path.open("a", newline="") as file:
            lines = csv.writer(file)
            if file.tell() == 0:
                lines.writerow(COLUMNS)
            lines.writerow(values)


def _scores(table: Table, outputs: Outputs, part: str) -> list[float | None]:
    """As in `SCORES`."""
    found, truth = outputs[part], table.truth(part)
    if table.regression:
        return [float(np.sqrt(np.mean((found - truth) ** 2))), None, None, None, None]
    predicted, two = found.argmax(1), len(table.classes) == 2
    return [
        None,
        accuracy_score(truth, predicted),
        roc_auc_score(truth, found[:, 1]) if two else None,
        balanced_accuracy_score(truth, predicted),
        log_loss(truth, found, labels=range(len(table.classes))),
    ]


def summarise(lines: pd.DataFrame) -> None:
    """Print a block for each table, then mean ranks over tables."""
    names = [*dict.fromkeys(lines["competitor"])]
    for table, of_table in lines.groupby("table", sort=False):
        print(f"\n{table}")
        shown = [name for name in SCORES if of_table[f"test_{name}"].notna().any()]
        for name, fits in of_table.groupby("competitor", sort=False):
            words = [f"{score} {_spread(fits[f'test_{score}'])}" for score in shown]
            words.append(f"validation {_spread(fits[f'val_{shown[0]}'])}")
            print(f"  {name:24s}", *words, f"{fits['seconds'].mean():.2f} s", sep="  ")
    print("\nmean rank over the tables that all have, 1 is the best")
    for scores in (("rmse", "accuracy"), ("rmse", "auc", "log_loss")):
        ranks = _ranks(lines, scores, names)
        words = [f"{name} {rank:.2f}" for name, rank in ranks.mean().sort_values().items()]
        print(f"  by {', else '.join(scores)} ({len(ranks)} tables): {', '.join(words)}")


def _spread(scores: pd.Series) -> str:
    """Mean and standard deviation over seeds."""
    deviation = 0.0 if len(scores) == 1 else scores.std()
    return f"{scores.mean():.4g} ± {deviation:.2g}"


def _ranks(lines: pd.DataFrame, scores: Sequence[str], names: list[str]) -> pd.DataFrame:
    """The place of each competitor's mean on each table, by the first score that it has."""
    places = {}
    for table, of_table in lines.groupby("table", sort=False):
        score = next(name for name in scores if of_table[f"test_{name}"].notna().any())
        means = of_table.groupby("competitor")[f"test_{score}"].mean().reindex(names)
        if means.notna().all():
            places[table] = means.rank(ascending=score in LOWER_IS_BETTER)
    return pd.DataFrame(places, columns=[*places], index=pd.Index(names)).T


if __name__ == "__main__":
    main()
