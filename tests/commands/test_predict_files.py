"""Predictions and scores of a file of rows."""

import json
import math
import signal
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lab import BARE, MLP_LAB, command, curves, train, written
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from surveys import call, survey, survey_run
from surveys import written as save

import mlp_lab
from mlp_lab.commands.predict_files import trained_on
from mlp_lab.data.bundled import BUNDLED
from mlp_lab.data.config import FileSettings
from mlp_lab.data.schema_file import schema_of
from mlp_lab.data.tables.frames import beyond_training
from mlp_lab.data.tables.writing import Writer
from mlp_lab.errors import UserError
from mlp_lab.runs.folder import SCHEMA

ROWS = 60


def lines(folder: Path, header: str, rows: list[str], name: str = "t.csv") -> Path:
    """A text table."""
    path = folder / name
    path.write_text("\n".join([header, *rows]))
    return path


def trained(folder: Path, path: Path, *words: str) -> None:
    """A run in `folder`/run."""
    given = [
        "data=table",
        "model=deep",
        f"data.path={path}",
        "data.target=y",
        "hydra.run.dir=run",
        "epochs=2",
    ]
    done = command([*given, "quiet=true", "tracking.report=false", *words], folder)
    assert (done.returncode, done.stderr) == (0, "")


def test_weights_that_are_all_zero_in_evaluate(tmp_path: Path) -> None:
    """Nothing would be left to average."""
    rows = [f"{i % 7},1,{'pq'[i % 2]}" for i in range(ROWS)]
    trained(tmp_path, lines(tmp_path, "x,w,y", rows), "data.weight=w")
    lines(tmp_path, "x,w,y", ["1,0,p", "2,0,q"], "new.csv")
    done = command(["evaluate", "run", "new.csv"], tmp_path, MLP_LAB)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "FILE: no row has a weight above 0\n"


def test_numbers_that_are_too_large_to_predict(tmp_path: Path) -> None:
    """One line, and no file."""
    rows = [f"{i % 7},{i % 3}.5" for i in range(ROWS)]
    trained(
        tmp_path, lines(tmp_path, "x,y", rows), "data.target_transform=log", "data.task=regression"
    )
    lines(tmp_path, "x,y", ["1,2", "1e300,2"], "large.csv")
    done = command(["predict", "run", "large.csv", "-o", "p.csv"], tmp_path, MLP_LAB)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("x holds numbers that are too large")
    assert not (tmp_path / "p.csv").exists()
    rows = [f"{i % 7},{i % 3}.5" for i in range(ROWS)]
    trained(tmp_path, lines(tmp_path, "x,y", rows), "hydra.run.dir=plain", "data.task=regression")
    lines(tmp_path, "x,y", ["1,2", "1,1e300"], "target.csv")
    done = command(["evaluate", "plain", "target.csv"], tmp_path, MLP_LAB)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("y holds numbers that are too large")
    lines(tmp_path, "x,y", ["1,2", "2,-1"], "negative.csv")
    done = command(["evaluate", "run", "negative.csv"], tmp_path, MLP_LAB)
    assert done.stderr == ("column 'y', the target, must be above 0 for its log, got -1 in row 2\n")


def test_the_test_loss_knows_no_class_weights(tmp_path: Path) -> None:
    """It is what `mlp-lab evaluate` finds on the same rows."""
    rows = [f"{i * i % 11},{'pqqqq'[i % 5]}" for i in range(ROWS)]
    path = lines(tmp_path, "x,y", rows)
    new = [f"{i * i % 11},{'pqqqq'[i % 5]}" for i in range(40)]
    test = lines(tmp_path, "x,y", new, "new.csv")
    words = (f"data.test_path={test}", "data.class_weights=balanced")
    trained(tmp_path, path, *words)
    found = json.loads((tmp_path / "run" / "result.json").read_text())["test"]
    done = command(["evaluate", "run", "new.csv", "-o", "found.json"], tmp_path, MLP_LAB)
    assert (done.returncode, done.stderr) == (0, "")
    again = json.loads((tmp_path / "found.json").read_text())["scores"]
    for name, value in found.items():  # rounding may part two rows that were level
        rel = 0.02 if name == "roc_auc" else 1e-5
        assert again[name] == pytest.approx(value, rel=rel), name


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the survey, with everything a careful user says."""
    return survey_run(tmp_path_factory.mktemp("table"))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_predicting_a_file(
    run: Path, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces as in one: the file's columns as they stand, then what Python predicts."""
    monkeypatch.setattr("mlp_lab.commands.pieces.CHUNK", 37)
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


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """New rows in a folder of three Parquet files."""
    fresh = survey(150, seed=5)
    (tmp_path / "parts").mkdir()
    for number, places in enumerate(np.array_split(np.arange(len(fresh)), 3)):
        fresh.iloc[places].to_parquet(tmp_path / "parts" / f"{number}.parquet", index=False)
    return tmp_path / "parts"


@pytest.mark.parametrize("words", [(), ("--rows", "20"), ("--background", "parts")])
def test_a_folder_is_the_file_of_all_its_rows(
    words: tuple[str, ...], run: Path, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is predicted, scored and explained of it."""
    monkeypatch.setattr("mlp_lab.commands.pieces.CHUNK", 37)
    monkeypatch.chdir(parts.parent)
    survey(150, seed=5).to_parquet("whole.parquet", index=False)
    for file, name in (("whole.parquet", "one"), ("parts", "several")):
        if not words:
            call("predict", str(run), file, "-o", f"{name}.parquet", monkeypatch=monkeypatch)
            call("evaluate", str(run), file, "-o", f"{name}.json", monkeypatch=monkeypatch)
        call("explain", str(run), file, *words, "-o", f"{name}.csv", monkeypatch=monkeypatch)
    one, several = (pd.read_csv(f"{name}.csv") for name in ("one", "several"))
    if not words:
        one, several = (pd.read_parquet(f"{name}.parquet") for name in ("one", "several"))
        scores = [json.loads(Path(f"{name}.json").read_text()) for name in ("one", "several")]
        assert scores[0].pop("file") == "whole.parquet"
        assert scores[1].pop("file") == "parts"
        assert scores[0] == scores[1]
    pd.testing.assert_frame_equal(one, several, atol=1e-9)


def test_a_folder_that_is_no_table(
    run: Path, parts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, which names the file, and of a cell its row in it; nothing is written."""
    frame = survey(150, seed=5)
    out = parts.parent / "out.parquet"
    words = ("predict", str(run), str(parts), "-o", str(out))

    def line(*words: str) -> str:
        with pytest.raises(SystemExit):
            call(*words, monkeypatch=monkeypatch)
        said: str = capsys.readouterr().err
        return said.splitlines()[-1]

    assert line(*words, "--delimiter", ";").endswith("for parts: it is for text files")
    for name in ("predict", "explain"):
        said = line(name, str(run), str(parts), "-o", str(parts / "out.csv"))
        assert said.endswith("out.csv: it would belong to the folder that is FILE")
    frame.drop(columns="age").to_parquet(parts / "3.parquet", index=False)
    assert line(*words) == "3.parquet has no column 'age', as 0.parquet has"
    frame.assign(voted="perhaps").to_parquet(parts / "3.parquet", index=False)
    assert line("evaluate", str(run), str(parts)).endswith("got 'perhaps' in row 1 of 3.parquet")
    assert not out.exists()


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


@pytest.mark.parametrize(
    "said", [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGINT, 2), (signal.SIGTERM, 2)]
)
def test_ctrl_c_in_predict(
    said: tuple[signal.Signals, int],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, and no half of a file, though some pieces were written."""
    (number, processes), pieces = said, []

    def interrupted(writer: Writer, names: pd.DataFrame, lines: str) -> None:
        pieces.append(lines)
        if len(pieces) == 3:
            signal.raise_signal(number)
        append(writer, names, lines)

    append = Writer.append_lines
    monkeypatch.setattr("mlp_lab.commands.pieces.CHUNK", 37)
    monkeypatch.setattr(Writer, "append_lines", interrupted)
    path = save(survey(150), tmp_path, "new.csv")
    words = ["-o", f"{tmp_path}/o.csv", f"--processes={processes}"]
    with pytest.raises(SystemExit) as end:
        call("predict", str(run), str(path), *words, monkeypatch=monkeypatch)
    assert (end.value.code, capsys.readouterr().err) == (130, "interrupted\n")
    assert written(tmp_path) == {"new.csv"}
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


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


def test_a_file_is_read_as_the_training_file_was(tmp_path: Path) -> None:
    """What had to be said of it is known to the run; the command may say otherwise."""
    frame = survey(120)[["age", "income", "smoker", "voted"]]
    frame.to_csv(tmp_path / "t.csv", sep=":", index=False, encoding="cp1250")
    words = ["data=table", "data.path=t.csv", "data.target=voted", "epochs=2", "hydra.run.dir=run"]
    said = ["data.delimiter=':'", "data.encoding=cp1250", *BARE]
    done = command([*words, *said], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    frame.to_csv(tmp_path / "comma.csv", index=False)
    for name, options in (("t.csv", []), ("comma.csv", ["--delimiter", "auto"])):
        done = command(["evaluate", "run", name, *options], tmp_path, MLP_LAB)
        assert (done.returncode, "is what run was trained on" in done.stderr) == (0, not options)
    done = command(["predict", "run", "comma.csv", "-o", "p.csv"], tmp_path, MLP_LAB)
    assert done.returncode == 1
    assert done.stderr.startswith("column 'age' is missing")
    assert mlp_lab.load(tmp_path / "run").schema.file == FileSettings(
        delimiter=":", encoding="cp1250"
    )


DIALECTS: list[tuple[str, str, str, str, list[str]]] = [
    (";", ",", "cp1252", '"', []),
    ("\t", ".", "utf-8", '"', []),
    ("|", ".", "utf-16", '"', []),
    (";", ".", "utf-8-sig", '"', []),
    (",", ".", "latin-1", "'", ["--quote", "'"]),
]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_file_is_answered_as_it_is_written(
    dialect: tuple[str, str, str, str, list[str]],
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Delimiter, decimal sign, encoding and quotes; cells that hold these signs come back whole."""
    delimiter, decimal, encoding, quote, options = dialect
    names = ["Zürich", f"a{delimiter}b", f"say {quote}x{quote}", "b"] * 3
    frame = pd.DataFrame({"x": np.arange(12) + 0.25, "town": names})
    suffix = "tsv" if delimiter == "\t" else "csv"
    path, out = tmp_path / "new.csv", tmp_path / f"out.{suffix}"
    sep, enc = delimiter, encoding
    frame.to_csv(path, sep=sep, decimal=decimal, encoding=enc, quotechar=quote, index=False)
    call("predict", str(small), str(path), "-o", str(out), *options, monkeypatch=monkeypatch)
    found = pd.read_csv(out, sep=sep, decimal=decimal, encoding=enc, quotechar=quote)
    pd.testing.assert_frame_equal(found[["x", "town"]], frame)
    predicted = mlp_lab.load(small).predict(frame).tolist()
    assert found["prediction"].astype(float).tolist() == pytest.approx(predicted)


@pytest.mark.parametrize(
    ("names", "sign"),
    [
        (("new.csv", "out.csv"), "\t"),
        (("new.txt", "out.csv.gz"), "\t"),
        (("new.tsv", "out.csv"), ","),
        (("new.tab", "out.csv"), ","),
        (("new.tab", "out.tsv"), "\t"),
    ],
)
def test_tabs(
    names: tuple[str, str], sign: str, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the input, but where a suffix says what stands between cells."""
    path, out = (tmp_path / name for name in names)
    frame = pd.DataFrame({"x": np.arange(12) + 0.25, "town": ["b", "c, d", "e"] * 4})
    frame.to_csv(path, sep="\t", index=False)
    call("predict", str(small), str(path), "-o", str(out), monkeypatch=monkeypatch)
    found = pd.read_csv(out, sep=sign)
    assert list(found.columns) == ["x", "town", "prediction"]
    pd.testing.assert_frame_equal(found[["x", "town"]], frame)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a number and a town, of which none is missing."""
    folder = tmp_path_factory.mktemp("small")
    towns = ["Zürich", "b", "c"]
    frame = pd.DataFrame({"x": np.arange(60) % 13 + 0.25, "town": np.resize(towns, 60)})
    path = save(frame.assign(y=frame["x"] * 2), folder)
    settings = ("data.target=y", "model=shallow", "epochs=2", "quiet=true")
    return train(folder / "run", "data=table", f"data.path='{path}'", *settings)


def test_newly_missing_values_are_counted(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By both commands, over all pieces of a file; a word for no value is none."""
    monkeypatch.setattr("mlp_lab.commands.pieces.CHUNK", 2)
    path = lines(tmp_path, "x,town,y", ["1,b,2", ",NA,2", "2,,3", "NA,b,4", "3,Ulm,6"])
    for words in (("predict", "-o", str(tmp_path / "p.csv")), ("evaluate",)):
        call(words[0], str(small), str(path), *words[1:], monkeypatch=monkeypatch)
        assert capsys.readouterr().err.splitlines() == [
            "column 'town': 1 of 5 rows holds a value that no training row had",
            "column 'x': 2 of 5 rows have no value, though every training row had one",
            "column 'town': 2 of 5 rows have no value, though every training row had one",
        ]
    call(
        *("predict", str(small), str(lines(tmp_path, "x,town", [",b", ",c"], "all.csv"))),
        *("-o", str(tmp_path / "p.csv")),
        monkeypatch=monkeypatch,
    )
    assert "column 'x': every row has no value, though" in capsys.readouterr().err


def test_numbers_beyond_those_of_the_training_are_said(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those far away, which a typing error leaves; any, where most are: of another unit."""
    monkeypatch.setattr("mlp_lab.commands.pieces.CHUNK", 2)

    def said(*numbers: float) -> list[str]:
        path = lines(tmp_path, "x,town,y", [f"{number},b,1" for number in numbers])
        heard = []
        for words in (("predict", "-o", str(tmp_path / "p.csv")), ("evaluate",)):
            call(words[0], str(small), str(path), *words[1:], monkeypatch=monkeypatch)
            heard.append(capsys.readouterr().err.splitlines())
        assert heard[0] == heard[1]
        return heard[0]

    assert said(0.25, 12.25, 1, 2, 3) == []
    assert said(24.25, -11.75, 1, 2, 3) == []  # outside, by no more than the range is wide
    assert said(24.5, 13, 1, 2, 3) == [
        "column 'x': 1 of 5 rows has a number far outside the 0.25 to 12.25 of training rows (24.5)"
    ]
    assert said(1, 2, 3, 4, 5, 99, 2000) == [
        "column 'x': 2 of 7 rows have a number far outside the 0.25 to 12.25 of training rows"
        " (99 to 2000)"
    ]
    assert said(0.01, 0.02, -3, 1, 2) == [
        "column 'x': 3 of 5 rows have a number outside the 0.25 to 12.25 of training rows"
        " (-3 to 0.02): is it in another unit?"
    ]
    assert said(20, 20) == [
        "column 'x': every row has a number outside the 0.25 to 12.25 of training rows (20): is it"
        " in another unit?"
    ]


def test_a_schema_without_ranges_says_nothing_of_them(small: Path) -> None:
    """As those of earlier releases; damaged ones are refused."""
    whole = json.loads((small / SCHEMA).read_text())
    values = {key: whole[key] for key in ("columns", "target", "weight")}
    encoding = values["columns"][0]["encoding"]
    assert (encoding.pop("low"), encoding.pop("high")) == (0.25, 12.25)
    assert beyond_training(np.array([[1e9, 0]]), schema_of(values)) == {}
    for damaged, rule in (
        ({"low": 1.0}, "must both be numbers, or neither"),
        (
            {"low": 2.0, "high": 1.0},
            r"low must be at most columns\[0\].encoding.high, 1.0, got 2.0",
        ),
    ):
        encoding.update({"low": None, "high": None} | damaged)
        with pytest.raises(UserError, match=rule):
            schema_of(values)


def test_scores_on_rows_of_the_training_are_said_to_be_such(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the run's own file, by whatever path; not of a copy, nor where its settings are gone."""
    own = small.parent / "survey.csv"
    link = tmp_path / "link.csv"
    link.symlink_to(own)
    for file, known in ((own, True), (link, True), (save(pd.read_csv(own), tmp_path), False)):
        call("evaluate", str(small), str(file), monkeypatch=monkeypatch)
        said = f"{file} is what {small} was trained on: most of these rows are known to it;"
        assert capsys.readouterr().err.startswith(said) == known
    assert not trained_on(tmp_path, own)


def test_what_is_said_of_a_file_must_be_of_use(run: Path, tmp_path: Path) -> None:
    """A table of text has no sheets; nothing is written."""
    path = save(survey(50), tmp_path, "new.csv")
    words = ["predict", str(run), str(path), "-o", str(tmp_path / "p.csv"), "--sheet", "2"]
    done = command(words, tmp_path, MLP_LAB)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "--sheet=2 is of no use for new.csv: it is for Excel files\n"
    assert written(tmp_path) == {"new.csv"}


@pytest.mark.parametrize("name", ["predict", "evaluate"])
def test_new_rows_do_without_torch(name: str, diabetes_run: Path, tmp_path: Path) -> None:
    """Its import would take longer than everything else."""
    raw = BUNDLED["diabetes"]()
    names = [*(column.name for column in raw.columns), raw.target_columns[0].name]
    frame = pd.DataFrame(np.column_stack([raw.inputs, raw.target])[:5], columns=names)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    code = (
        "import sys; sys.modules['torch'] = None; from mlp_lab.commands.main import main;"
        f"sys.argv = ['mlp-lab', {name!r}, {str(diabetes_run)!r}, 'rows.csv', '-o', 'out.csv'];"
        "main()"
    )
    done = command([], tmp_path, [sys.executable, "-c", code])
    assert (done.returncode, done.stderr) == (0, "")


def test_scores_by_group(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By columns that the training read, or did not; codes of no answer are no group."""
    frame = survey(200, seed=3).assign(wave=np.arange(200) % 2 + 1)
    frame["town, or country"] = np.where(frame["region"] == "north", "town", "country")
    path, out = save(frame, tmp_path, "new.csv"), tmp_path / "found.json"
    options = ("--by", "wave, smoker", "--by", "town, or country", "--by", "age", "-o", str(out))
    call("evaluate", str(run), str(path), *options, monkeypatch=monkeypatch)
    found = json.loads(out.read_text())
    groups = {name: own["groups"] for name, own in found["by"].items()}
    assert {name: list(own) for name, own in groups.items() if name != "age"} == {
        "wave": ["1", "2"],
        "smoker": ["no", "yes"],
        "town, or country": ["country", "town"],
    }
    assert list(groups["age"])[-1] == "(no value)"
    assert not any(name.startswith("-9") for name in groups["age"])
    for own in groups.values():
        assert sum(group["rows"] for group in own.values()) == 200
        assert all(set(group["scores"]) == set(found["scores"]) for group in own.values())
    printed = capsys.readouterr().out
    assert "\nby wave  rows  accuracy     95 % interval  constant  logistic" in printed


def test_groups_of_several_answers_that_the_training_did_not_read(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answers are one group in whatever order, as of a column that it read."""
    ways = [
        ["bus"],
        ["car"],
        ["car", "bus"],
        ["bus", "car"],
        ["bike", "car"],
        ["bus", "bike", "car"],
    ]
    frame = survey(120, seed=3).assign(how=[";".join(ways[i % 6]) for i in range(120)])
    path, out = save(frame, tmp_path, "new.csv"), tmp_path / "found.json"
    call("evaluate", str(run), str(path), "--by", "how", "-o", str(out), monkeypatch=monkeypatch)
    groups = json.loads(out.read_text())["by"]["how"]["groups"]
    rows = {name: own["rows"] for name, own in groups.items()}
    assert rows == {"bike;bus;car": 20, "bike;car": 20, "bus": 20, "bus;car": 40, "car": 20}


BAD_GROUPS = {
    "smokr": "--by: no such column in FILE: 'smokr': did you mean 'smoker'? (id, age, ",
    "smoker,": "--by: no such column in FILE: ''",
    "remark": "--by must be a column of at most 50 different values, got 60 in 'remark'",
}


@pytest.mark.parametrize("by", BAD_GROUPS)
def test_bad_groups(
    by: str,
    run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line, before anything is printed."""
    path = save(survey(60, seed=3), tmp_path, "new.csv")
    with pytest.raises(SystemExit):
        call("evaluate", str(run), str(path), "--by", by, monkeypatch=monkeypatch)
    out, errors = capsys.readouterr()
    assert out == ""
    assert errors.splitlines()[-1].startswith(BAD_GROUPS[by])


def test_intervals_by_clusters_within_strata(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores stay; intervals of all rows and of groups resample what was sampled together."""
    frame = survey(60, seed=3)
    frame = pd.concat([frame] * 4).assign(
        house=np.tile(np.arange(60), 4), area=np.tile(np.arange(60) % 3, 4)
    )
    path, out = save(frame, tmp_path, "new.csv"), tmp_path / "found.json"
    found = {}
    clusters_alone = ("--cluster", "house")
    for options in (("--resample-rows",), clusters_alone, (*clusters_alone, "--strata", "area")):
        words = (str(run), str(path), *options, "--by", "smoker", "-o", str(out))
        call("evaluate", *words, monkeypatch=monkeypatch)
        found[options[::2]] = json.loads(out.read_text())
    printed = " ".join(capsys.readouterr().out.split())
    assert "a bootstrap over 60 clusters of house within 3 strata of area" in printed
    rows, clusters, both = found.values()
    assert rows["scores"] == clusters["scores"] == both["scores"]
    assert "resampled" not in rows
    assert clusters["resampled"] == ["95 % intervals: a bootstrap over 60 clusters of house"]
    groups = [own["by"]["smoker"]["groups"]["yes"] for own in (rows, clusters)]
    for one, other in ((rows, clusters), groups):
        few, many = (np.diff(own["intervals"]["brier"])[0] for own in (one, other))
        assert 1.5 < many / few < 2.6


BAD_CLUSTERS = {
    ("--cluster", "hous"): "--cluster: no such column in FILE: 'hous'",
    ("--strata", "region"): "--strata region: every row needs a value, ",
}


@pytest.mark.parametrize("options", BAD_CLUSTERS)
def test_bad_clusters(
    options: tuple[str, str],
    run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line, before anything is printed."""
    path = save(survey(60, seed=3), tmp_path, "new.csv")
    with pytest.raises(SystemExit):
        call("evaluate", str(run), str(path), *options, monkeypatch=monkeypatch)
    out, errors = capsys.readouterr()
    assert out == ""
    assert errors.splitlines()[-1].startswith(BAD_CLUSTERS[options])
