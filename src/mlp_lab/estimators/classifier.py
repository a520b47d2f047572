"""A classifier."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets

from mlp_lab.data.arrays import Floats
from mlp_lab.errors import UserError
from mlp_lab.estimators.base import MLPEstimator
from mlp_lab.estimators.inputs import target_columns


class MLPClassifier(ClassifierMixin, MLPEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A multilayer perceptron for classes.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> classifier = MLPClassifier(depth=1, width=16, epochs=100, val_fraction=0.2).fit(X, y)
    >>> classifier.score(X, y) > 0.9
    True
    >>> list(classifier.curves_.columns[:4])
    ['train_loss', 'train_accuracy', 'val_loss', 'val_accuracy']
    """

    classes_: NDArray[Any]
    _labels: np.dtype[Any] | None
    """Type of the indicators of several labels."""

    def _set_target(self, goal: Any, *, reset: bool) -> None:
        if goal.ndim == 2:
            self._set_labels(goal, reset=reset)
            return
        if not reset and self._labels is not None:
            raise UserError(f"y must have {len(self.classes_)} columns, as in the first fit")
        check_classification_targets(goal)
        classes = np.unique(goal)
        if reset:
            self.classes_, self._labels = classes, None
            return
        new = np.setdiff1d(classes, self.classes_)
        if len(new):
            raise UserError(f"y holds {new[0]}, which is none of the classes of the first fit")

    def _set_labels(self, goal: Any, *, reset: bool) -> None:
        """Several columns of 0 and 1, each a label, as scikit-learn's indicator matrix."""
        for name, column in zip(self._names_of_targets, goal.T, strict=True):
            strange = [value for value in np.unique(column) if value not in (0, 1)]
            if strange:
                raise UserError(
                    f"y of several columns must hold 0 and 1, an indicator of each label:"
                    f" column {name!r} holds {strange[0]}"
                )
        if not reset and (self._labels is None or goal.shape[1] != len(self.classes_)):
            raise UserError("y must have as many columns as in the first fit")
        self.classes_, self._labels = np.arange(goal.shape[1]), goal.dtype

    def _encoded_target(self, goal: Any) -> Floats:
        if goal.ndim == 2:
            indicators: Floats = goal.astype(np.float64)
            return indicators
        places = np.searchsorted(self.classes_, goal)
        known = self.classes_[np.minimum(places, len(self.classes_) - 1)] == goal
        if not np.all(known):
            bad = np.asarray(goal)[~known][0]
            raise UserError(f"y_val holds {bad}, which is no class of y")
        encoded: Floats = places.astype(np.float64)
        return encoded

    def _class_names(self) -> list[str]:
        return ["0", "1"] if self._labels is not None else [str(name) for name in self.classes_]

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on some rows, and keep what earlier calls have learnt.

        Weights, encoding and classes stay those of the first call; the optimizer's running
        averages begin anew, and no rows are set aside for validation.

        Args:
            X: rows, (N, columns).
            y: their classes, (N,), or indicators of labels, (N, L).
            classes: all that there are, in the first call; by default those of y.
            sample_weight: how much each row counts, (N,).

        Raises:
            UserError: rows or settings cannot be used, or y holds a class of no earlier call.
        """
        first = not hasattr(self, "_fitted")
        if first and classes is not None and target_columns(y).ndim == 1:
            self.classes_, self._labels = np.unique(classes), None
        return self._fit_some(X, y, sample_weight, first=first)

    def predict_proba(self, X: Any) -> Floats:
        """Probability of each class, (N, classes), in the order of `classes_`; or of each label."""
        rows = self._new_rows(X)
        return self._predictor.predict_proba(rows)

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row, (N,); of several labels their indicators, (N, L)."""
        rows = self._new_rows(X)
        decided = self._predictor.schema.target.decide(self._predictor.outputs(rows))
        if self._labels is not None:
            return decided.astype(self._labels)
        found: NDArray[Any] = self.classes_[decided]
        return found

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
