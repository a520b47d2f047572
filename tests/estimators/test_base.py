"""What both estimators have."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from torch import nn

from mlp_lab import MLPClassifier, MLPRegressor
from mlp_lab.errors import UserError
from mlp_lab.estimators.fitted import Fitted

X, Y = load_iris(return_X_y=True)


@pytest.mark.parametrize(("rows", "validated"), [(150, False), (206, False), (214, True)])
def test_few_rows_are_all_trained_on(rows: int, *, validated: bool) -> None:
    chance = np.random.default_rng(0)
    fitted = MLPClassifier(epochs=1).fit(chance.normal(size=(rows, 2)), np.arange(rows) % 2)
    assert fitted.curves_["train_loss"].notna().all()
    assert fitted.curves_.columns.str.startswith("val_").any() == validated


def test_validation_rows_are_of_one_type() -> None:
    with pytest.raises(UserError, match="X_val must be of X's type"):
        MLPClassifier(epochs=1).fit(X, Y, X_val=pd.DataFrame(X), y_val=Y)
    with pytest.raises(UserError, match="groups decides which rows validate, and so does X_val"):
        MLPClassifier(epochs=1).fit(X, Y, groups=Y, X_val=X, y_val=Y)
    with pytest.raises(UserError, match="strata are of rows of X, of which X_val has none"):
        MLPClassifier(epochs=1).fit(X, Y, strata=Y, X_val=X, y_val=Y)


def test_a_sample_of_clusters_within_strata() -> None:
    """Validation rows know both, without rows of weight 0; strata alone are one, too."""
    chance = np.random.default_rng(0)
    rows = pd.DataFrame(chance.normal(size=(300, 2)), columns=["a", "b"])
    rows["y"] = np.where(rows["a"] + chance.normal(size=300) > 0, "yes", "no")
    place = np.arange(300) // 6
    weights = (np.arange(300) % 10 > 0).astype(float)
    known = {"groups": [f"g{k}" for k in place], "strata": [f"s{k % 5}" for k in place]}
    network = MLPClassifier(epochs=2, seed=3)
    fitted = network.fit(rows, target="y", sample_weight=weights, **known)._fitted
    own = fitted.run.dataset.val.design
    assert own is not None
    assert (own.cluster, own.stratum) == ("groups", "strata")
    assert own.clusters is not None
    assert own.strata is not None
    assert len(own) == len(fitted.run.dataset.val)
    assert (own.strata == own.clusters % 5).all()
    alone = network.fit(rows, target="y", strata=known["strata"])._fitted.run.dataset.val.design
    assert alone is not None
    assert alone.clusters is None
    assert alone.in_words()[0].endswith(" rows within 5 strata of strata")


@pytest.mark.parametrize(
    ("settings", "arguments", "said"),
    [
        ({"width": -3}, {}, "width must be 1 or more, got -3"),
        ({"seed": -1}, {}, "seed must be 0 or more, got -1"),
        ({"seed": "a"}, {}, "seed must be a whole number, got 'a'"),
        ({"patience": -1}, {}, "patience must be positive or None, got -1"),
        ({}, {"y_val": Y}, "y_val needs X_val: rows to validate on, and their target"),
        ({}, {"X_val": X}, "X_val needs y_val: rows to validate on, and their target"),
        ({}, {"groups": "town"}, "groups must have 150 entries, one a row, got 'town'"),
        ({}, {"strata": [1, 2]}, "strata must have 150 entries, one a row, got 2"),
        ({}, {"strata": [None] * 150}, "strata is missing in some rows: every row needs one"),
        ({}, {"sample_weight": "w"}, "sample_weight must be numbers, one a row, got 'w'"),
    ],
)
def test_what_cannot_be_is_told_in_keywords(
    settings: dict[str, Any], arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        MLPClassifier(epochs=1).set_params(**settings).fit(X, Y, **arguments)
    assert str(caught.value) == said


def test_frames_without_rows_or_with_a_column_twice() -> None:
    frame = pd.DataFrame(X).rename(columns=str)
    fitted = MLPClassifier(epochs=1).fit(frame, Y)
    with pytest.raises(UserError, match="X has no rows"):
        fitted.predict(frame.head(0))
    with pytest.raises(UserError, match="X has no rows"):
        MLPClassifier(epochs=1).fit(frame.head(0), Y[:0])
    with pytest.raises(UserError, match="X has two columns '1'"):
        MLPClassifier(epochs=1).fit(frame[["1", "1"]], Y)


def test_what_a_notebook_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The diagram, facts and learning curve; no baseline is fitted for it, and no row is needed."""
    calls: list[object] = []
    monkeypatch.setattr(Fitted, "require_rows", calls.append)  # before what takes time
    fitted = MLPClassifier(depth=1, width=4, epochs=2).fit(X, Y)
    assert "MLPClassifier" in (html := fitted._repr_html_())
    assert "best epoch" in html
    assert "data:image/png" in html
    assert fitted._repr_mimebundle_()["text/html"].count("best epoch") == 1
    assert "best epoch" in pickle.loads(pickle.dumps(fitted))._repr_html_()  # noqa: S301
    assert "best epoch" not in MLPClassifier()._repr_html_()
    assert calls == []


def test_gradient_descent_takes_all_rows() -> None:
    fitted = MLPClassifier(optimizer="gd", epochs=2).fit(X, Y)
    assert fitted._fitted.config.batch_size == "full"


def test_rows_without_a_target_or_a_group() -> None:
    frame = pd.DataFrame({"age": [1.0, 2.0] * 10, "vote": ["no", "yes"] * 9 + ["no", None]})
    with pytest.raises(UserError, match="y is missing in 1 of 20 rows: leave them out"):
        MLPClassifier().fit(frame, target="vote")
    known = frame.head(18)
    with pytest.raises(UserError, match="groups is missing in some rows"):
        MLPClassifier().fit(known, target="vote", groups=[None, *range(17)])


def test_columns_that_are_not_there() -> None:
    frame = pd.DataFrame({"age": [1.0, 2.0] * 10})
    with pytest.raises(UserError, match="types names 'aeg': no such column: did you mean 'age'"):
        MLPClassifier(types={"aeg": "category"}).fit(frame, [0, 1] * 10)


def test_what_a_fit_leaves() -> None:
    fitted = MLPClassifier(epochs=3).fit(X, Y)
    assert fitted.n_iter_ == 3
    assert 1 <= fitted.best_epoch_ <= 3
    first = next(fitted.network_.children())
    assert isinstance(first, nn.Linear)
    assert first.in_features == 4
    assert fitted.plot().get_ylabel() == "loss"


def test_without_a_limit_patience_ends_the_training() -> None:
    """Of an estimator, alone and as a tabular one; without patience it is refused."""
    plain = MLPClassifier(1, 8, epochs=None, patience=3, lr=0.02, val_fraction=0.2)
    tabular = clone(plain).set_params(model="tabular", ensemble=2)
    for classifier in (plain.fit(X, Y), tabular.fit(X, Y)):
        assert classifier.n_iter_ == classifier.best_epoch_ + 3
    with pytest.raises(UserError, match="epochs=None trains until patience ends it"):
        MLPClassifier(epochs=None).fit(X, Y)


def test_settings_of_columns_reach_the_network() -> None:
    """Each keyword changes what is read of a frame, or how it is learnt."""
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": chance.integers(1, 9, 60).astype(float),
            "sex": ["f", "m"] * 30,
            "day": [f"{1 + k % 12}/{1 + k % 11}/2020" for k in range(60)],
        }
    )
    labels = np.arange(60) % 2

    def outputs(**settings: object) -> list[float]:
        fitted = MLPClassifier(1, 4, epochs=2, **settings).fit(frame, labels)  # type: ignore[arg-type]
        return fitted.predict_proba(frame)[:, 1].tolist()  # type: ignore[no-any-return]

    by_quantiles = outputs(scaling="quantile")
    assert outputs(scaling="quantile", quantiles=3) != by_quantiles
    noisy = outputs(scaling="quantile", quantile_noise=0.5)
    assert noisy == outputs(scaling="quantile", quantile_noise=0.5) != by_quantiles
    plain = outputs()
    for settings in (
        {"l1": 0.1},
        {"binary_inputs": 2},
        {"day_first": True},
        {"missing_in": {"age": [3]}},
        {"separators": {"day": "/"}},
    ):
        assert outputs(**settings) != plain, settings
    stopped = MLPClassifier(1, 4, epochs=500, seconds=1e-9).fit(frame, labels)
    assert stopped.n_iter_ == 1


def mixed(rows: int, seed: int = 0) -> pd.DataFrame:
    """A number, some missing, a category and two targets."""
    draw = np.random.default_rng(seed)
    age, region = draw.uniform(20, 60, rows), draw.choice(["east", "north", "west"], rows)
    score = 2 * age + 10 * (region == "north")
    age[::7] = np.nan
    return pd.DataFrame({"age": age, "region": region, "score": score, "rest": 100 - score})


def test_contributions_of_a_linear_network() -> None:
    """w (x - mean x) of each column, its inputs together, against the rows of the training."""
    frame = mixed(60).drop(columns="rest")
    fitted = MLPRegressor(depth=0, epochs=3, val_fraction=0).fit(frame, target="score")
    new = mixed(5, seed=1).drop(columns="rest").set_index(pd.Index(list("abcde")))
    found = fitted.explain(new[["age", "region"]], samples=1000)
    predictor = fitted._predictor
    layer = next(iter(fitted.network_.state_dict().values())).double().numpy()[0]
    weights = layer * predictor.schema.target.scaling.scale  # type: ignore[union-attr]
    inputs, trained = (predictor.encode(rows).numpy() for rows in (new, frame))
    by_input = weights * (inputs - trained.mean(0))
    assert predictor.schema.names[:2] == ["age", "age=(missing)"]
    wanted = {"age": by_input[:, :2].sum(1), "region": by_input[:, 2:].sum(1)}
    for name, own in wanted.items():
        np.testing.assert_allclose(found[f"contribution_{name}"], own, atol=1e-5)
    np.testing.assert_allclose(found["base"], fitted.predict(frame).mean(), rtol=1e-6)
    np.testing.assert_allclose(found.iloc[:, 1:].sum(axis=1), fitted.predict(new), atol=1e-6)
    assert found.index.tolist() == list("abcde")


def test_contributions_to_one_of_several_targets() -> None:
    """It must be named."""
    frame = mixed(30)
    fitted = MLPRegressor(depth=1, width=4, epochs=2).fit(frame, target=["score", "rest"])
    found = fitted.explain(frame[:4], target="rest", samples=3)
    assert found.columns[0] == "prediction_rest"
    np.testing.assert_allclose(found.iloc[:, 0], fitted.predict(frame[:4])[:, 1])
    np.testing.assert_allclose(found.iloc[:, 1:].sum(axis=1), found.iloc[:, 0], atol=1e-9)
    with pytest.raises(UserError, match=r"several targets: target must say which \(score, rest\)"):
        fitted.explain(frame)
    with pytest.raises(UserError, match="unknown target 'scor': did you mean 'score'"):
        fitted.explain(frame, target="scor")


def test_contributions_of_a_pickled_network() -> None:
    """It has no rows of the training: the rows themselves are what they are compared with."""
    frame = mixed(30).drop(columns="rest")
    fitted = MLPRegressor(depth=1, width=4, epochs=2).fit(frame, target="score")
    copy = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    found = copy.explain(frame, samples=30)
    np.testing.assert_allclose(found["base"], fitted.predict(frame).mean(), rtol=1e-6)


def test_what_columns_do() -> None:
    """A row for each value; what cannot be shown is one line."""
    frame = mixed(60).drop(columns="rest")
    fitted = MLPRegressor(depth=0, epochs=3, val_fraction=0.3).fit(frame, target="score")
    found = fitted.effects()
    assert set(found["column"]) <= {"age", "region"}
    town = fitted.effects("region", rows=10)
    assert town["value"].tolist() == ["east", "north", "west"]
    assert set(town["predicted"]) == {"prediction"}
    assert (town["low"] <= town["mean"]).all()
    assert (town["mean"] <= town["high"]).all()
    with pytest.raises(UserError, match="unknown column 'regio': did you mean 'region'"):
        fitted.effects("regio")
    with pytest.raises(UserError, match="rows must be 1 or more, got 0"):
        fitted.effects(rows=0)
    with pytest.raises(UserError, match="effects are of one target"):
        MLPRegressor(depth=0, epochs=1).fit(mixed(30), target=["score", "rest"]).effects()
