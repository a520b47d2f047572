"""scikit-learn's grid search, whose fits train as stacks."""

from __future__ import annotations

from typing import Any, Self

from joblib import parallel_config
from sklearn import model_selection

from mlp_lab.estimators.backend import NAME, register

register()


class GridSearchCV(model_selection.GridSearchCV):  # type: ignore[misc]  # it has no types
    """`sklearn.model_selection.GridSearchCV`, under joblib's backend "mlp_lab".

    Parameters and results are its own; `n_jobs` is of no effect. Pipelines that end with an
    estimator of this package gain as much, and any other estimator runs in threads.
    """

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Try every setting; networks that can share a stack are trained together."""
        with parallel_config(backend=NAME):
            super().fit(X, y, **params)
        return self
