"""What the classifier and the regressor have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from mlp_lab.config.groups import chosen
from mlp_lab.data.arrays import Floats
from mlp_lab.errors import UserError, require, require_seed
from mlp_lab.estimators.backend import register
from mlp_lab.estimators.fitting import fit_rows
from mlp_lab.estimators.frames import Rows, frame_of, separate
from mlp_lab.estimators.inputs import (
    NUMBERS,
    TEXTS,
    holds_texts,
    named,
    require_both,
    require_rows,
    row_groups,
    row_weights,
    target_columns,
    target_names,
)
from mlp_lab.estimators.messages import naming_keywords
from mlp_lab.estimators.parameters import NOT_SETTINGS, Parameters
from mlp_lab.estimators.run import Run
from mlp_lab.estimators.settings import options, values_of
from mlp_lab.metrics.explained import SAMPLES
from mlp_lab.network.plain_network import Ensemble
from mlp_lab.predictor import Predictor
from mlp_lab.runs.findings import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlp_lab.estimators.fitted import Fitted
    from mlp_lab.estimators.saving import Page

register()

_LISTING = ContextVar("listing", default=False)
"""Whether attributes are only listed, so that none is to be computed."""

VALIDATED, FEWEST = 0.15, 32
"""Share of the rows that are set aside for validation, where these are so many or more: by fewer
the best epoch is chosen by chance, and they are missed in training."""


class MLPEstimator(Parameters):
    """A multilayer perceptron behind scikit-learn's interface."""

    _fitted: Fitted

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        strata: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        target: str | Sequence[str] | None = None,
    ) -> Self:
        """Train a network.

        Args:
            X: rows, (N, columns): an array or a DataFrame; NaN is a missing value, and columns of
                text are categories.
            y: the target, (N,), or several, (N, T): numbers, or of a classifier two labels in each
                column, such as 0 and 1.
            sample_weight: how much each row counts in loss and metrics, (N,); a row of weight 0 is
                as if it were not there.
            groups: rows of one value are not parted when validation rows are set aside, and are a
                cluster of a sample, (N,).
            strata: within whose values rows, or clusters, were sampled, (N,): standard errors of
                the verdict and intervals of importance and effects resample within them.
            X_val: rows to validate on, instead of the share `val_fraction` of X.
            y_val: their target.
            target: the column of X that is the target, or several, instead of y.

        Raises:
            UserError: rows or settings cannot be used, or the training diverged. It is a
                `ValueError`.
        """
        if target is not None:
            if y is not None:
                raise UserError("target names the column to learn: leave y out")
            X, y = separate(X, target)
            if X_val is not None and y_val is None:
                X_val, y_val = separate(X_val, target)
        require_both(X_val, y_val)
        self._targets = [target] if isinstance(target, str) else list(target or [])
        before = vars(self).get("_fitted") if self.warm_start else None
        features, goal = self._checked(X, y, reset=before is None)
        self._names_of_targets = target_names(y, goal)
        self._set_target(goal, reset=before is None)
        rows = self._rows(features, goal, sample_weight, (groups, strata), (X_val, y_val))
        with naming_keywords(self._get_param_names()):
            values = self._values(rows)
            self._fitted = fit_rows(rows, values, before=before, verbose=self.verbose)
        return self

    def _fit_some(self, X: Any, y: Any, sample_weight: Any, *, first: bool) -> Self:
        """One epoch over more rows, none of which validates."""
        self._targets = []
        features, goal = self._checked(X, y, reset=first)
        self._names_of_targets = target_names(y, goal)
        self._set_target(goal, reset=first and not hasattr(self, "classes_"))
        rows = self._rows(features, goal, sample_weight, (None, None), (None, None))
        with naming_keywords(self._get_param_names()):
            values = self._values(rows)
            stop, data = values["stop"], values["data"]
            assert isinstance(stop, dict)
            assert isinstance(data, dict)
            stop["patience"], data["val_fraction"], values["epochs"] = None, 0.0, 1
            values["budget"], values["vary"], values["calibration"] = None, [], "never"
            before = None if first else self._fitted
            self._fitted = fit_rows(rows, values, before=before, verbose=self.verbose)
        return self

    def _values(self, rows: Rows) -> dict[str, object]:
        """A run's configuration as plain data."""
        parameters = self.get_params(deep=False)
        settings = {name: value for name, value in parameters.items() if name not in NOT_SETTINGS}
        if self.model is not None:  # what is as nobody said is left to it
            own = signature(type(self).__init__).parameters
            said = {"model"} if self.epochs is not None else {"model", "schedule"}  # its own ends
            settings = {n: v for n, v in settings.items() if v != own[n].default or n in said}
        settings |= options(self.loss_options, "loss")
        settings |= options(self.optimizer_options, "optimizer")
        settings |= options(self.schedule_options, "schedule")
        settings |= options(self.averaging_options, "averaging")
        settings["seed"] = self._seed()
        settings["split_seed"] = settings["seed"]
        settings["test_fraction"] = 0.0
        settings["val_fraction"] = self._val_fraction(rows)
        return values_of(settings, chosen("data", "table")["data"])  # type: ignore[arg-type]

    def _val_fraction(self, rows: Rows) -> float:
        """Share of the rows to set aside."""
        if rows.training < len(rows.target):
            return VALIDATED  # of no effect: others are given
        if self.val_fraction is not None:
            return self.val_fraction
        return VALIDATED if self.budget or round(VALIDATED * rows.training) >= FEWEST else 0.0

    def _seed(self) -> int:
        if self.random_state is None:
            require(isinstance(self.seed, int | np.integer), "seed", "a whole number", self.seed)
            require_seed(int(self.seed), "seed")
            return int(self.seed)
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[Floats | pd.DataFrame, Any]:
        """Rows and target of equal length, each of a kind that can be read."""
        if isinstance(X, pd.DataFrame):
            require_rows(X)
            _, goal = validate_data(self, X=X, y=y, reset=reset, skip_check_array=True)
            goal = target_columns(goal)
            if len(X) != len(goal):
                counts = f"{len(X)} and {len(goal)}"
                raise UserError(f"X and y must have as many rows, got {counts}")
            return named(X), goal
        texts = holds_texts(X)
        array, goal = validate_data(
            self,
            X=X,
            y=y,
            reset=reset,
            multi_output=True,
            ensure_min_samples=2 if reset else 1,
            **(TEXTS if texts else NUMBERS),
        )
        return frame_of(array) if texts else array, target_columns(goal)

    def _new_rows(self, X: Any) -> Floats | pd.DataFrame:
        """Rows to predict for."""
        check_is_fitted(self)
        if isinstance(X, pd.DataFrame):
            X = X.drop(columns=[name for name in self._targets if name in X])
            require_rows(X)
            validate_data(self, X=X, reset=False, skip_check_array=True)
            return named(X)
        texts = holds_texts(X)
        array = validate_data(self, X=X, reset=False, **(TEXTS if texts else NUMBERS))
        inputs = self._predictor.schema.inputs
        numeric = all(entry.column.kind == "numeric" for entry in inputs)
        if not texts and numeric and len(inputs) == array.shape[1]:
            found: Floats = array
            return found
        framed = hasattr(self, "feature_names_in_")  # the columns are in its order
        return frame_of(array, self.feature_names_in_ if framed else None)

    def _rows(
        self,
        features: Floats | pd.DataFrame,
        goal: Any,
        sample_weight: Any,
        sampled: tuple[Any, Any],
        validation: tuple[Any, Any],
    ) -> Rows:
        """All rows to learn from, those of weight 0 left out; `sampled` in groups and strata."""
        count = len(goal)
        weights = None if sample_weight is None else row_weights(sample_weight, count)
        group, stratum = (
            None if own is None else row_groups(own, count, name)
            for own, name in zip(sampled, ("groups", "strata"), strict=True)
        )
        target = self._encoded_target(goal)
        if weights is not None and not weights.all():
            kept = np.flatnonzero(weights)
            features = features.iloc[kept] if isinstance(features, pd.DataFrame) else features[kept]
            target, weights = target[kept], weights[kept]
            group, stratum = (None if own is None else own[kept] for own in (group, stratum))
        training = len(target)
        if validation[0] is not None:
            more, more_goal = self._checked(*validation, reset=False)
            if isinstance(features, pd.DataFrame) != isinstance(more, pd.DataFrame):
                raise UserError("X_val must be of X's type: a DataFrame or an array")
            if isinstance(features, pd.DataFrame) and isinstance(more, pd.DataFrame):
                features = pd.concat([features, more])
            else:
                features = np.concatenate([features, more])
            if more_goal.shape[1:] != goal.shape[1:]:
                raise UserError("y_val must have as many columns as y")
            target = np.concatenate([target, self._encoded_target(more_goal)])
            if weights is not None:
                weights = np.concatenate([weights, np.ones(len(more_goal))])
            if group is not None:
                raise UserError("groups decides which rows validate, and so does X_val: choose one")
            if stratum is not None:
                raise UserError("strata are of rows of X, of which X_val has none: leave out one")
        return Rows(
            features=features,
            target=target,
            classes=self._class_names(),
            target_names=self._names_of_targets,
            weights=weights,
            groups=group,
            strata=stratum,
            training=training,
        )

    def _set_target(self, goal: Any, *, reset: bool) -> None:
        """Learn what the target holds."""
        raise NotImplementedError

    def _encoded_target(self, goal: Any) -> Floats:
        """The target as numbers, (N,) or (N, T)."""
        raise NotImplementedError

    def _class_names(self) -> list[list[str]] | None:
        """What the classes of each target are called."""
        raise NotImplementedError

    @property
    def _run(self) -> Run:
        """The network as `mlp_lab.train` would give it."""
        check_is_fitted(self)
        return Run(self._fitted)

    def _asked(self, what: str) -> Run:
        """The same, to be asked for what takes time, unless nobody asks for it by name."""
        run = self._run
        if _LISTING.get() and what not in vars(self._fitted):
            raise AttributeError(f"{what} takes time: it is found when it is asked for")
        return run

    @property
    def _predictor(self) -> Predictor:
        return self._fitted.predictor

    @property
    def network_(self) -> nn.Sequential | Ensemble:
        """The trained network, or ensemble, as plain torch layers."""
        return self._run.network

    @property
    def curves_(self) -> pd.DataFrame:
        """A row for each epoch: losses and metrics of each part, learning rate, seconds."""
        return self._run.curves

    @property
    def scores_(self) -> pd.DataFrame:
        """A row for each part: loss and metrics of the network."""
        return self._asked("own_scores").scores

    @property
    def baselines_(self) -> pd.DataFrame:
        """A row for each baseline and part: loss and metrics."""
        return self._asked("models").baselines

    @property
    def verdict_(self) -> Verdict:
        """How the training went: underfit, overfit, not converged, ...; and what may mend it."""
        return self._asked("verdict").verdict

    @property
    def n_iter_(self) -> int:
        """Epochs that were trained."""
        check_is_fitted(self)
        return self._fitted.epochs

    @property
    def best_epoch_(self) -> int:
        """The epoch whose weights the network has."""
        return self._run.best_epoch

    def explain(
        self,
        X: Any,
        background: Any = None,
        *,
        class_name: Any = None,
        target: str | None = None,
        samples: int = SAMPLES,
    ) -> pd.DataFrame:
        """What each column adds to the prediction of each row: Shapley values, sampled.

        The first column is what is explained, `prediction` or `probability_x` of class x; then
        come `base`, its mean over background rows, and `contribution_x` of each column: they add
        up to the first.

        Args:
            X: rows, (N, columns).
            background: rows to compare with; by default those of the training.
            class_name: of more than two classes the one that is explained; of two the second.
            target: of several targets the one that is explained.
            samples: how many background rows count. Twice as many take twice as long.

        Raises:
            UserError: a column is missing or holds what it cannot, or there is no such class.
        """
        rows = self._new_rows(X)
        others = None if background is None else self._new_rows(background)
        return self._run.explain(
            rows, others, class_name=class_name, target=target, samples=samples
        )

    def effects(
        self, columns: str | Sequence[str] | None = None, *, rows: int = 500
    ) -> pd.DataFrame:
        """What columns do: the mean prediction by their values (partial dependence).

        A row for each value of each column: `column`, `value`, what is `predicted` (`prediction`,
        or `probability_x` of a class), its `mean` if all rows had that value, and the ends of its
        95 % interval by resampling rows, `low` and `high`. Dates are left out.

        Args:
            columns: by default the four that are most important.
            rows: of validation that are averaged at most; of test or training if there are none.

        Raises:
            UserError: there is no such column, or it has no effect that can be shown.
        """
        return self._run.effects(columns, rows=rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the learning curve: loss of training and validation rows against epochs."""
        return self._run.plot(ax)

    def report(self) -> Page:
        """The page of the network: curves, scores, confusion matrix, permutation importance, ..."""
        return self._run.report()

    def save(self, folder: str | Path) -> Path:
        """Write a run folder with the network, its curves, scores, verdict and report.html.

        `mlp_lab.load` reads its network, `mlp-lab predict` and `mlp-lab compare` take it, too.

        Raises:
            UserError: another run has the folder.
        """
        return self._run.save(folder)

    @property
    def _repr_html_(self) -> Callable[[], str]:
        """scikit-learn's diagram, and below it how a training went."""
        diagram = super()._repr_html_
        return lambda: self._shown(diagram())

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """The same, as notebooks ask for it."""
        bundle: dict[str, str] = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] = self._shown(bundle["text/html"])
        return bundle

    def _shown(self, diagram: str) -> str:
        return diagram + self._run.html_in_brief() if hasattr(self, "_fitted") else diagram

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        """What scikit-learn's diagram, from 1.9 on, lists; it asks for every attribute there is."""
        token = _LISTING.set(True)
        try:
            return super()._get_fitted_attr_html(doc_link)
        finally:
            _LISTING.reset(token)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_fitted")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags
