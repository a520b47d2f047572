"""A regressor."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_array

from mlp_lab.data.arrays import Floats
from mlp_lab.estimators.base import MLPEstimator


class MLPRegressor(RegressorMixin, MLPEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A multilayer perceptron for numbers.

    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> regressor = MLPRegressor(depth=1, width=16).fit(X, y)
    >>> regressor.score(X, y) > 0.4
    True
    """

    def _set_target(self, goal: Any, *, reset: bool) -> None:
        check_array(goal, ensure_2d=False, dtype=np.float64, input_name="y")

    def _encoded_target(self, goal: Any) -> Floats:
        return np.asarray(goal, dtype=np.float64)

    def _class_names(self) -> None:
        return None

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on some rows, and keep what earlier calls have learnt.

        Weights and encoding stay those of the first call; the optimizer's running averages begin
        anew, and no rows are set aside for validation.

        Args:
            X: rows, (N, columns).
            y: their target, (N,), or several, (N, T).
            sample_weight: how much each row counts, (N,).

        Raises:
            UserError: rows or settings cannot be used.
        """
        return self._fit_some(X, y, sample_weight, first=not hasattr(self, "_fitted"))

    def predict(self, X: Any) -> Floats:
        """The target of each row, (N,), or several, (N, T), in their own units."""
        rows = self._new_rows(X)
        return self._predictor.decode(self._predictor.outputs(rows))  # type: ignore[return-value]
