"""A run of classes in an order, from its file to its predictions and its page."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from lab import BARE, train

import mlp_lab
from mlp_lab.errors import UserError

WORDS = ["low", "middle", "high", "top"]


def grades(rows: int = 300) -> pd.DataFrame:
    """One number decides, with noise, how high a grade is; the order of words is not theirs."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, 2))
    latent = 2 * x[:, 0] + 0.5 * draw.normal(size=rows)
    grade = np.array(WORDS)[np.digitize(latent, [-1.5, 0, 1.5])]
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "grade": grade})


@pytest.mark.parametrize("words", [(), ("ensemble=2", "model.activation=swiglu")])
def test_a_run(words: tuple[str, ...], tmp_path: Path) -> None:
    """Baselines, metrics of ranks, probabilities of every class, and the saved network."""
    frame = grades()
    path = tmp_path / "grades.csv"
    frame.to_csv(path, index=False)
    run = train(
        tmp_path / "run",
        *("data=table", f"data.path={path}", "data.target=grade", "model=shallow"),
        *("data.levels.grade=[low,middle,high,top]", "loss=ordinal", "epochs=60"),
        *("optimizer.lr=0.02", "tracking.boosting=always", *words, *BARE),
    )
    result = json.loads((run / "result.json").read_text())
    scores = result["test"]
    assert scores["accuracy"] > 0.7
    assert scores["quadratic_kappa"] > 0.8
    assert scores["rank_mae"] < 0.4
    assert scores["loss"] == pytest.approx(scores["log_loss"], rel=1e-4)
    baselines = result["baselines"]
    assert baselines["constant"]["test"]["quadratic_kappa"] == pytest.approx(0, abs=1e-9)
    assert baselines["logistic"]["test"]["loss"] < baselines["constant"]["test"]["loss"]
    predictor = mlp_lab.load(run)
    probabilities = predictor.predict_proba(frame)
    assert probabilities.shape == (300, 4)
    assert probabilities.sum(1) == pytest.approx(np.ones(300), abs=1e-6)
    assert (np.array(WORDS)[probabilities.argmax(1)] == predictor.predict(frame)).all()
    assert (predictor.predict(frame) == frame["grade"]).mean() > 0.7
    for network in predictor.networks:
        assert "out_features=3" in str(network.get_submodule("output"))
    saved = torch.from_numpy(predictor.outputs(frame))
    _, losses = predictor.outputs_and_losses(
        predictor.encode(frame).numpy(), predictor.schema.target.encode(labels(frame))
    )
    right = saved[torch.arange(300), torch.from_numpy(labels(frame)).long()]
    assert losses == pytest.approx((-right.log()).numpy(), rel=1e-3, abs=1e-4)


def labels(frame: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Place of each row's class in the order."""
    return np.array([WORDS.index(word) for word in frame["grade"]], dtype=np.float64)


def test_from_python() -> None:
    """Estimators and frames: numbers are in order, words by `levels`."""
    frame = grades(120)
    y = labels(frame).astype(int)
    inputs = frame[["a", "b"]].to_numpy()
    model = mlp_lab.MLPClassifier(loss="ordinal", model="shallow", epochs=3).fit(inputs, y)
    assert model.predict_proba(inputs).shape == (120, 4)
    with pytest.raises(UserError, match="loss=ordinal needs classes in an order"):
        mlp_lab.MLPClassifier(loss="ordinal", model="shallow", epochs=3).fit(
            inputs, frame["grade"].to_numpy()
        )
