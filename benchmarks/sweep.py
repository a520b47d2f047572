"""What a sweep costs: `python benchmarks/sweep.py [1 2 3 4]`.

Whole commands from start to exit, one after the other; tables, figures and every job's files
included.

`--quick` tries 1 and 3 on a few jobs.

1. 32 settings x 5 folds on the digits, by scikit-learn's GridSearchCV over the same grid.
2. The same grid by Hydra's own launcher, one job after the other.
3. 1,000 jobs on the digits, widths 16 to 64, 10 epochs.
4. Widths from 1 to 512, by Hydra's own launcher.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from race import QUICK, judge, machine, words

TRAIN = [sys.executable, str(Path(__file__).parents[1] / "train.py"), "-m"]

RATES: tuple[float, ...] = (1e-4, 3e-4, 1e-3, 3e-3)
DECAYS: tuple[float, ...] = (0, 1e-5, 1e-4, 1e-3)
EPOCHS, PROCESSES = 20, -1
WIDTHS = "16,32,48,64"
if QUICK:
    RATES, DECAYS, EPOCHS, PROCESSES, WIDTHS = (1e-3,), (0,), 1, 1, "16"

GRID = [
    *("data=digits", "model.depth=2", "model.width=16,64", "batch_size=32", f"epochs={EPOCHS}"),
    f"optimizer.lr={','.join(map(str, RATES))}",
    f"optimizer.weight_decay={','.join(map(str, DECAYS))}",
    *("data.test_fraction=0", "data.folds=5", "data.fold=range(5)", "quiet=true"),
]

SKLEARN = f"""
import warnings
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
if __name__ == "__main__":
    warnings.simplefilter("ignore")
    network = MLPClassifier(batch_size=32, max_iter={EPOCHS}, n_iter_no_change=1000, random_state=0)
    grid = {{
        "mlpclassifier__hidden_layer_sizes": [(16, 16), (64, 64)],
        "mlpclassifier__learning_rate_init": {list(RATES)},
        "mlpclassifier__alpha": {list(DECAYS)},
    }}
    pipeline = make_pipeline(StandardScaler(), network)
    search = GridSearchCV(pipeline, grid, cv=5, n_jobs={PROCESSES}, refit=False)
    search.fit(*load_digits(return_X_y=True))
    print(search.best_score_)
"""


def seconds(command: list[str], **environment: str) -> float:
    """Of a command, from start to exit."""
    started = time.perf_counter()
    subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, **environment}, cwd=FOLDER.name
    )
    return time.perf_counter() - started


FOLDER = tempfile.TemporaryDirectory()


def sweep(name: str, *words: str) -> float:
    """Seconds of a sweep into a folder of that name."""
    return seconds([*TRAIN, *words, f"hydra.sweep.dir={FOLDER.name}/{name}"])


def grid_search(*, basic: bool) -> None:
    """1 and 2."""
    name = (
        "grid_by_basic" if basic else "grid_by_sklearn"
    )  # a folder of its own: it would be resumed
    ours = sweep(name, *GRID)
    print(f"  stacked      {ours:6.1f} s")
    if basic:
        theirs = sweep("basic", *GRID, "hydra/launcher=basic")
        print(f"  basic        {theirs:6.1f} s")
        judge("160 jobs: stacked / basic", ours / theirs, 1 / 10)
    else:
        quiet = {"PYTHONWARNINGS": "ignore"}
        theirs = seconds([sys.executable, "-c", SKLEARN], **quiet)
        print(f"  GridSearchCV {theirs:6.1f} s")
        judge("32 settings x 5 folds: stacked / GridSearchCV", ours / theirs, 1 / 8)


def thousand() -> None:
    """3."""
    words = ["data=digits", "model.depth=2", f"model.width={WIDTHS}", "epochs=10", "quiet=true"]
    rates = [f"{1e-4 * 1.2**i:.3g}" for i in range(1 if QUICK else 25)]
    taken = sweep(
        "many", *words, f"optimizer.lr={','.join(rates)}", f"seed=range({1 if QUICK else 10})"
    )
    training = sum(
        json.loads(path.read_text())["seconds"]
        for path in Path(FOLDER.name, "many").glob("*/result.json")
    )
    cores = os.cpu_count() or 1
    print(f"  1,000 jobs   {taken:6.1f} s, of which {training / cores:.1f} s in epochs")
    judge("1,000 jobs: minutes", taken / 60, 1)
    judge("1,000 jobs: ms beside the epochs, per job", (taken - training / cores), 20)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  largest process so far: {largest:.0f} MiB")


def widths() -> None:
    """4."""
    sizes = ",".join(str(2**i) for i in range(10))
    words = ["data=digits", "model.depth=2", f"model.width={sizes}", "seed=0,1,2", "epochs=10"]
    ours = sweep("widths", *words, "quiet=true")
    theirs = sweep("widths_basic", *words, "quiet=true", "hydra/launcher=basic")
    print(f"  stacked {ours:.1f} s, basic {theirs:.1f} s")
    judge("widths 1 to 512, 3 seeds: stacked / basic", ours / theirs, 1 / 3)


PARTS = {
    "1": lambda: grid_search(basic=False),
    "2": lambda: grid_search(basic=True),
    "3": thousand,
    "4": widths,
}

if __name__ == "__main__":
    print(machine())
    with FOLDER:
        for part in words() or (["1", "3"] if QUICK else PARTS):
            PARTS[part]()
