"""A file goes in, predictions come out: the commands and the Python door."""

import json
import math
import signal
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab import BARE, MLP_LAB, TRAIN, command, curves, stack_on, train, written
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from surveys import SETTINGS, config_of, survey
from surveys import written as save

import mlp_lab
from mlp_lab.commands.main import main
from mlp_lab.data.config import FileSettings
from mlp_lab.data.dataset import Dataset
from mlp_lab.data.tables.writing import Writer
from mlp_lab.errors import UserError
from mlp_lab.files import to_json
from mlp_lab.predictor import Predictor
from mlp_lab.runs.prepared import pose
from mlp_lab.runs.results import write_results

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the survey, with everything a careful user says."""
    folder = tmp_path_factory.mktemp("table")
    path = save(survey(), folder)
    return train(
        folder / "run", *SETTINGS, f"data.path='{path}'", "model=shallow", "epochs=8", "quiet=true"
    )


def call(*words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mlp-lab ...` in this process."""
    monkeypatch.setattr("sys.argv", ["mlp-lab", *words])
    main()


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


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_predicting_a_file(
    run: Path, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces as in one: the file's columns as they stand, then what Python predicts."""
    monkeypatch.setattr("mlp_lab.commands.predict_files.CHUNK", 37)
    fresh = survey(150, seed=5).drop(columns=["voted", "weight"])
    path, out = save(fresh, tmp_path, "new.csv"), tmp_path / f"out.{suffix}"
    call("predict", str(run), str(path), "-o", str(out), monkeypatch=monkeypatch)
    found = pd.read_csv(out, dtype=str) if suffix == "csv" else pd.read_parquet(out)
    given_cells = pd.read_csv(path, dtype=str, keep_default_na=False)
    cells = found[given_cells.columns].fillna("")
    pd.testing.assert_frame_equal(cells, given_cells, check_dtype=False)
    predictor = mlp_lab.load(run)
    frame = pd.read_csv(path, dtype={"zip": str})
    assert found["prediction"].tolist() == predictor.predict(frame).tolist()
    shares = predictor.predict_proba(frame)
    written_shares = found[["probability_no", "probability_yes"]].astype(float).to_numpy()
    np.testing.assert_allclose(written_shares, shares, rtol=1e-6)


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": None}, "column 'age' is missing"),
        ({"age": "old"}, "column 'age' must hold a number, got 'old' in row 1"),
        ({"income": math.inf}, "column 'income' must hold a finite number, got 'inf' in row 1"),
        (
            {"trust": "some"},
            "column 'trust' must hold one of low, middle, high, got 'some' in row 1",
        ),
        ({"interview": "soon"}, "column 'interview' must hold a date, got 'soon' in row 1"),
    ],
)
def test_rows_that_cannot_be_predicted(
    run: Path, change: dict[str, str | float | None], message: str, tmp_path: Path
) -> None:
    """One line that names the column, and no file."""
    frame = survey(10)
    for name, value in change.items():
        frame = frame.drop(columns=name)
        if value is not None:
            frame[name] = value
    path = save(frame, tmp_path, "new.csv")
    done = command(["predict", str(run), str(path), "-o", "out.csv"], tmp_path, MLP_LAB)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1
    assert written(tmp_path) == {"new.csv"}


def test_no_row_and_no_argument(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each."""
    save(survey(0), tmp_path, "new.csv")
    for words, message in (
        (["predict", str(run), str(tmp_path / "new.csv"), "-o", "out.csv"], "has no row"),
        (["predict", str(run)], "the following arguments are required: FILE, -o/--output"),
        (
            ["evaluate", str(tmp_path), "x.csv"],
            "holds no finished run: it has no model.safetensors",
        ),
    ):
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
            call(*words, monkeypatch=patch)
        assert end.value.code == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line


def test_evaluating_the_test_rows_again(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Weighted metrics are scikit-learn's; the JSON holds what is printed."""
    frame = survey(200, seed=8)
    path, out = save(frame, tmp_path, "labelled.csv"), tmp_path / "evaluation.json"
    call("evaluate", str(run), str(path), "-o", str(out), monkeypatch=monkeypatch)
    found = json.loads(out.read_text())
    predictor = mlp_lab.load(run)
    share = predictor.predict_proba(frame)[:, 1]
    truth, weight = (frame["voted"] == "yes").to_numpy(), frame["weight"].to_numpy()
    scores = found["scores"]
    assert scores["accuracy"] == pytest.approx(
        accuracy_score(truth, share > 0.5, sample_weight=weight)
    )
    assert scores["roc_auc"] == pytest.approx(roc_auc_score(truth, share, sample_weight=weight))
    expected = log_loss(truth, share, sample_weight=weight)
    assert scores["log_loss"] == pytest.approx(expected, rel=1e-5)
    assert scores["loss"] == pytest.approx(expected, rel=1e-5)
    assert sum(map(sum, (row.values() for row in found["confusion"].values()))) == pytest.approx(
        weight.sum()
    )
    assert f"{scores['brier']:.4g}" in capsys.readouterr().out


def test_evaluating_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the target's own units, though the network learnt a logarithm."""
    frame = survey().dropna(subset=["income"])[["age", "trust", "income"]]
    path = save(frame, tmp_path)
    overrides = ("data=table", f"data.path='{path}'", "data.target=income", *BARE)
    folder = train(tmp_path / "run", *overrides, "data.target_transform=log", "epochs=3")
    out = tmp_path / "evaluation.json"
    call("evaluate", str(folder), str(path), "-o", str(out), monkeypatch=monkeypatch)
    found = json.loads(out.read_text())
    errors = mlp_lab.load(folder).predict(frame).astype(float) - frame["income"].to_numpy()
    assert found["scores"]["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert found["residuals"]["mean"] == pytest.approx(errors.mean())
    result = json.loads((folder / "result.json").read_text())
    last = curves(folder)[result["best_epoch"] - 1]
    assert last["val_rmse"] == pytest.approx(result["val"]["rmse"], rel=1e-5)


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
        problem = pose(config)
        cells = pd.read_csv(path)
        dataset = Dataset.of(problem.encoded, torch.float32, torch.device("cpu"))
    except UserError as error:
        require_one_line(error)
        return
    for part in (dataset.train, dataset.val, dataset.test):
        assert part.inputs.isfinite().all()
        assert part.targets.isfinite().all()
    stack = stack_on(config, problem, dataset)
    network = stack.best_network([0])
    schema = to_json(dataset.schema.to_dict())
    write_results(tmp_path, network, schema, problem.objective, {})
    before = Predictor(network.member(0), dataset.schema, problem.objective)
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
        pose(config_of(path, "data.target=y"))
    except UserError as error:
        require_one_line(error)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_predict(
    number: signal.Signals,
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, and no half of a file, though some pieces were written."""
    pieces = []

    def interrupted(writer: Writer, frame: pd.DataFrame) -> None:
        pieces.append(frame)
        if len(pieces) == 3:
            signal.raise_signal(number)
        write(writer, frame)

    write = Writer.write
    monkeypatch.setattr("mlp_lab.commands.predict_files.CHUNK", 37)
    monkeypatch.setattr(Writer, "write", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    path = save(survey(150), tmp_path, "new.csv")
    with pytest.raises(SystemExit) as end:
        call("predict", str(run), str(path), "-o", f"{tmp_path}/o.csv", monkeypatch=monkeypatch)
    signal.signal(signal.SIGINT, before)
    assert (end.value.code, capsys.readouterr().err) == (130, "interrupted\n")
    assert written(tmp_path) == {"new.csv"}
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--delimiter=ab", "--delimiter must be auto or one ASCII character, got 'ab'"),
        ("--encoding=latin9000", "--encoding must be auto or an encoding's name, as cp1252, got"),
        ("--encoding=ascii", "new.csv is not ascii text: --encoding names another"),
        ("--decimal=;", "unknown --decimal ';'"),
        ("--quote=,,", "--quote must be one ASCII character that is not"),
    ],
)
def test_an_option_is_named_as_typed(
    option: str, message: str, run: Path, tmp_path: Path, capsys: Capture
) -> None:
    """Not as the setting of the training that it stands for."""
    path = save(survey(20).assign(town="Köln"), tmp_path, "new.csv")
    words = ["predict", str(run), str(path), "-o", f"{tmp_path}/o.csv", option]
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        call(*words, monkeypatch=patch)
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(message)
    assert written(tmp_path) == {"new.csv"}


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


def test_an_evaluation_that_cannot_be_written(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Is not computed, and leaves nothing."""
    path = save(survey(50), tmp_path, "new.csv")
    for place, reason in (("no/e.json", "there is no folder"), ("", "it is a folder")):
        words = ("evaluate", str(run), str(path), "-o", str(tmp_path / place))
        with pytest.raises(SystemExit) as end:
            call(*words, monkeypatch=monkeypatch)
        assert end.value.code == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        (line,) = printed.err.splitlines()
        assert line.startswith(f"cannot write {tmp_path / place}: {reason}")
    assert written(tmp_path.parent) >= {f"{tmp_path.name}/new.csv"}
    assert not list(tmp_path.parent.glob(".*.partial"))


def test_scripts_predict_is_the_command(run: Path, tmp_path: Path) -> None:
    """The same, from a checkout."""
    path = save(survey(10), tmp_path, "new.csv")
    script = [TRAIN[0], str(Path(TRAIN[1]).parent / "scripts" / "predict.py")]
    done = command([str(run), str(path), "-o", "out.csv"], tmp_path, script)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "10 rows: out.csv\n"


def test_a_file_is_read_as_the_training_file_was(tmp_path: Path) -> None:
    """What had to be said of it is known to the run; the command may say otherwise."""
    frame = survey(120)[["age", "income", "smoker", "voted"]]
    frame.to_csv(tmp_path / "t.csv", sep=":", index=False, encoding="cp1250")
    words = ["data=table", "data.path=t.csv", "data.target=voted", "epochs=2", "hydra.run.dir=run"]
    said = ["data.delimiter=':'", "data.encoding=cp1250", "data.sheet=2", *BARE]
    done = command([*words, *said], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    frame.to_csv(tmp_path / "comma.csv", index=False)
    for name, options in (("t.csv", []), ("comma.csv", ["--delimiter", "auto"])):
        done = command(["evaluate", "run", name, *options], tmp_path, MLP_LAB)
        assert (done.returncode, done.stderr) == (0, "")
    done = command(["predict", "run", "comma.csv", "-o", "p.csv"], tmp_path, MLP_LAB)
    assert done.returncode == 1
    assert done.stderr.startswith("column 'age' is missing")
    assert mlp_lab.load(tmp_path / "run").schema.file == FileSettings(
        delimiter=":", encoding="cp1250", sheet=2
    )
