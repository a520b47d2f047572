"""What the classifier and the regressor have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from mlp_lab.config.groups import chosen
from mlp_lab.data.arrays import Floats
from mlp_lab.errors import UserError
from mlp_lab.estimators.backend import register
from mlp_lab.estimators.fitting import fit_rows
from mlp_lab.estimators.frames import Rows, frame_of, separate
from mlp_lab.estimators.inputs import (
    NUMBERS,
    TEXTS,
    holds_texts,
    named,
    row_groups,
    row_weights,
    target_columns,
    target_names,
)
from mlp_lab.estimators.run import Run
from mlp_lab.estimators.settings import options, values_of
from mlp_lab.network.plain_network import Ensemble
from mlp_lab.predictor import Predictor
from mlp_lab.runs.findings import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlp_lab.estimators.saving import Page

register()

VALIDATED, FEWEST = 0.15, 32
"""Share of the rows that are set aside for validation, where these are so many or more: by fewer
the best epoch is chosen by chance, and they are missed in training."""

NOT_SETTINGS = (
    *("random_state", "warm_start", "verbose", "val_fraction", "loss_options"),
    *("optimizer_options", "schedule_options", "averaging_options"),
)
"""Parameters that are no setting of a run by themselves."""


class MLPEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A multilayer perceptron behind scikit-learn's interface."""

    def __init__(
        self,
        depth: int = 3,
        width: int | Sequence[int] = 128,
        activation: str | Sequence[str] = "relu",
        *,
        model: str | None = None,
        dropout: float | Sequence[float] = 0.0,
        init: str = "he",
        normalisation: str = "none",
        residual: bool = False,
        embedding: str = "none",
        embedding_size: int = 16,
        bins: int = 48,
        frequencies: int = 16,
        frequency_scale: float = 0.1,
        category_size: int = 0,
        output: str = "auto",
        loss: str = "auto",
        loss_options: Mapping[str, object] | None = None,
        optimizer: str = "adam",
        lr: float | None = None,
        weight_decay: float | Sequence[float] | None = None,
        clip_norm: float | None = None,
        optimizer_options: Mapping[str, object] | None = None,
        schedule: str = "constant",
        schedule_options: Mapping[str, object] | None = None,
        averaging: str = "none",
        averaging_options: Mapping[str, object] | None = None,
        epochs: int | None = 50,
        batch_size: int | str | None = None,
        patience: int | None = None,
        monitor: str = "loss",
        min_delta: float = 0.0,
        weights_tol: float | None = None,
        val_fraction: float | None = None,
        scaling: str = "standard",
        types: Mapping[str, str] | None = None,
        levels: Mapping[str, Sequence[object]] | None = None,
        missing: Sequence[object] | None = None,
        min_frequency: float = 0.01,
        class_weights: str = "none",
        ensemble: int = 1,
        budget: float | str | None = None,
        vary: Sequence[str] | None = None,
        target_transform: str = "none",
        gradient: str = "explicit",
        kernel: str = "torch",
        dtype: str = "float32",
        device: str = "auto",
        threads: int = 1,
        seed: int = 0,
        random_state: int | np.random.RandomState | None = None,
        warm_start: bool = False,
        verbose: bool = False,
    ) -> None:
        """Take settings; None leaves one, but epochs, at the default of its file in configs/.

        Args:
            depth: number of hidden layers; 0 is a linear, logistic or multinomial model.
            width: units of each hidden layer, or a list with one number for each.
            activation: relu, leaky_relu, elu, tanh, sigmoid, gelu, silu, gated glu, reglu, geglu,
                swiglu, or a list.
            model: "tabular" for an ensemble with embedded numbers, whose settings suit the rows;
                parameters that differ from their defaults replace its own.
            dropout: share of hidden units dropped in training, or a list.
            init: initial weights: he, glorot, torch.
            normalisation: of hidden pre-activations: none, layer, batch.
            residual: whether hidden layers of one width add what they read to what they give.
            embedding: of numeric inputs: none, piecewise, periodic, both.
            embedding_size: numbers that each of them becomes.
            bins: of a piecewise-linear embedding.
            frequencies: of a periodic embedding.
            frequency_scale: their standard deviation at the start.
            category_size: numbers that each category becomes; 0: an input for each level.
            output: linear, exponential, sigmoid, softmax, ordinal; auto follows from task and loss.
            loss: mse, mae, huber, quantile, poisson of numbers, bce, cce, focal, ordinal of
                classes; auto is squared error or cross-entropy.
            loss_options: what only this loss has, as `{"delta": 2}`.
            optimizer: gd, sgd, momentum, heavy_ball, nesterov, adagrad, adadelta, rmsprop, adam,
                adamw.
            lr: learning rate.
            weight_decay: of the weights, or a list with one for each layer; biases never decay.
            clip_norm: norm that longer gradients are scaled down to.
            optimizer_options: what else an optimizer has, as `{"beta1": 0.8, "l1": 1e-4}`.
            schedule: of the learning rate: constant, step, cosine, warmup, one_cycle, plateau.
            schedule_options: what only this schedule has, as `{"per": "step"}`.
            averaging: of the weights, of which the network has the average: none, ema, swa.
            averaging_options: how, as `{"decay": 0.99, "start": 0.5}`.
            epochs: passes over the training rows. None: until `patience` ends it.
            batch_size: rows of a step, at most all; or "full". None: 32, for gd "full".
            patience: epochs without a better `monitor` after which the training stops.
            monitor: loss or metric of the validation rows.
            min_delta: an improvement is larger than this.
            weights_tol: stop when an epoch moves the weights by no more than this share.
            val_fraction: share of the rows that validates. None: 0.15, if that is 32 rows or more.
            scaling: of numeric inputs: standard, robust, quantile, none.
            types: kind of a column, as `{"zip": "category"}`: numeric, binary, category, ordinal,
                date, text.
            levels: values of an ordinal column in order, as `{"grade": ["low", "high"]}`.
            missing: codes that mean no answer, in every column.
            min_frequency: levels of a smaller share of the training rows are one level.
            class_weights: none, or balanced: every class has the same share of the loss.
            ensemble: networks that predict the mean of their outputs.
            budget: time, in seconds or as "5m", in which networks of several settings are trained
                and the best of them kept together, at most `ensemble`.
            vary: settings in which these differ, as `["optimizer.lr"]`; what model="tabular"
                chooses differs by itself.
            target_transform: of a number to predict: none, log, log1p.
            gradient: explicit backpropagation, or autograd.
            kernel: native (compiled), torch, or auto: native where it can be.
            dtype: float32 or float64.
            device: auto, cpu, cuda.
            threads: of one operation.
            seed: of weights, batches, dropout, and of the choice of validation rows.
            random_state: scikit-learn's name for `seed`, which it replaces.
            warm_start: whether another fit goes on from the weights of the last one.
            verbose: whether to say how far the training is.
        """
        self.depth = depth
        self.width = width
        self.activation = activation
        self.model = model
        self.dropout = dropout
        self.init = init
        self.normalisation = normalisation
        self.residual = residual
        self.embedding = embedding
        self.embedding_size = embedding_size
        self.bins = bins
        self.frequencies = frequencies
        self.frequency_scale = frequency_scale
        self.category_size = category_size
        self.output = output
        self.loss = loss
        self.loss_options = loss_options
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.optimizer_options = optimizer_options
        self.schedule = schedule
        self.schedule_options = schedule_options
        self.averaging = averaging
        self.averaging_options = averaging_options
        self.epochs = epochs
        self.batch_size = batch_size
        self.patience = patience
        self.monitor = monitor
        self.min_delta = min_delta
        self.weights_tol = weights_tol
        self.val_fraction = val_fraction
        self.scaling = scaling
        self.types = types
        self.levels = levels
        self.missing = missing
        self.min_frequency = min_frequency
        self.class_weights = class_weights
        self.ensemble, self.budget, self.vary = ensemble, budget, vary
        self.target_transform = target_transform
        self.gradient = gradient
        self.kernel = kernel
        self.dtype = dtype
        self.device = device
        self.threads = threads
        self.seed = seed
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose

    @classmethod
    @cache
    def _get_param_names(cls) -> Any:
        """Once for a class: reading so long a signature is half of what `clone` costs."""
        return super()._get_param_names()

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        target: str | Sequence[str] | None = None,
    ) -> Self:
        """Train a network.

        Args:
            X: rows, (N, columns): an array or a DataFrame; NaN is a missing value, and columns of
                text are categories.
            y: the target, (N,), or several, (N, T): numbers, or of a classifier labels that are 0
                or 1.
            sample_weight: how much each row counts in loss and metrics, (N,); a row of weight 0 is
                as if it were not there.
            groups: rows of one value are not parted when validation rows are set aside, (N,).
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
        self._targets = [target] if isinstance(target, str) else list(target or [])
        before = vars(self).get("_fitted") if self.warm_start else None
        features, goal = self._checked(X, y, reset=before is None)
        self._names_of_targets = target_names(y, goal)
        self._set_target(goal, reset=before is None)
        rows = self._rows(features, goal, sample_weight, groups, (X_val, y_val))
        self._fitted = fit_rows(rows, self._values(rows), before=before, verbose=self.verbose)
        return self

    def _fit_some(self, X: Any, y: Any, sample_weight: Any, *, first: bool) -> Self:
        """One epoch over more rows, none of which validates."""
        self._targets = []
        features, goal = self._checked(X, y, reset=first)
        self._names_of_targets = target_names(y, goal)
        self._set_target(goal, reset=first and not hasattr(self, "classes_"))
        rows = self._rows(features, goal, sample_weight, None, (None, None))
        values = self._values(rows)
        stop, data = values["stop"], values["data"]
        assert isinstance(stop, dict)
        assert isinstance(data, dict)
        stop["patience"], data["val_fraction"], values["epochs"] = None, 0.0, 1
        values["budget"], values["vary"] = None, []
        before = None if first else self._fitted
        self._fitted = fit_rows(rows, values, before=before, verbose=self.verbose)
        return self

    def _values(self, rows: Rows) -> dict[str, object]:
        """A run's configuration as plain data."""
        parameters = self.get_params(deep=False)
        settings = {name: value for name, value in parameters.items() if name not in NOT_SETTINGS}
        if self.model is not None:  # what is as nobody said is left to it
            own = signature(type(self).__init__).parameters
            settings = {n: v for n, v in settings.items() if v != own[n].default or n == "model"}
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
            return self.seed
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[Floats | pd.DataFrame, Any]:
        """Rows and target of equal length, each of a kind that can be read."""
        if isinstance(X, pd.DataFrame):
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
        groups: Any,
        validation: tuple[Any, Any],
    ) -> Rows:
        """All rows to learn from, those of weight 0 left out."""
        count = len(goal)
        weights = None if sample_weight is None else row_weights(sample_weight, count)
        group = None if groups is None else row_groups(groups, count)
        target = self._encoded_target(goal)
        if weights is not None and not weights.all():
            kept = np.flatnonzero(weights)
            features = features.iloc[kept] if isinstance(features, pd.DataFrame) else features[kept]
            target, weights = target[kept], weights[kept]
            group = None if group is None else group[kept]
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
        return Rows(
            features=features,
            target=target,
            classes=self._class_names(),
            target_names=self._names_of_targets,
            weights=weights,
            groups=group,
            training=training,
        )

    def _set_target(self, goal: Any, *, reset: bool) -> None:
        """Learn what the target holds."""
        raise NotImplementedError

    def _encoded_target(self, goal: Any) -> Floats:
        """The target as numbers, (N,) or (N, T)."""
        raise NotImplementedError

    def _class_names(self) -> list[str] | None:
        """What classes are called."""
        raise NotImplementedError

    @property
    def _run(self) -> Run:
        """The network as `mlp_lab.train` would give it."""
        check_is_fitted(self)
        return Run(self._fitted)

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
        return self._run.scores

    @property
    def baselines_(self) -> pd.DataFrame:
        """A row for each baseline and part: loss and metrics."""
        return self._run.baselines

    @property
    def verdict_(self) -> Verdict:
        """How the training went: underfit, overfit, not converged, ...; and what may mend it."""
        return self._run.verdict

    @property
    def n_iter_(self) -> int:
        """Epochs that were trained."""
        check_is_fitted(self)
        return self._fitted.epochs

    @property
    def best_epoch_(self) -> int:
        """The epoch whose weights the network has."""
        return self._run.best_epoch

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
