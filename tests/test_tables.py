"""A file goes in, predictions come out: the commands and the Python door."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab import BARE, call, command, curves, stack_on, train, written
from safetensors.torch import load_file
from surveys import config_of, survey, survey_run
from surveys import written as save

import mlp_lab
from mlp_lab.data.dataset import Dataset
from mlp_lab.errors import UserError
from mlp_lab.files import to_json
from mlp_lab.predictor import Predictor
from mlp_lab.runs.prepared_data import prepare_data
from mlp_lab.runs.results import write_results


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the survey, with everything a careful user says."""
    return survey_run(tmp_path_factory.mktemp("table"))


def test_the_first_try(tmp_path: Path) -> None:
    """A file and a target are enough; the report comes before training."""
    path = save(survey(), tmp_path)
    done = command(
        ["data=table", f"data.path={path.name}", "data.target=voted", "epochs=2"], tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    printed = done.stdout
    assert printed.index("400 rows: ") < printed.index("epoch 1/2")
    assert "not read: id (identifier: it counts the rows)" in printed
    folder = tmp_path / printed.splitlines()[-1]
    report = (folder / "data_report.txt").read_text()
    assert "voted (binary): " in report
    assert "400 rows: " in (folder / "report.html").read_text()


def test_report_only_stops_there(tmp_path: Path) -> None:
    """The report on the terminal and in the run folder; nothing is trained."""
    save(survey(), tmp_path)
    words = ["data=table", "data.path=survey.csv", "data.target=voted", "data.report_only=true"]
    done = command(words, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / done.stdout.splitlines()[-1]
    assert "data_report.txt" in written(folder)
    assert "result.json" not in written(folder)
    assert "epoch" not in done.stdout


def test_a_refused_table_leaves_nothing(tmp_path: Path) -> None:
    """One line, exit status 1."""
    save(survey(), tmp_path)
    done = command(["data=table", "data.path=survey.csv", "data.target=votd"], tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("data.target=votd: no such column in survey.csv: did you mean 'voted'?")
    assert written(tmp_path) == {"survey.csv"}


def test_columns_in_another_order_and_others_do_not_matter(run: Path) -> None:
    """Nor the types that another file gives them."""
    frame, predictor = survey(60, seed=6), mlp_lab.load(run)
    expected = predictor.outputs(frame)
    other = frame[frame.columns[::-1]].assign(extra=1)
    other["age"] = other["age"].astype(str)
    other["interview"] = pd.to_datetime(other["interview"])
    np.testing.assert_array_equal(predictor.outputs(other), expected)
    tensors = predictor.network(predictor.encode(frame)).detach().numpy()
    np.testing.assert_allclose(tensors, expected, rtol=1e-6)


def test_unseen_categories_are_predicted(run: Path) -> None:
    """As rare or unknown ones."""
    frame = survey(20, seed=7).assign(region="the moon", smoker="perhaps")
    assert np.isfinite(mlp_lab.load(run).predict_proba(frame)).all()


def test_a_rows_weight_is_its_number(tmp_path: Path) -> None:
    """Whole-number weights and repeated rows give the same network and the same scores."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(90, 3)), columns=["a", "b", "c"])
    frame = frame.assign(
        y=np.where(frame["a"] + draw.normal(size=90) > 0, "up", "down"),
        count=draw.integers(1, 5, 90),
        part=np.resize(["train", "train", "val", "test"], 90),
    )
    repeated = frame.loc[frame.index.repeat(frame["count"])]
    overrides = (
        *("data=table", "data.target=y", "data.part=part", "data.scaling=none", *BARE),
        *("data.features=[a,b,c]", "model=shallow", "model.width=7", "dtype=float64"),
        *("batch_size=full", "optimizer=sgd", "optimizer.lr=0.5", "epochs=30"),
    )
    weighted, plain = (
        train(
            tmp_path / name, *overrides, f"data.path='{save(rows, tmp_path, name + '.csv')}'", *more
        )
        for name, rows, more in (
            ("weighted", frame, ["data.weight=count"]),
            ("plain", repeated, []),
        )
    )
    for one, other in zip(curves(weighted), curves(plain), strict=True):
        assert one == pytest.approx(other, rel=1e-9)
    tensors, others = (load_file(run / "model.safetensors") for run in (weighted, plain))
    for name, tensor in tensors.items():
        torch.testing.assert_close(tensor, others[name], rtol=1e-9, atol=1e-12)
    results = [json.loads((run / "result.json").read_text()) for run in (weighted, plain)]
    for part in ("train", "val", "test"):
        assert results[0][part] == pytest.approx(results[1][part], rel=1e-9)
    constants = [result["baselines"]["constant"]["test"] for result in results]
    assert constants[0] == pytest.approx(constants[1], rel=1e-9)


def require_one_line(error: UserError) -> None:
    """What is said to the user."""
    assert "\n" not in str(error)


TEXTS = st.one_of(
    st.sampled_from(["a", "b", "", "NA", "1", "2.5", "-9", "2020-02-30", "x,y", '"']),
    st.text(max_size=5),
)


NUMBERS = st.floats(-1e9, 1e9, allow_subnormal=False)


CELLS = {
    "number": st.one_of(NUMBERS, st.none()),
    "whole": st.integers(-5, 5),
    "text": st.one_of(TEXTS, st.none()),
    "truth": st.booleans(),
}


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Any small frame with a target that can be learnt."""
    kinds = draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=4))
    rows = draw(st.integers(12, 30))
    columns = {
        f"{kind} {i}": draw(st.lists(CELLS[kind], min_size=rows, max_size=rows))
        for i, kind in enumerate(kinds)
    }
    return pd.DataFrame({**columns, "y": np.resize([0, 1, 1], rows)})


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(frame=frames())
def test_any_table_that_is_accepted_is_finite_and_predicts_alike(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    """Before saving and after loading: the same bits. What is refused has one line."""
    path = save(frame, tmp_path)
    try:
        config = config_of(path, "data.target=y", "model=shallow")
        prepared = prepare_data(config)
        cells = pd.read_csv(path)
        dataset = Dataset.of(prepared.encoded, torch.float32, torch.device("cpu"))
    except UserError as error:
        require_one_line(error)
        return
    for part in (dataset.train, dataset.val, dataset.test):
        assert part.inputs.isfinite().all()
        assert part.targets.isfinite().all()
    stack = stack_on(config, prepared, dataset)
    network = stack.best_network([0])
    schema = to_json(dataset.schema.to_dict())
    write_results(tmp_path, network, schema, prepared.objective, {})
    before = Predictor(network.member(0), dataset.schema, prepared.objective)
    after = mlp_lab.load(tmp_path)
    assert after.schema == before.schema
    np.testing.assert_array_equal(before.outputs(cells), after.outputs(cells))


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=300))
def test_bytes_are_a_table_or_a_line(content: bytes, tmp_path: Path) -> None:
    """Whatever a file holds."""
    path = tmp_path / "survey.csv"
    path.write_bytes(content)
    try:
        prepare_data(config_of(path, "data.target=y"))
    except UserError as error:
        require_one_line(error)


def test_ctrl_c_while_libraries_are_loaded() -> None:
    """What a command starts with imports none, and ends in a line."""
    loading = "import sys; sys.modules['hydra'] = Loading()"
    code = f"""
class Loading:
    def __getattr__(self, name):
        raise KeyboardInterrupt
{loading}
from mlp_lab.__main__ import main
main()
"""
    done = command(["-c", code], Path.cwd(), [sys.executable])
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_a_table_takes_the_recipe(tmp_path: Path) -> None:
    """What suits its rows is chosen, said and kept; a model by its name is as it ever was."""
    save(survey(), tmp_path)
    words = ["data=table", "data.path=survey.csv", "data.target=voted", "epochs=2", "ensemble=2"]
    done = call([*words, "hydra.run.dir=one", "tracking.report=false"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("chosen for 260 training rows, ")
    first = done.stdout.splitlines()[0]
    assert "model.embedding=both" in first
    assert "ensemble=" not in first  # it was given
    kept = yaml.safe_load((tmp_path / "one" / "config.yaml").read_text())
    assert (kept["ensemble"], kept["epochs"], kept["model"]["embedding"]) == (2, 2, "both")
    assert "auto" not in {str(kept[key]) for key in ("batch_size", "epochs", "ensemble")}
    assert isinstance(kept["model"]["width"], int)
    again = call([*words, "hydra.run.dir=two", *BARE], tmp_path)
    assert again.stdout == ""
    deep = call([*words[:3], "model=deep", "epochs=1", "hydra.run.dir=three"], tmp_path)
    assert "chosen for" not in deep.stdout
    plain = yaml.safe_load((tmp_path / "three" / "config.yaml").read_text())
    assert (plain["ensemble"], plain["model"]["embedding"], plain["batch_size"]) == (1, "none", 32)
