"""What estimators are given, checked: arrays, frames, targets, weights, groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils.validation import column_or_1d

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.tables.cells import cell_text
from mlp_lab.errors import UserError
from mlp_lab.formatting import counted

NUMBERS = {"dtype": np.float64, "ensure_all_finite": "allow-nan"}
TEXTS = {"dtype": None, "ensure_all_finite": False}
"""How scikit-learn is to check arrays of numbers, and of anything else."""


def holds_texts(X: Any) -> bool:
    """Whether rows may hold anything but numbers."""
    if sparse.issparse(X):
        return False
    dtype = X.dtype if hasattr(X, "dtype") else np.asarray(X).dtype
    return dtype.kind in "OUS"


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose columns have text for names."""
    names = [str(name) for name in frame.columns]
    return frame if names == list(frame.columns) else frame.set_axis(names, axis=1)


def require_rows(frame: pd.DataFrame) -> None:
    """Raise unless a frame has rows, and columns of different names.

    Raises:
        UserError: it has not.
    """
    if len(frame) == 0:
        raise UserError("X has no rows (0 sample(s) with a minimum of 1 is required)")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise UserError(f"X has two columns {str(twice[0])!r}: columns need different names")


def require_both(X_val: Any, y_val: Any) -> None:
    """Raise where rows to validate on come without their target, or the other way round.

    Raises:
        UserError: one of them is missing.
    """
    if (X_val is None) != (y_val is None):
        given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        raise UserError(f"{given} needs {missing}: rows to validate on, and their target")


def target_columns(goal: Any) -> Any:
    """A target as one column, (N,), or several, (N, T).

    Raises:
        UserError: some rows have none.
    """
    given = goal.toarray() if sparse.issparse(goal) else np.asarray(goal)
    several = given.ndim == 2 and given.shape[1] > 1
    values = given if several else column_or_1d(goal, warn=True)
    missing = int(pd.isna(values).reshape(len(values), -1).any(axis=1).sum())
    if missing:
        rows = f"{missing} of {counted(len(values), 'row')}"
        raise UserError(f"y is missing in {rows}: leave them out (Input contains NaN)")
    return values


def target_names(given: Any, goal: Any) -> list[str]:
    """Names of targets, of which `goal` has the columns: those given, else y, or y0, y1, ...

    Raises:
        UserError: two have the same name.
    """
    if goal.ndim == 1:
        return [str(given.name) if isinstance(given, pd.Series) and given.name is not None else "y"]
    if not isinstance(given, pd.DataFrame):
        return [f"y{t}" for t in range(goal.shape[1])]
    names = [str(name) for name in given.columns]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"y has two columns {name!r}: targets need different names")
    return names


def ranks(classes: Any, declared: Sequence[object]) -> Index:
    """Place of each class among those that were declared in order, (C,).

    >>> ranks(["high", "low"], ["low", "middle", "high"]).tolist()
    [1, 0]

    Raises:
        UserError: one of them was not.
    """
    order = [cell_text(level) for level in declared]
    texts = [cell_text(name) for name in classes]
    for text in texts:
        if text not in order:
            raise UserError(f"y must hold one of {', '.join(order)} (levels), got {text!r}")
    return np.argsort(np.argsort([order.index(text) for text in texts]))


def row_weights(given: Any, rows: int) -> Floats:
    """Weights of rows, (N,).

    Raises:
        UserError: there are not as many as rows, one is negative or no number, or all are 0.
    """
    try:
        weights = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        what = repr(given) if isinstance(given, str) else "something else"
        raise UserError(f"sample_weight must be numbers, one a row, got {what}") from None
    if weights.ndim == 0:
        weights = np.full(rows, float(weights))
    if weights.ndim != 1:
        raise UserError("Sample weights must be 1D array or scalar")
    if len(weights) != rows:
        raise UserError(f"sample_weight must have {rows} entries, one a row, got {len(weights)}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        bad = weights[~(np.isfinite(weights) & (weights >= 0))][0]
        raise UserError(f"sample_weight must be 0 or more, got {bad}")
    if not weights.any():
        raise UserError("sample_weight is zero in every row")
    return weights


def row_groups(given: Any, rows: int, name: str = "groups") -> Index:
    """A number for each group's rows, (N,); `name` is the keyword that gives them.

    Raises:
        UserError: there are not as many entries as rows.
    """
    values = np.asarray(given)
    if values.ndim != 1:
        got = repr(given) if values.ndim == 0 else f"shape {values.shape}"
        raise UserError(f"{name} must have {rows} entries, one a row, got {got}")
    codes, _ = pd.factorize(values)
    if len(codes) != rows:
        raise UserError(f"{name} must have {rows} entries, one a row, got {len(codes)}")
    if (codes < 0).any():
        raise UserError(f"{name} is missing in some rows: every row needs one")
    return codes.astype(np.int64)
