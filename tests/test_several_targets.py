"""A network that predicts several columns, from the command line to new rows and back."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from lab import (
    BARE,
    command,
    comparable,
    configure,
    curves,
    refused,
    stack_of,
    stack_of_runs,
    train,
)
from several import LABELS, NUMBERS, pupils, words
from sklearn.metrics import accuracy_score, f1_score, r2_score, roc_auc_score

import mlp_lab
from mlp_lab.commands.main import main
from mlp_lab.engine.fit import fit
from mlp_lab.errors import UserError
from mlp_lab.runs.result_file import read_result


def called(*arguments: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mlp-lab ...` in this process."""
    monkeypatch.setattr("sys.argv", ["mlp-lab", *map(str, arguments)])
    main()


def test_numbers_from_file_to_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What result.json, `predict` and `evaluate` say is what scikit-learn says of the same rows."""
    run = train(tmp_path / "run", *words(tmp_path, *NUMBERS, "epochs=40", "optimizer.lr=0.02"))
    result = read_result(run / "result.json")
    assert result["test"]["r2"] > 0.8
    assert list(result["targets"]) == ["math", "reading"]
    for name in ("rmse", "mae", "r2"):
        for part in ("train", "val", "test"):
            each = [result["targets"][target][part][name] for target in ("math", "reading")]
            assert result[part][name] == pytest.approx(np.mean(each))
    file, predicted, scores = (tmp_path / name for name in ("survey.csv", "p.csv", "s.json"))
    called("predict", run, file, "-o", predicted, monkeypatch=monkeypatch)
    called("evaluate", run, file, "-o", scores, monkeypatch=monkeypatch)
    frame, found = pd.read_csv(predicted), json.loads(scores.read_text())
    truth, guess = frame[["math", "reading"]], frame[["prediction_math", "prediction_reading"]]
    assert np.abs(guess.to_numpy() - truth.to_numpy()).mean(0)[0] > 1  # each in its own units
    assert np.abs(guess.to_numpy() - truth.to_numpy()).mean(0)[1] < 0.02
    assert found["scores"]["r2"] == pytest.approx(r2_score(truth, guess))
    for i, target in enumerate(("math", "reading")):
        own = found["targets"][target]
        assert own["scores"]["r2"] == pytest.approx(
            r2_score(truth, guess, multioutput="raw_values")[i]
        )
        assert own["residuals"]["mean"] == pytest.approx((guess.iloc[:, i] - truth[target]).mean())
    assert found["residuals"] is None
    arrays = mlp_lab.load(run).predict(pupils())
    np.testing.assert_allclose(arrays.astype(float), guess.to_numpy())


def test_labels_from_file_to_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is decided by itself; a probability for each of them."""
    run = train(tmp_path / "run", *words(tmp_path, *LABELS, "epochs=40", "optimizer.lr=0.02"))
    file, predicted, scores = (tmp_path / name for name in ("survey.csv", "p.csv", "s.json"))
    called("predict", run, file, "-o", predicted, monkeypatch=monkeypatch)
    called("evaluate", run, file, "-o", scores, monkeypatch=monkeypatch)
    frame, found = pd.read_csv(predicted), json.loads(scores.read_text())
    truth = np.column_stack([frame.voted == "yes", frame.member])
    shares = frame[["probability_voted", "probability_member"]].to_numpy()
    assert (frame.prediction_voted == np.where(shares[:, 0] > 0.5, "yes", "no")).all()
    assert (frame.prediction_member == (shares[:, 1] > 0.5)).all()
    said = found["scores"]
    assert said["accuracy"] == pytest.approx(((shares > 0.5) == truth).mean())
    assert said["subset_accuracy"] == pytest.approx(accuracy_score(truth, shares > 0.5))
    assert said["f1"] == pytest.approx(f1_score(truth, shares > 0.5, average="macro"))
    assert said["roc_auc"] == pytest.approx(roc_auc_score(truth, shares, average="macro"))
    assert said["roc_auc"] > 0.8
    assert list(found["targets"]["voted"]["confusion"]) == ["no", "yes"]
    assert read_result(run / "result.json")["output"] == "sigmoid"
    np.testing.assert_allclose(mlp_lab.load(run).predict_proba(pupils()), shares)


@pytest.mark.parametrize("kind", [NUMBERS, LABELS])
@pytest.mark.parametrize("loss", ["auto", "mae", "mse", "huber", "quantile", "poisson", "focal"])
def test_both_gradients_are_one(tmp_path: Path, kind: tuple[str, ...], loss: str) -> None:
    """Backpropagation as written out, and autograd, of two outputs after two epochs."""
    of_numbers = loss in ("huber", "quantile", "poisson")
    if (kind == NUMBERS and loss == "focal") or (kind == LABELS and of_numbers):
        assert "does not fit" in refused(*words(tmp_path, *kind, f"loss={loss}"))
        return
    stacks = []
    for gradient in ("explicit", "autograd"):
        chosen = (f"loss={loss}", f"gradient={gradient}", "dtype=float64", "epochs=2")
        stack = stack_of(configure(*words(tmp_path, *kind, *chosen, "model.activation=tanh")))
        stack.keep_last_gradients()
        assert [epoch.epoch for epoch in fit(stack)] == [1, 2]
        assert stack.last_gradients is not None
        stacks.append(stack.last_gradients.flat)
    assert stacks[0].abs().max() > 1e-4
    torch.testing.assert_close(*stacks, rtol=0, atol=1e-10)


def test_a_resumed_run_is_the_uninterrupted_one(tmp_path: Path) -> None:
    """Bit for bit."""
    given = words(tmp_path, *LABELS, *BARE)
    whole = train(tmp_path / "whole", *given, "epochs=6")
    part = train(tmp_path / "part", *given, "epochs=3")
    train(part, f"resume={part}", "epochs=6", *BARE)
    assert curves(part) == curves(whole)
    results = [json.loads((run / "result.json").read_text()) for run in (whole, part)]
    assert comparable(results[0]) == comparable(results[1])


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["data.target=[math,math]"], "data.target names math twice"),
        (["data.target=[]"], "data.target must name a column or several, got an empty list"),
        (["data.target=[math,maths]"], "data.target=maths: no such column in"),
        (["data.target=[math,voted]"], "math is a number and voted holds classes, but several"),
        (["data.target=[voted,member]", "data.task=regression"], "voted must hold numbers"),
        (["data.target=[math,reading]", "data.weight=math"], "math is one of the targets"),
        (
            ["data.target=[math,reading]", "data.drop=[reading]"],
            "names one of the targets, reading",
        ),
        (["data.target=[math,reading]", "data.task=multiclass"], "is for one target, but"),
        (["data.target=voted", "data.task=multilabel"], "needs several columns in data.target"),
        ([*LABELS, "data.class_weights=balanced"], "is for one target, but there are 2"),
        ([*LABELS, "loss=cce"], "loss=cce does not fit a multilabel target"),
        ([*LABELS, "model.output=softmax"], "model.output=softmax does not fit a multilabel"),
    ],
)
def test_what_cannot_be_predicted_together(overrides: list[str], said: str, tmp_path: Path) -> None:
    """One line that names the column and the rule."""
    assert said in refused(*words(tmp_path, *overrides))


def test_columns_of_several_classes_are_refused(tmp_path: Path) -> None:
    """Codes can be read as numbers; a target that is constant, or missing, is named."""
    frame = pupils()
    frame["grade"] = np.arange(len(frame)) % 4
    frame["town"] = np.array(["u", "v", "w"])[np.arange(len(frame)) % 3]
    frame["same"] = 1.5
    frame.loc[3, "reading"] = np.nan
    frame.to_csv(tmp_path / "survey.csv", index=False)

    def line(target: str, *more: str) -> str:
        return refused(*words(tmp_path, f"data.target={target}", *more))

    hint = "; data.task=regression reads them as numbers"
    rule = "but several targets are all numbers, or all of two classes"
    assert line("[member,grade]") == f"data.target: grade has 4 classes, {rule}{hint}"
    assert line("[member,town]") == f"data.target: town has 3 classes, {rule}"
    assert "same" in line("[math,same]")
    missing = line("[math,reading]")
    assert missing == (
        "data.target=reading is missing in 1 of 120 rows: data.drop_missing_target=true leaves"
        " them out"
    )
    train(
        tmp_path / "run",
        *words(tmp_path, "data.target=[math,reading,grade]", "data.task=regression"),
        *("data.drop_missing_target=true", "data.drop=[voted,member]", "epochs=2", *BARE),
    )
    assert sum(read_result(tmp_path / "run" / "result.json")["rows"].values()) == 119


@pytest.mark.parametrize(
    ("kind", "more", "metric"),
    [
        (NUMBERS, (), "rmse"),
        (NUMBERS, ("data.target_transform=log",), "rmse"),
        (NUMBERS, ("data.target_transform=[log,none]",), "rmse"),
        (NUMBERS, ("data.weight=c", "loss=mae"), "rmse"),
        (LABELS, ("data.weight=c",), "accuracy"),
    ],
)
def test_epochs_and_results_say_the_same(
    kind: tuple[str, ...], more: tuple[str, ...], metric: str, tmp_path: Path
) -> None:
    """Sums over rows while it trains, and predictions in each target's own units at the end."""
    frame = pupils()
    frame["c"] = np.arange(len(frame)) % 3 + 1.0
    frame.to_csv(tmp_path / "survey.csv", index=False)
    run = train(
        tmp_path / "run", *words(tmp_path, *kind, *more, "dtype=float64", *BARE, "epochs=4")
    )
    result = read_result(run / "result.json")
    best = curves(run)[result["best_epoch"] - 1]
    for part in ("train", "val"):
        assert best[f"{part}_{metric}"] == pytest.approx(result[part][metric], rel=1e-6)
        assert best[f"{part}_loss"] == pytest.approx(result[part]["loss"], rel=1e-6)


@pytest.mark.parametrize("transform", ["none", "log", "{math:log}"])
def test_members_of_a_stack_scale_their_targets_apart(transform: str, tmp_path: Path) -> None:
    """Networks that learn other columns train together, each as it does alone."""
    given = words(tmp_path, "data.drop=[voted,member,c]", "dtype=float64", "epochs=3")
    given = [*given, f"data.target_transform={transform}"]
    targets = [[*given, f"data.target={names}"] for names in ("[math,reading]", "[reading,math]")]
    (tmp_path / "stack").mkdir()
    stack, _ = stack_of_runs(tmp_path / "stack", *targets)
    together = [record for epoch in fit(stack) for record in epoch.members]
    for number, own in enumerate(targets):
        alone = [epoch.members[0] for epoch in fit(stack_of(configure(*own)))]
        found = [record for record in together if record.member == number]
        assert [record.scores for record in found] == [
            pytest.approx(record.scores, rel=1e-9) for record in alone
        ]


def test_a_sweep_over_targets(tmp_path: Path) -> None:
    """A list is one value of it."""
    given = words(tmp_path, "data.drop=[voted,member]", "epochs=2", *BARE)
    swept = [*given, "data.target=[math,reading],[reading,math]", "hydra.sweep.dir=sweep"]
    done = command(["-m", *swept], tmp_path)
    assert done.returncode == 0, done.stderr
    for number, names in enumerate((["math", "reading"], ["reading", "math"])):
        assert (
            list(read_result(tmp_path / "sweep" / str(number) / "result.json")["targets"]) == names
        )


def test_python_learns_them_as_the_command_does(tmp_path: Path) -> None:
    """From a frame, with the model that tables take: an ensemble of embedded numbers."""
    frame = pupils().drop(columns=["math", "reading"])
    run = mlp_lab.train(frame, target=["voted", "member"], epochs=6, ensemble=2)
    shares = run.predict_proba(frame)
    assert list(shares.columns) == ["voted", "member"]
    assert set(run.predict(frame)[:, 0]) == {"no", "yes"}
    assert {"subset_accuracy", "roc_auc"} <= set(run.scores.columns)
    folder = run.save(tmp_path / "run")
    predictor = mlp_lab.load(folder)
    np.testing.assert_allclose(predictor.predict_proba(frame), shares, atol=1e-6)
    assert predictor.spread(predictor.encode(frame).numpy()).shape == (len(frame), 2)
    found = mlp_lab.sweep(frame, target=["voted", "member"], model="deep", width=[4, 8], epochs=2)
    assert len(found.ranking) == 2
    with pytest.raises(UserError, match="names voted twice"):
        mlp_lab.train(frame, target=["voted", "voted"])


def test_metrics_of_ones_own_are_means_over_targets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each target is given by itself."""
    own: dict[str, dict[str, object]] = {"regression": {}, "classification": {}}
    monkeypatch.setattr("mlp_lab.metrics.own_metrics.OWN_METRICS", own)
    mlp_lab.register_metric("scale", lambda truth, _: float(np.abs(truth).max()), task="regression")
    run = train(tmp_path / "run", *words(tmp_path, *NUMBERS, *BARE, "epochs=1"))
    result = read_result(run / "result.json")
    each = [result["targets"][name]["test"]["scale"] for name in ("math", "reading")]
    assert each[0] > 100 > each[1]
    assert result["test"]["scale"] == pytest.approx(np.mean(each))


def test_each_target_may_have_a_transform(tmp_path: Path) -> None:
    """By its place or its name; the outputs are those of either, and new rows are decoded so."""
    given = words(tmp_path, *NUMBERS, *BARE, "epochs=3")
    by_place = train(tmp_path / "place", *given, "data.target_transform=[none,log1p]")
    by_name = train(tmp_path / "name", *given, "data.target_transform={reading:log1p}")
    schema = json.loads((by_place / "schema.json").read_text())
    assert [entry["transform"] for entry in schema["targets"]] == ["none", "log1p"]
    assert curves(by_place)[-1]["val_loss"] == curves(by_name)[-1]["val_loss"]
    frame = pupils()
    found = mlp_lab.load(by_place).predict(frame)
    assert found[:, 1].min() > -1
    regressor = mlp_lab.MLPRegressor(1, 8, epochs=3, target_transform={"reading": "log1p"})
    regressor.fit(frame[["a", "b"]], frame[["math", "reading"]])
    each = regressor._fitted.predictor.schema.target.each
    assert [one.transform for one in each] == ["none", "log1p"]


@pytest.mark.parametrize(
    ("transform", "said"),
    [
        ("[log]", "must have one for each of 2 targets (math, reading), got 1"),
        ("{maths:log}", "names 'maths': no such target: did you mean 'math'? (math, reading)"),
    ],
)
def test_transforms_that_fit_no_target(transform: str, said: str, tmp_path: Path) -> None:
    """In one line, before anything is trained."""
    line = refused(*words(tmp_path, *NUMBERS, *BARE), f"data.target_transform={transform}")
    assert line == f"data.target_transform {said}"
    for typed, key in (("[log,exp]", ""), ("{math:exp}", ".math")):
        line = refused(*words(tmp_path, *NUMBERS, *BARE), f"data.target_transform={typed}")
        assert line.startswith(f"unknown data.target_transform{key} 'exp'")
