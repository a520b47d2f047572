"""A run's probabilities by a temperature: the same wherever they are asked for."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from lab import BARE, curves, refused, train
from numpy.typing import NDArray
from sklearn.metrics import log_loss

import mlp_lab
from mlp_lab.metrics.own_metrics import OWN_METRICS
from mlp_lab.predictor import load

UNSURE = (
    "data=table",
    "model.width=32",
    "epochs=6",
    "optimizer.lr=0.003",
    "loss.label_smoothing=0.5",
)


@pytest.fixture(scope="module")
def party(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,800 rows of three classes, and two questions, that columns say something of."""
    random = np.random.default_rng(0)
    rows = pd.DataFrame(random.normal(size=(1800, 6)), columns=[f"x{i}" for i in range(6)])
    noisy = rows.x0 + random.normal(0, 0.4, 1800)
    rows["party"] = np.select([noisy < -0.7, noisy > 0.7], ["left", "right"], "middle")
    rows["voted"] = np.where(rows.x1 + random.normal(0, 1, 1800) > 1.2, "yes", "no")
    rows["reads"] = np.where(rows.x2 + random.normal(0, 1, 1800) > 0, "yes", "no")
    path = tmp_path_factory.mktemp("party") / "party.csv"
    rows.to_csv(path, index=False)
    return path


def result_of(folder: Path) -> dict[str, Any]:
    """What result.json says."""
    found: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return found


def unsure(folder: Path, party: Path, *words: str, target: str = "party") -> Path:
    """A run of a network that was told to be unsure: label smoothing asks for it."""
    drop = sorted({"party", "voted", "reads"} - set(target.strip("[]").split(",")))
    own = (f"data.path={party}", f"data.target={target}", f"data.drop=[{','.join(drop)}]")
    return train(folder, *UNSURE, *own, *BARE, *words)


@pytest.fixture(scope="module")
def runs(party: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same training with and without."""
    place = tmp_path_factory.mktemp("runs")
    return unsure(place / "auto", party), unsure(place / "never", party, "calibration=never")


def test_what_is_not_sure_enough_is_calibrated(runs: tuple[Path, Path], party: Path) -> None:
    """By itself; scores and curves stay those of the training, and no decision changes."""
    auto, never = (result_of(folder) for folder in runs)
    about = auto["calibration"]
    assert 0.1 < about["temperature"] < 0.7
    assert about["gain"] > 2 * about["error"] > 0
    assert "calibration" not in never
    for part in ("train", "val", "test"):
        assert auto[part] == never[part]
        if part in about:
            changed = {"loss", "log_loss", "brier", "calibration_error", "roc_auc"}
            assert about[part].keys() == changed
            for name in ("loss", "log_loss", "brier"):
                assert about[part][name] < auto[part][name]
    own, raw = (load(folder) for folder in runs)
    rows = pd.read_csv(party)
    assert own.predict(rows).tolist() == raw.predict(rows).tolist()
    powers = raw.predict_proba(rows) ** (1 / about["temperature"])
    wanted = powers / powers.sum(1, keepdims=True)
    np.testing.assert_allclose(own.predict_proba(rows), wanted, atol=1e-9)
    assert [row["val_loss"] for row in curves(runs[0])] == [
        row["val_loss"] for row in curves(runs[1])
    ]


def test_the_scores_that_change_are_all_there(party: Path, tmp_path: Path) -> None:
    """Own metrics, too; the area under the curve of two classes does not."""

    def sureness(_: NDArray[Any], shares: NDArray[Any]) -> float:
        return float(shares.max(1).mean())

    mlp_lab.register_metric("sureness", sureness)
    try:
        run = result_of(unsure(tmp_path / "run", party, target="voted"))
    finally:
        del OWN_METRICS["classification"]["sureness"]
    about, usual = run["calibration"]["val"], run["val"]
    assert about["sureness"] != usual["sureness"]
    assert about.keys() == {"loss", "log_loss", "brier", "calibration_error", "sureness"}


def test_one_validation_row(tmp_path: Path) -> None:
    """It has no temperature, and the page says so."""
    words = ("data.rows=20", "data.val_fraction=0.05", "data.test_fraction=0.2", "epochs=2")
    own = ("calibration=always", "batch_size=full", "model=shallow", "tracking.report=true")
    run = train(tmp_path / "run", "data=xor", *BARE, *words, *own)
    assert result_of(run)["calibration"]["temperature"] == 1
    page = " ".join((run / "report.html").read_text().split())
    assert (
        "Probabilities are not calibrated: a temperature needs 2 validation rows or more with"
        " finite outputs, got 1." in page
    )


def test_evaluate_gives_the_calibrated_scores(runs: tuple[Path, Path], party: Path) -> None:
    """Those of all rows, from Python; its losses are by the temperature, too."""
    rows = pd.read_csv(party)
    found, raw = (mlp_lab.evaluate(folder, rows).head(1).to_dict("records")[0] for folder in runs)
    shares = load(runs[0]).predict_proba(rows)
    assert found["log_loss"] == pytest.approx(log_loss(rows.party, shares))
    assert found["loss"] == pytest.approx(found["log_loss"])
    assert found["accuracy"] == raw["accuracy"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("party", ()),
        ("party", ("ensemble=3",)),
        ("voted", ()),
        ("voted", ("ensemble=2",)),
        ("voted", ("model.output=softmax",)),
        ("[voted,reads]", ("ensemble=2", "model.residual=true")),
    ],
)
def test_the_same_by_numpy_torch_and_exported(
    target: str, words: tuple[str, ...], party: Path, tmp_path: Path
) -> None:
    """Of one network and of several, to 1e-6: in a graph, a program, and of every network."""
    run = unsure(tmp_path / "run", party, "calibration=always", *words, target=target)
    temperature = result_of(run)["calibration"]["temperature"]
    assert json.loads((run / "schema.json").read_text())["network"]["temperature"] == temperature
    arrays, layers, rows = load(run), load(run), pd.read_csv(party).head(50)
    layers.network.double()
    inputs = arrays.encode(rows).double()
    wanted = arrays.outputs(rows)
    np.testing.assert_allclose(layers.forward(inputs.numpy()), wanted, atol=1e-9)
    np.testing.assert_allclose(layers.network(inputs).detach().numpy(), wanted, atol=1e-9)
    if arrays.count > 1:
        spread = layers.spread(inputs.numpy())
        np.testing.assert_allclose(arrays.spread(inputs.numpy()), spread, atol=1e-9)
        assert (spread > 0).all()
    truth = arrays.schema.target.encode(np.zeros(wanted.shape if target[0] == "[" else 50))
    for one, other in zip(
        *(own.outputs_and_losses(inputs.numpy(), truth) for own in (arrays, layers)), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-9)
    layers.export(tmp_path / "m.pt2")
    program = torch.export.load(tmp_path / "m.pt2").module()
    np.testing.assert_allclose(program(inputs).detach().numpy(), wanted, atol=1e-6)
    _held_by_a_graph(run, rows, tmp_path / "m.onnx")


def _held_by_a_graph(run: Path, rows: pd.DataFrame, path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    predictor = load(run)
    predictor.export(path)
    session = runtime.InferenceSession(str(path))
    given = {entry.name: rows[[entry.name]].to_numpy() for entry in session.get_inputs()}
    names = [entry.name for entry in session.get_outputs()]
    found = dict(zip(names, session.run(None, given), strict=True))
    answers = predictor.answers(rows[predictor.schema.names].to_numpy())
    shares = [own for name, own in answers.items() if name.startswith("probability")]
    for name, own in found.items():
        wanted: NDArray[Any] = answers[name] if name in answers else np.column_stack(shares)
        if wanted.dtype.kind == "f":
            np.testing.assert_allclose(own, wanted, atol=1e-5)
        else:
            assert own.tolist() == wanted.tolist()


def test_an_estimator_has_the_temperature_too(party: Path, tmp_path: Path) -> None:
    """In memory, saved, and pickled; its decisions are those without."""
    rows = pd.read_csv(party)
    x, y = rows.drop(columns=["party", "voted", "reads"]), rows["party"]
    given: dict[str, Any] = {"epochs": 6, "width": 32, "model": "deep", "lr": 0.003}
    given["loss_options"] = {"label_smoothing": 0.5}
    fitted = mlp_lab.MLPClassifier(**given, val_fraction=0.3).fit(x, y)
    never = mlp_lab.MLPClassifier(**given, val_fraction=0.3, calibration="never").fit(x, y)
    assert (fitted.predict(x) == never.predict(x)).all()
    raw, own = never.predict_proba(x), fitted.predict_proba(x)
    assert own.max(1).mean() > raw.max(1).mean() + 0.05
    np.testing.assert_allclose(own.sum(1), 1)
    assert fitted.scores_.equals(never.scores_)
    fitted.save(tmp_path / "run")
    np.testing.assert_allclose(load(tmp_path / "run").predict_proba(x), own, atol=1e-6)
    result = result_of(tmp_path / "run")
    assert result["calibration"]["val"]["log_loss"] < result["val"]["log_loss"]


def test_effects_and_contributions_are_of_calibrated_probabilities(
    runs: tuple[Path, Path], party: Path
) -> None:
    """They add up to what `predict` gives."""
    rows = pd.read_csv(party).head(20)
    predictor = load(runs[0])
    found = predictor.explain(rows, class_name="left")
    wanted = predictor.predict_proba(rows)[:, 0]
    np.testing.assert_allclose(found["probability_left"], wanted, atol=1e-9)
    np.testing.assert_allclose(found.iloc[:, 1:].sum(axis=1), wanted, atol=1e-9)


def test_it_is_said(party: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the terminal in a line, and on the page; what was not done on the page alone."""
    words = ("quiet=false", "tracking.report=true")
    run = unsure(tmp_path / "run", party, *words)
    said = " ".join(capsys.readouterr().out.split())
    assert "probabilities are calibrated by a temperature of " in said
    assert "the scores above are without it, predictions with it" in said
    page = (run / "report.html").read_text()
    assert "<p>Probabilities are calibrated by a temperature of " in page
    few = unsure(tmp_path / "few", party, *words, "data.val_fraction=0.05")
    assert "calibrated" not in capsys.readouterr().out
    assert "Probabilities are not calibrated: 90 validation rows, fewer" in " ".join(
        (few / "report.html").read_text().split()
    )


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("data=diabetes", "calibration=always"),
            "calibration=always needs sigmoid or softmax probabilities, but this task is regression"
            " with linear output: use auto",
        ),
        (
            ("data=iris", "calibration=always", "data.val_fraction=0"),
            "calibration=always needs validation rows, but data.val_fraction is 0",
        ),
        (("data=iris", "calibration=maybe"), "unknown calibration 'maybe' (always, auto, never)"),
        (
            ("data=iris", "calibration=always", "model.output=linear"),
            "calibration=always needs sigmoid or softmax probabilities, but this task is multiclass"
            " with linear output: use auto",
        ),
    ],
)
def test_what_cannot_be_calibrated(words: tuple[str, ...], line: str) -> None:
    """Is refused in a line before it is trained."""
    assert refused(*words) == line


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("calibration=always", "calibration=always"),
        ("stop.patience=3", "stop.patience"),
        ("budget=1s", "budget"),
    ],
)
def test_a_column_may_name_the_validation_rows(word: str, key: str, tmp_path: Path) -> None:
    """Then no share of the rows needs to be; where it names none, a line says so."""
    random = np.random.default_rng(5)
    rows = pd.DataFrame({"x": random.normal(size=300)})
    rows["y"] = np.where(rows.x + random.normal(0, 1, 300) > 0, "b", "a")
    words = ("data=table", "data.target=y", "data.part=part", "data.val_fraction=0", word)
    for name, parts in (("some", ["train", "val", "test"]), ("none", ["train", "train", "test"])):
        rows["part"] = np.tile(parts, 100)
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
    run = train(tmp_path / "run", *words, f"data.path={tmp_path / 'some.csv'}", *BARE)
    assert result_of(run)["rows"]["val"] == 100
    line = f"{key} needs validation rows, but data.part=part names none"
    assert refused(*words, f"data.path={tmp_path / 'none.csv'}") == line


def test_weights_count(tmp_path: Path) -> None:
    """Rows of weight 0 say nothing of the temperature."""
    random = np.random.default_rng(3)
    rows = pd.DataFrame({"x": random.normal(size=800), "w": 1.0})
    rows["y"] = np.where(rows.x + random.normal(0, 1, 800) > 0, "b", "a")
    rows["part"] = np.where(np.arange(800) < 400, "train", "val")
    strange = rows.index >= 600
    rows.loc[strange, "y"] = np.where(rows.x[strange] > 0, "a", "b")
    temperatures = []
    for weight in (1.0, 0.0):
        rows.loc[strange, "w"] = weight
        path = tmp_path / f"{weight}.csv"
        rows.to_csv(path, index=False)
        words = (f"data.path={path}", "data.target=y", "data.weight=w", "data.part=part")
        run = train(tmp_path / str(weight), "data=table", *words, "calibration=always", *BARE)
        temperatures.append(result_of(run)["calibration"]["temperature"])
    assert temperatures[0] > 2 * temperatures[1]
