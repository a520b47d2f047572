"""What an estimator may be told: a keyword for each setting that suits rows in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from inspect import Signature, signature
from typing import Any, Self, cast

import numpy as np
from sklearn.base import BaseEstimator

from mlp_lab.config.reading import owners_of, unknown_key
from mlp_lab.config.synonyms import own_key
from mlp_lab.estimators.messages import in_keywords

NOT_SETTINGS = (
    *("random_state", "warm_start", "verbose", "val_fraction", "loss_options"),
    *("optimizer_options", "schedule_options", "averaging_options"),
)
"""Parameters that are no setting of a run by themselves."""


def call_signature(constructor: Callable[..., None]) -> Signature:
    """How a class is called that has such an `__init__`: without the object itself."""
    found = signature(constructor)
    return found.replace(parameters=list(found.parameters.values())[1:])


class Parameters(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The keywords of both estimators, as scikit-learn wants them."""

    def __new__(cls, *_: object, **keywords: object) -> Self:
        """Refuse a keyword that there is not with the nearest of ours, in place of Python's words.

        Raises:
            TypeError: there is no such keyword.
        """
        if cls.__init__ is Parameters.__init__:
            known = cls._get_param_names()
            for name in keywords:
                if name not in known:
                    raise TypeError(f"{cls.__name__}: {_refusal(name, known)}")
        return cast(Self, super().__new__(cls))

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
        l1: float | Sequence[float] | None = None,
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
        seconds: float | None = None,
        val_fraction: float | None = None,
        scaling: str = "standard",
        quantiles: int = 1000,
        quantile_noise: float = 0.0,
        types: Mapping[str, str] | None = None,
        levels: Mapping[str, Sequence[object]] | None = None,
        separators: Mapping[str, str] | None = None,
        missing: Sequence[object] | None = None,
        missing_in: Mapping[str, Sequence[object]] | None = None,
        missing_words: Sequence[object] | None = None,
        day_first: bool | None = None,
        binary_inputs: int = 1,
        min_frequency: float = 0.01,
        class_weights: str = "none",
        calibration: str = "auto",
        ensemble: int = 1,
        budget: float | str | None = None,
        vary: Sequence[str] | None = None,
        target_transform: str | Sequence[str] | Mapping[str, str] = "none",
        gradient: str = "explicit",
        kernel: str = "auto",
        dtype: str = "float32",
        autocast: str = "none",
        device: str = "auto",
        devices: int = 1,
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
            l1: penalty of absolute weights, or a list; 0 in the files.
            clip_norm: norm that longer gradients are scaled down to.
            optimizer_options: what else an optimizer has, as `{"beta1": 0.8}`.
            schedule: of the learning rate: constant, step, cosine, warmup, one_cycle, plateau.
            schedule_options: what only this schedule has, as `{"per": "step"}`.
            averaging: of the weights, of which the network has the average: none, ema, swa.
            averaging_options: how, as `{"decay": 0.99, "start": 0.5}`.
            epochs: passes over the training rows. None: until `patience` ends it.
            batch_size: rows of a step, at most all; or "full". None: 32, for gd "full".
            patience: epochs without a better `monitor` after which the training stops.
            monitor: score of the validation rows that chooses the best epoch: loss, metric, or any
                other that is reported, as roc_auc, f1 or mae.
            min_delta: an improvement is larger than this.
            weights_tol: stop when an epoch moves the weights by no more than this share.
            seconds: training time after which it stops.
            val_fraction: share of the rows that validates. None: 0.15, if that is 32 rows or more.
            scaling: of numeric inputs: standard, robust, quantile, none.
            quantiles: of the training values, of quantile scaling.
            quantile_noise: standard deviations of noise added before they are taken, as 1e-3.
            types: kind of a column, as `{"zip": "category"}`: numeric, binary, category, ordinal,
                date, multiple, text.
            levels: values of an ordinal column, or the target's, in order, as
                `{"grade": ["low", "high"]}`.
            separators: sign between the answers of a column whose cells hold several, as
                `{"languages": ";"}`.
            missing: codes that mean no answer, in every column.
            missing_in: the same in one column, as `{"income": [-1]}`.
            missing_words: words that do so unless they are declared levels; by default NA, NaN,
                null, None and the like.
            day_first: whether 3/4/2020 is the third of April; None: as other dates tell.
            binary_inputs: inputs of a category with two levels: 1, or 2 as of any other.
            min_frequency: levels of a smaller share of the training rows are one level.
            class_weights: none, or balanced: every class has the same share of the loss.
            calibration: of probabilities, by a temperature that validation rows choose: auto, where
                their log loss falls; always; never.
            ensemble: networks that predict the mean of their outputs.
            budget: time, in seconds or as "5m", in which networks of several settings are trained
                and the best of them kept together, at most `ensemble`.
            vary: settings in which these differ, as `["optimizer.lr"]`; what model="tabular"
                chooses differs by itself.
            target_transform: of a number to predict: none, log, log1p; of several a list, or by
                name, as `{"price": "log"}`.
            gradient: explicit backpropagation, or autograd.
            kernel: native (compiled), torch, or auto: native where it can be.
            dtype: float32 or float64.
            autocast: none, or bfloat16: a GPU's products of layers in it.
            device: auto, cpu, cuda.
            devices: GPUs, or processes of a CPU, that each take a part of every batch.
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
        self.l1 = l1
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
        self.seconds = seconds
        self.val_fraction = val_fraction
        self.scaling = scaling
        self.quantiles, self.quantile_noise = quantiles, quantile_noise
        self.types, self.levels, self.separators = types, levels, separators
        self.missing, self.missing_in, self.missing_words = missing, missing_in, missing_words
        self.day_first, self.binary_inputs = day_first, binary_inputs
        self.min_frequency = min_frequency
        self.class_weights, self.calibration = class_weights, calibration
        self.ensemble, self.budget, self.vary = ensemble, budget, vary
        self.target_transform = target_transform
        self.gradient, self.kernel = gradient, kernel
        self.dtype, self.autocast, self.device = dtype, autocast, device
        self.devices, self.threads = devices, threads
        self.seed, self.random_state = seed, random_state
        self.warm_start, self.verbose = warm_start, verbose

    __signature__ = call_signature(__init__)
    """What a notebook shows, and `help`: that of `__new__` would say nothing."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Show of a subclass what its own constructor takes."""
        super().__init_subclass__(**keywords)
        cls.__signature__ = call_signature(cls.__init__)

    @classmethod
    @cache
    def _get_param_names(cls) -> Any:
        """Once for a class: reading so long a signature is half of what `clone` costs."""
        return super()._get_param_names()


def _refusal(name: str, known: Sequence[str]) -> str:
    """What to say of a keyword that estimators do not have."""
    for group in ("optimizer", "schedule", "loss"):
        owners = owners_of(f"{group}.{name}")
        if owners and not own_key(name, known):
            only = f"only {group}={'|'.join(owners)} has it"
            return f"unknown key {name!r}: {only}, as {group}_options={{{name!r}: ...}}"
    return in_keywords(str(unknown_key(name, known)), known)
