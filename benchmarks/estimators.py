"""What scikit-learn's own tools cost with our estimator: `python benchmarks/estimators.py [1 2 3]`.

Our networks are trained as by default, in compiled code where it can be; `kernel=torch` or
`kernel=native` behind it settles what trains them.

In one warm process, both sides in turn; theirs is `MLPClassifier` with `n_jobs=-1` for searches.

1. 32 settings x 5 folds on the digits, 20 epochs.
2. 320 settings x 5 folds on the digits, 20 epochs (1,600 fits), ours once, theirs on a fifth of it.
3. One fit on the digits, 20 epochs, batch 32, two layers of 64.
"""

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
from race import QUICK, judge, machine
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV as TheirSearch
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlp_lab import GridSearchCV, MLPClassifier

EPOCHS = 1 if QUICK else 20
X, Y = (each[: 100 if QUICK else None] for each in load_digits(return_X_y=True))
PROCESSES = 1 if QUICK else -1

KERNEL = next((word[7:] for word in sys.argv if word.startswith("kernel=")), "auto")
OURS = MLPClassifier(depth=2, width=64, epochs=EPOCHS, val_fraction=0.0, kernel=KERNEL)
THEIRS = make_pipeline(
    StandardScaler(),
    TheirClassifier((64, 64), batch_size=32, max_iter=EPOCHS, n_iter_no_change=1000),
)


def seconds(run: Callable[[], object]) -> float:
    """Of a call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def search(rates: int, decays: int, share: int = 1) -> tuple[float, float]:
    """Seconds of ours, and of theirs on a part of the learning rates."""
    rate, decay = np.geomspace(1e-4, 1e-2, rates), np.geomspace(1e-6, 1e-2, decays)
    ours = {"width": [16, 64], "lr": rate, "weight_decay": decay}
    name = "mlpclassifier__"
    theirs = {
        f"{name}hidden_layer_sizes": [(16, 16), (64, 64)],
        f"{name}learning_rate_init": rate[::share],
        f"{name}alpha": decay,
    }
    return (
        seconds(lambda: GridSearchCV(OURS, ours, cv=5, refit=False).fit(X, Y)),
        seconds(lambda: TheirSearch(THEIRS, theirs, cv=5, refit=False, n_jobs=PROCESSES).fit(X, Y)),
    )


def grid() -> None:
    """1."""
    search(1, 1)  # warm: their processes, our threads
    pairs = [search(1, 1)] if QUICK else [search(4, 4) for _ in range(3)]
    ours, theirs = (float(np.median(side)) for side in zip(*pairs, strict=True))
    print(f"160 fits: ours {ours:.2f} s, theirs {theirs:.2f} s")
    judge("grid search of 160 fits", ours / theirs, 1 / 6)


def large_grid() -> None:
    """2."""
    search(1, 1)
    share = 1 if QUICK else 5
    ours, part = search(1, 1) if QUICK else search(20, 8, share)
    print(f"1,600 fits: ours {ours:.2f} s, theirs {part:.2f} s for a {share}th of them")
    judge("grid search of 1,600 fits", ours / (part * share), 1 / 10)


def one_fit() -> None:
    """3."""
    pairs = [
        (seconds(lambda: OURS.fit(X, Y)), seconds(lambda: THEIRS.fit(X, Y)))
        for _ in range(2 if QUICK else 7)
    ]
    ours, theirs = (float(np.median(side)) for side in zip(*pairs[1:], strict=True))
    print(f"one fit: ours {ours:.3f} s, theirs {theirs:.3f} s")
    judge("one fit", ours / theirs, 0.5)


def main() -> None:
    """Run the parts that are asked for."""
    warnings.simplefilter("ignore")
    print(f"{machine()}, kernel={KERNEL}")
    parts = {"1": grid, "2": large_grid, "3": one_fit}
    for name in [word for word in sys.argv[1:] if word in parts] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
