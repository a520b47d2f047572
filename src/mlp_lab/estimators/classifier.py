"""A classifier."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.errors import UserError
from mlp_lab.estimators.base import MLPEstimator
from mlp_lab.estimators.inputs import ranks, target_columns, target_names

SHOWN_LABELS = 5
"""Labels of a column that has too many."""


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

    classes_: NDArray[Any] | list[NDArray[Any]]
    """Of one column its classes; of several columns of text the two labels of each, as
    scikit-learn's own have it; of an indicator matrix the numbers of its columns."""
    _ranks: Index
    """Place of each of these classes in the order that the network has them in."""
    _labels: np.dtype[Any] | None
    """Type of y, where it has several columns."""
    _pairs: list[NDArray[Any]]
    """Their labels."""

    def _set_target(self, goal: Any, *, reset: bool) -> None:
        if goal.ndim == 2:
            self._set_labels(goal, reset=reset)
            return
        if not reset and self._labels is not None:
            raise UserError(f"y must have {len(self.classes_)} columns, as in the first fit")
        check_classification_targets(goal)
        classes = np.unique(goal)
        if reset:
            self._learn_classes(classes)
            return
        new = np.setdiff1d(classes, self.classes_)
        if len(new):
            raise UserError(f"y holds {new[0]}, which is none of the classes of the first fit")

    def _learn_classes(self, classes: NDArray[Any]) -> None:
        """Classes of one column, in the order of `levels` where these name it."""
        self.classes_, self._labels = classes, None
        declared = (self.levels or {}).get(self._names_of_targets[0])
        self._ranks = np.arange(len(classes)) if declared is None else ranks(classes, declared)

    def _set_labels(self, goal: Any, *, reset: bool) -> None:
        """Several columns of two labels each; those of 0 and 1 are scikit-learn's indicator matrix.

        Of indicators, `classes_` numbers the columns; else it has the two labels of each.
        """
        if not reset and (self._labels is None or goal.shape[1] != len(self._pairs)):
            raise UserError("y must have as many columns as in the first fit")
        found = [_distinct(c, name) for name, c in zip(self._names_of_targets, goal.T, strict=True)]
        if not reset:
            self._encoded_labels(goal, "none of the labels of the first fit")
            return
        if all(_are_indicators(labels) for labels in found):
            self._pairs = [np.arange(2)] * len(found)
            self.classes_, self._labels = np.arange(len(found)), goal.dtype
            return
        for name, labels in zip(self._names_of_targets, found, strict=True):
            if len(labels) != 2:
                shown = ", ".join(map(str, labels[:SHOWN_LABELS]))
                raise UserError(
                    f"y of several columns must hold two labels in each, as no and yes or 0 and 1:"
                    f" column {name!r} holds {len(labels)} ({shown})"
                )
        self._pairs, self._labels = found, goal.dtype
        self.classes_ = found

    def _encoded_labels(self, goal: Any, what: str) -> Floats:
        """Which of its two labels each column holds, (N, L)."""
        encoded = np.empty(goal.shape)
        columns = zip(self._names_of_targets, self._pairs, goal.T, strict=True)
        for place, (name, pair, column) in enumerate(columns):
            second = column == pair[1]
            strange = column[~(second | (column == pair[0]))]
            if len(strange):
                raise UserError(f"column {name!r} of y holds {strange[0]}, which is {what}")
            encoded[:, place] = second
        return encoded

    def _encoded_target(self, goal: Any) -> Floats:
        if goal.ndim == 2:
            return self._encoded_labels(goal, "no label of the training rows")
        places = np.searchsorted(self.classes_, goal)
        known = self.classes_[np.minimum(places, len(self.classes_) - 1)] == goal
        if not np.all(known):
            bad = np.asarray(goal)[~known][0]
            raise UserError(f"y_val holds {bad}, which is no class of y")
        encoded: Floats = self._ranks[places].astype(np.float64)
        return encoded

    def _class_names(self) -> list[list[str]]:
        several = self._labels is not None
        each = self._pairs if several else [np.asarray(self.classes_)[np.argsort(self._ranks)]]
        return [[str(name) for name in classes] for classes in each]

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
        if classes is not None and target_columns(y).ndim == 1:
            given = np.unique(classes)
            if first:
                self._names_of_targets = target_names(y, target_columns(y))
                self._learn_classes(given)
            elif not np.array_equal(given, self.classes_):
                shown = ", ".join(map(str, self.classes_))
                raise UserError(f"classes are those of the first call, {shown}: leave them out")
        return self._fit_some(X, y, sample_weight, first=first)

    def predict_proba(self, X: Any) -> Floats:
        """Probability of each class, (N, classes), in the order of `classes_`; or of each label."""
        rows = self._new_rows(X)
        found = self._predictor.predict_proba(rows)
        return found if self._labels is not None else found[:, self._ranks]

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row, (N,); of several columns the label of each, (N, L), as in y."""
        rows = self._new_rows(X)
        decided = self._predictor.schema.target.decide(self._predictor.outputs(rows))
        if self._labels is not None:
            columns = [pair[own] for pair, own in zip(self._pairs, decided.T, strict=True)]
            return np.column_stack(columns).astype(self._labels)
        found: NDArray[Any] = self.classes_[np.argsort(self._ranks)[decided]]
        return found

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy; of several columns the share of rows of which every label is right."""
        check_is_fitted(self)
        goal = target_columns(y)
        if goal.ndim == 1 or self._labels is None:
            return float(super().score(X, y, sample_weight))
        right = (np.asarray(self.predict(X)) == goal).all(axis=1)
        return float(np.average(right, weights=sample_weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _are_indicators(labels: NDArray[Any]) -> bool:
    """Whether labels are 0 and 1 themselves; text is none, whatever it says."""
    return labels.dtype.kind not in "US" and bool(np.isin(labels, (0, 1)).all())


def _distinct(column: NDArray[Any], name: str) -> NDArray[Any]:
    """The labels of a column in order.

    Raises:
        UserError: some are text and some are numbers.
    """
    try:
        found: NDArray[Any] = np.unique(column)
    except TypeError:
        raise UserError(f"column {name!r} of y mixes text and numbers") from None
    return found
