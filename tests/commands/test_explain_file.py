"""Contributions of columns to the predictions for a file."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import call, survey, survey_run
from surveys import written as save

import mlp_lab
from mlp_lab.commands import explain_file
from mlp_lab.commands import pieces as file_pieces

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the survey."""
    return survey_run(tmp_path_factory.mktemp("table"))


def explained(run: Path, file: Path, *words: str) -> pd.DataFrame:
    """What `mlp-lab explain` writes."""
    out = file.with_name("out.csv")
    with pytest.MonkeyPatch.context() as patch:
        call("explain", str(run), str(file), "-o", str(out), *words, monkeypatch=patch)
    return pd.read_csv(out)


def test_every_row_adds_up(run: Path, tmp_path: Path, capsys: Capture) -> None:
    """To what `predict` says; columns are those of the table, whatever inputs they give."""
    new = save(survey(30, seed=1), tmp_path, "new.csv")
    found = explained(run, new, "--samples=10")
    predictor = mlp_lab.load(run)
    inputs = [entry.column.name for entry in predictor.schema.inputs]
    names = [f"contribution_{name}" for name in inputs]
    assert found.columns.tolist() == [*survey(3), "probability_yes", "base", *names]
    wanted = predictor.predict_proba(pd.read_csv(new, dtype=str))[:, 1]
    np.testing.assert_allclose(found["probability_yes"], wanted, atol=1e-12)
    np.testing.assert_allclose(found["base"] + found[names].sum(axis=1), wanted, atol=1e-6)
    said = capsys.readouterr()
    assert said.err == ""
    first, heading, *lines, path = said.out.splitlines()
    assert first.startswith("probability_yes of 30 rows; base 0.")
    assert first.endswith(f"its mean over 10 rows of {new}")
    assert heading.split() == ["column", "mean", "absolute", "contribution"]
    means = found[names].abs().mean()
    wanted_order = [name.removeprefix("contribution_") for name in means.sort_values().index[::-1]]
    assert [line.split()[0] for line in lines] == wanted_order
    assert [float(line.split()[1]) for line in lines] == pytest.approx(
        sorted(means, reverse=True), rel=1e-3
    )
    assert path == str(tmp_path / "out.csv")


def test_the_other_class(run: Path, tmp_path: Path) -> None:
    """What raises the one lowers the other."""
    new = save(survey(6, seed=1), tmp_path, "new.csv")
    yes = explained(run, new, "--class=yes", "--samples=5")
    no = explained(run, new, "--class=no", "--samples=5")
    names = [name for name in yes.columns.tolist() if name.startswith("contribution_")]
    np.testing.assert_allclose(no[names], -yes[names], atol=1e-12)
    assert "probability_no" in no


def test_another_background(run: Path, tmp_path: Path, capsys: Capture) -> None:
    """The base is the mean over its rows."""
    new = save(survey(6, seed=1), tmp_path, "new.csv")
    other = save(survey(20, seed=2), tmp_path, "other.csv")
    found = explained(run, new, f"--background={other}")
    wanted = mlp_lab.load(run).predict_proba(pd.read_csv(other, dtype=str))[:, 1].mean()
    assert found["base"].to_numpy() == pytest.approx(wanted)
    assert capsys.readouterr().out.splitlines()[0].endswith(f"its mean over 20 rows of {other}")


def test_pieces_change_nothing(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of the file nor of what is computed at once: the same background rows are drawn."""
    new = save(survey(25, seed=1), tmp_path, "new.csv")
    whole = explained(run, new, "--samples=8")
    monkeypatch.setattr(file_pieces, "CHUNK", 7)
    monkeypatch.setattr(explain_file, "ROWS", 3)
    pieces = explained(run, new, "--samples=8")
    pd.testing.assert_frame_equal(pieces, whole, rtol=1e-9)
    frame = pd.read_csv(new, dtype=str)
    in_python = mlp_lab.load(run).explain(frame, samples=8)
    pd.testing.assert_frame_equal(in_python, whole[in_python.columns.tolist()], rtol=1e-9)


def test_a_name_that_is_taken(run: Path, tmp_path: Path, capsys: Capture) -> None:
    """--prefix keeps them apart."""
    new = save(survey(4).assign(base=1), tmp_path, "new.csv")
    with pytest.raises(SystemExit):
        explained(run, new)
    assert "the file has a column 'base' already: set --prefix" in capsys.readouterr().err
    assert "p_base" in explained(run, new, "--prefix=p_")


def test_no_row(run: Path, tmp_path: Path, capsys: Capture) -> None:
    """One line."""
    new = save(survey(0), tmp_path, "new.csv")
    with pytest.raises(SystemExit):
        explained(run, new)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("new.csv has no row")


def test_some_rows(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same ones each time, however the file is read, with what they have among all."""
    new = save(survey(25, seed=1), tmp_path, "new.csv")
    whole = explained(run, new, "--samples=8")
    some = explained(run, new, "--samples=8", "--rows=6")
    monkeypatch.setattr(file_pieces, "CHUNK", 4)
    again = explained(run, new, "--samples=8", "--rows=6", f"--background={new}")
    pd.testing.assert_frame_equal(again, some, rtol=1e-9)
    own = whole[whole["id"].isin(some["id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, own, rtol=1e-9)
    assert len(some) == 6
    assert len(explained(run, new, "--samples=2", "--rows=99")) == 25


def test_how_long_it_takes(
    run: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said of many rows before they are explained; fewer are not timed."""
    new = save(survey(25, seed=1), tmp_path, "new.csv")
    monkeypatch.setattr(explain_file, "LONG", -1.0)
    explained(run, new, "--samples=2")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(explain_file, "MANY", 24)
    explained(run, new, "--samples=2")
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"about .* s for 25 rows: --rows 24 explains so many of them", line)
    explained(run, new, "--samples=2", "--rows=24")
    assert capsys.readouterr().err == ""


def test_no_rows_at_all(run: Path, tmp_path: Path, capsys: Capture) -> None:
    """One line."""
    new = save(survey(4), tmp_path, "new.csv")
    with pytest.raises(SystemExit):
        explained(run, new, "--rows=0")
    assert capsys.readouterr().err.endswith("--rows must be 1 or more, got 0\n")
