"""The competitors, each at its defaults on one thread: table and seed -> outputs of its rows."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from types import ModuleType
from typing import Protocol

import numpy as np
import pandas as pd
from accuracy_tables import PART, PARTS, Table
from numpy.typing import NDArray
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import mlp_lab

Outputs = dict[str, NDArray[np.float64]]
"""Part -> predicted numbers (N,), or a probability for each class (N, C)."""

Competitor = Callable[[Table, int], Outputs]
"""Learns from a table's training rows with a seed."""


def ours(words: Sequence[str]) -> Competitor:
    """The network of `mlp_lab.train` with settings as on the command line."""

    def compete(table: Table, seed: int) -> Outputs:
        target, frame = "target of the table", table.inputs.copy()
        frame[target], frame[PART] = table.target, table.parts
        task = "regression" if table.regression else "auto"
        run = mlp_lab.train(
            frame, f"seed={seed}", *words, target=target, part=PART, task=task, quiet=True
        )
        if table.regression:
            return {part: np.asarray(run.predict(table.rows(part)), float) for part in PARTS}
        classes = [*table.classes]
        return {part: run.predict_proba(table.rows(part))[classes].to_numpy() for part in PARTS}

    return compete


def scikit_learn_mlp(table: Table, seed: int) -> Outputs:
    """Numbers standardised, their gaps at the median; categories one-hot."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    text = make_column_selector(dtype_include=object)
    inputs = make_column_transformer(
        (numbers, make_column_selector(dtype_include=np.number)),
        (OneHotEncoder(handle_unknown="ignore"), text),
    )
    kind = MLPRegressor if table.regression else MLPClassifier
    return _learnt(table, make_pipeline(inputs, kind(random_state=seed)), table.inputs)


def hist_gradient_boosting(table: Table, seed: int) -> Outputs:
    """Scikit-learn's."""
    kind = HistGradientBoostingRegressor if table.regression else HistGradientBoostingClassifier
    model = kind(random_state=seed, categorical_features="from_dtype")
    return _learnt(table, model, _categorical(table))


def lightgbm(table: Table, seed: int) -> Outputs:
    """LightGBM."""
    module = _peer("lightgbm")
    kind = module.LGBMRegressor if table.regression else module.LGBMClassifier
    return _learnt(table, kind(random_state=seed, n_jobs=1, verbosity=-1), _categorical(table))


def xgboost(table: Table, seed: int) -> Outputs:
    """XGBoost."""
    module = _peer("xgboost")
    kind = module.XGBRegressor if table.regression else module.XGBClassifier
    model = kind(random_state=seed, n_jobs=1, enable_categorical=True)
    return _learnt(table, model, _categorical(table))


def catboost(table: Table, seed: int) -> Outputs:
    """CatBoost."""
    module = _peer("catboost")
    kind = module.CatBoostRegressor if table.regression else module.CatBoostClassifier
    text = [*table.inputs.select_dtypes(object)]
    model = kind(
        random_seed=seed, thread_count=1, cat_features=text, verbose=0, allow_writing_files=False
    )
    return _learnt(table, model, table.inputs.fillna(dict.fromkeys(text, "missing")))


PEERS: Mapping[str, Competitor] = {
    "scikit-learn's MLP": scikit_learn_mlp,
    "HistGradientBoosting": hist_gradient_boosting,
    "LightGBM": lightgbm,
    "XGBoost": xgboost,
    "CatBoost": catboost,
}


class Model(Protocol):
    """What all of them have in common; classifiers have `predict_proba`, too."""

    def fit(self, inputs: pd.DataFrame, truth: NDArray[np.generic], /) -> object:
        """Learn from rows."""


class Missing(Exception):
    """A library is not installed."""


def _peer(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise Missing(f"{name} is not installed: pip install -e '.[bench]'") from error


def _learnt(table: Table, model: Model, inputs: pd.DataFrame) -> Outputs:
    """Fit a model that has scikit-learn's interface; outputs for every part."""
    rows = {part: inputs[table.parts == part] for part in PARTS}
    truth = table.truth("train")
    model.fit(rows["train"], truth if table.regression else truth.astype(int))
    predict = attrgetter("predict" if table.regression else "predict_proba")(model)
    return {part: np.asarray(predict(rows[part]), dtype=np.float64) for part in PARTS}


def _categorical(table: Table) -> pd.DataFrame:
    """Text as pandas' categories of the training rows; what is new in others is missing."""
    inputs = table.inputs.copy()
    for name in inputs.select_dtypes(object):
        levels = sorted(table.rows("train")[name].dropna().unique())
        inputs[name] = pd.Categorical(inputs[name], categories=levels)
    return inputs
