"""A finished run's network, for new rows."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from lab import BARE, configure, train
from numpy.typing import ArrayLike
from safetensors.torch import load_file

import mlp_lab
from mlp_lab.data.arrays import Floats
from mlp_lab.data.bundled import BUNDLED
from mlp_lab.data.splitting import split_rows
from mlp_lab.errors import UserError


def layer_by_layer(folder: Path, inputs: Floats) -> Floats:
    """Outputs before the output function, from the files alone: ReLU between layers."""
    schema = json.loads((folder / "schema.json").read_text())
    scalings = [column["encoding"]["scaling"] for column in schema["columns"]]
    center, scale = (
        np.array([scaling[key] for scaling in scalings]) for key in ("center", "scale")
    )
    h: Floats = (inputs - center) / scale
    state = load_file(folder / "model.safetensors")
    layers = len(schema["network"]["sizes"]) - 1
    tensors = list(state.values())
    assert len(tensors) == 2 * layers
    weights = [state[name].double().numpy() for name in state if name.endswith("weight")]
    biases = [state[name].double().numpy() for name in state if name.endswith("bias")]
    for k, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        h = h @ weight.T + bias
        if k < layers - 1:
            h = np.maximum(h, 0)
    return h


def test_classes(iris_run: Path) -> None:
    """Probabilities and names for rows in their own units; the score is result.json's."""
    raw = BUNDLED["iris"]()
    predictor = mlp_lab.load(iris_run)
    f = layer_by_layer(iris_run, raw.inputs)
    odds = np.exp(f - f.max(1, keepdims=True))
    outputs = predictor.outputs(raw.inputs)
    np.testing.assert_allclose(outputs, odds / odds.sum(1, keepdims=True), atol=1e-5)
    assert raw.target_columns[0].levels
    predicted = predictor.predict(raw.inputs)
    assert predicted.tolist() == [raw.target_columns[0].levels[k] for k in f.argmax(1)]
    split = split_rows(raw, configure("data=iris").data)
    right = predicted == np.array(raw.target_columns[0].levels)[raw.target.astype(int)]
    result = json.loads((iris_run / "result.json").read_text())
    for part in ("train", "val", "test"):
        assert right[getattr(split, part)].mean() == pytest.approx(result[part]["accuracy"])


def test_numbers(diabetes_run: Path) -> None:
    """In the target's own units; the score is result.json's."""
    raw = BUNDLED["diabetes"]()
    predictor = mlp_lab.load(diabetes_run)
    scaling = json.loads((diabetes_run / "schema.json").read_text())["target"]["scaling"]
    wanted = layer_by_layer(diabetes_run, raw.inputs) * scaling["scale"] + scaling["center"]
    predicted = predictor.predict(raw.inputs).astype(float)
    np.testing.assert_allclose(predicted, wanted[:, 0], rtol=1e-5)
    split = split_rows(raw, configure("data=diabetes", "data.val_fraction=0").data)
    error = (predicted - raw.target)[split.test]
    result = json.loads((diabetes_run / "result.json").read_text())
    assert np.sqrt(np.mean(error**2)) == pytest.approx(result["test"]["rmse"], rel=1e-5)
    assert np.abs(error).mean() == pytest.approx(result["test"]["mae"], rel=1e-5)


def test_two_classes(tmp_path: Path) -> None:
    """One output is the probability of the second class."""
    overrides = ("data=breast_cancer", "model=perceptron", "epochs=2", "quiet=true")
    train(tmp_path, *overrides, "tracking.report=false", "tracking.tensorboard=false")
    raw = BUNDLED["breast_cancer"]()
    predictor = mlp_lab.load(tmp_path)
    outputs = predictor.outputs(raw.inputs)
    probability = 1 / (1 + np.exp(-layer_by_layer(tmp_path, raw.inputs)))
    np.testing.assert_allclose(outputs, probability, atol=1e-5)
    names = np.where(outputs[:, 0] > 0.5, "benign", "malignant")
    assert predictor.predict(raw.inputs).tolist() == names.tolist()


def test_the_network_is_plain_torch(iris_run: Path) -> None:
    """Its state_dict is model.safetensors; it needs nothing of mlp_lab."""
    network = mlp_lab.load(iris_run).network
    saved = load_file(iris_run / "model.safetensors")
    state = network.state_dict()
    assert state.keys() == saved.keys()
    assert all(torch.equal(state[name], saved[name]) for name in saved)
    assert {type(module).__module__.partition(".")[0] for module in network.children()} == {"torch"}


def test_a_text_names_the_folder_too(iris_run: Path) -> None:
    """A path or its text."""
    rows = BUNDLED["iris"]().inputs[:3]
    one, other = mlp_lab.load(str(iris_run)), mlp_lab.load(iris_run)
    np.testing.assert_array_equal(one.outputs(rows), other.outputs(rows))


@pytest.mark.parametrize(
    ("rows", "shape"),
    [([1.0, 2.0, 3.0, 4.0], "(4,)"), ([[1.0, 2.0, 3.0]], "(1, 3)"), (np.zeros((0, 5)), "(0, 5)")],
)
def test_rows_of_another_shape(iris_run: Path, rows: ArrayLike, shape: str) -> None:
    """A line about columns, not about matrix products."""
    with pytest.raises(UserError) as error:
        mlp_lab.load(iris_run).predict(rows)
    assert str(error.value) == f"rows must have 4 columns, got shape {shape}"


@pytest.mark.parametrize("left", [[], ["config.yaml", "curves.csv", "schema.json"]])
def test_an_unfinished_folder(iris_run: Path, tmp_path: Path, left: list[str]) -> None:
    """A run that has not ended has no network yet."""
    for name in left:
        (tmp_path / name).write_bytes((iris_run / name).read_bytes())
    with pytest.raises(UserError) as error:
        mlp_lab.load(tmp_path)
    assert str(error.value) == f"{tmp_path} holds no finished run: it has no model.safetensors"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """The same line."""
    with pytest.raises(UserError, match="holds no finished run"):
        mlp_lab.load(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["", "no tensors"])
def test_a_broken_model_is_the_users_business(iris_run: Path, tmp_path: Path, content: str) -> None:
    """One line instead of a traceback from the depths of a library."""
    for name in ("config.yaml", "schema.json"):
        (tmp_path / name).write_bytes((iris_run / name).read_bytes())
    (tmp_path / "model.safetensors").write_text(content)
    with pytest.raises(UserError, match=r"model\.safetensors"):
        mlp_lab.load(tmp_path)


def test_counts_of_new_rows(tmp_path: Path) -> None:
    """The network ends with an exponential; a negative count has no loss."""
    run = mlp_lab.load(train(tmp_path / "run", "data=diabetes", "loss=poisson", "epochs=2", *BARE))
    assert [type(layer).__name__ for layer in run.networks[0]][-2:] == ["Linear", "Exponential"]
    rows = run.encode_values(BUNDLED["diabetes"]().inputs[:2])
    outputs, losses = run.outputs_and_losses(rows, np.array([[1.0], [0.0]]))
    assert outputs.min() > 0
    assert losses.min() > 0
    assert run.decode(outputs) == pytest.approx(
        outputs[:, 0] * run.schema.target.each[0].scaling.scale
    )
    with pytest.raises(UserError, match="loss=poisson needs progression at 0 or more, got -"):
        run.outputs_and_losses(rows, np.array([[1.0], [-1.0]]))


def test_contributions_to_a_number(diabetes_run: Path) -> None:
    """They add up to the prediction in the target's units."""
    rows = BUNDLED["diabetes"]().inputs[:20]
    predictor = mlp_lab.load(diabetes_run)
    found = predictor.explain(rows, samples=5)
    assert found.columns[:2].tolist() == ["prediction", "base"]
    np.testing.assert_allclose(found["prediction"], predictor.predict(rows).astype(float))
    np.testing.assert_allclose(found.iloc[:, 1:].sum(axis=1), found["prediction"], rtol=1e-9)
    with pytest.raises(UserError, match="class_name is for classes, but progression is a number"):
        predictor.explain(rows, class_name="high")


def test_contributions_to_one_of_many_classes(iris_run: Path) -> None:
    """A class must be named; rows to compare with may be others."""
    rows = BUNDLED["iris"]().inputs
    predictor = mlp_lab.load(iris_run)
    found = predictor.explain(rows[:3], rows, class_name="virginica")
    np.testing.assert_allclose(found["probability_virginica"], predictor.predict_proba(rows)[:3, 2])
    np.testing.assert_allclose(found.iloc[:, 1:].sum(axis=1), found.iloc[:, 0], atol=1e-9)
    with pytest.raises(UserError, match="has 3 classes: class_name must say which is explained"):
        predictor.explain(rows)
    with pytest.raises(UserError, match="there is no background row"):
        predictor.explain(rows, np.zeros((0, 4)), class_name="setosa")


def test_a_few_background_rows_have_the_mean_of_all(diabetes_run: Path, iris_run: Path) -> None:
    """As 16 of several hundred by chance would not."""
    rows = BUNDLED["diabetes"]().inputs
    predictor = mlp_lab.load(diabetes_run)
    predictions = predictor.predict(rows).astype(float)
    found = predictor.explain(rows[:1], rows, samples=16)
    assert abs(found["base"][0] - predictions.mean()) < 0.05 * predictions.std()
    flowers, iris = BUNDLED["iris"]().inputs, mlp_lab.load(iris_run)
    found = iris.explain(flowers[:1], flowers, class_name="setosa", samples=16)
    assert abs(found["base"][0] - iris.predict_proba(flowers)[:, 0].mean()) < 0.05
