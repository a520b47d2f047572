"""A file's rows in pieces, by one process and by several."""

import gzip
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from surveys import call, survey, survey_run
from surveys import written as save

from mlp_lab.commands import pieces
from mlp_lab.commands.explain_file import ROWS
from mlp_lab.data.arrays import Floats
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.predictor import Predictor


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the survey."""
    return survey_run(tmp_path_factory.mktemp("table"))


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "CHUNK", 37)


@pytest.mark.parametrize("processes", ["2", "5"])
@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.tsv", "out.parquet"])
def test_predictions_are_the_same(
    run: Path, name: str, processes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, however many processes compute, and so is what is said."""
    fresh = survey(200, seed=5).drop(columns=["voted"])
    fresh.loc[[3, 90], "age"] = 400
    path = save(fresh, tmp_path, "new.csv")
    said = []
    for place, words in (("one", []), ("several", ["--processes", processes])):
        (tmp_path / place).mkdir()
        out = tmp_path / place / name
        with pytest.MonkeyPatch.context() as patch:
            call("predict", str(run), str(path), "-o", str(out), *words, monkeypatch=patch)
        content = out.read_bytes()  # of gzip, without the time at which it was made
        said.append(gzip.decompress(content) if name.endswith(".gz") else content)
    assert said[0] == said[1]


@pytest.mark.parametrize("processes", [1, 3])
def test_scores_are_the_same(
    run: Path, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups, clusters, rows without a target, and what is doubted."""
    fresh = survey(200, seed=6)
    fresh.loc[[7, 150], "voted"] = None
    path = save(fresh, tmp_path, "new.csv")
    words = ["--by=region", "--drop-missing-target", "-o", str(tmp_path / "found.json")]
    call("evaluate", str(run), str(path), *words, monkeypatch=monkeypatch)
    wanted = json.loads((tmp_path / "found.json").read_text())
    words += [f"--processes={processes}"]
    call("evaluate", str(run), str(path), *words, monkeypatch=monkeypatch)
    assert json.loads((tmp_path / "found.json").read_text()) == wanted


def test_contributions_are_the_same(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of blocks of rows that no piece of the file begins or ends with."""
    monkeypatch.setattr("mlp_lab.commands.explain_file.ROWS", 16)
    assert ROWS > 16
    path, out = save(survey(120, seed=7), tmp_path, "new.csv"), tmp_path / "out.csv"
    found, said = [], []
    for words in ([], ["--processes=2"]):
        options = ["-o", str(out), "--samples=8", "--rows=100", *words]
        call("explain", str(run), str(path), *options, monkeypatch=monkeypatch)
        found.append(out.read_bytes())
        said.append(capsys.readouterr())
    assert found[0] == found[1]
    assert said[0] == said[1]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_bad_cell_is_named(
    run: Path,
    processes: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By its row, the first of two, and nothing is written."""
    fresh = survey(200, seed=5).drop(columns=["voted"]).astype({"age": object})
    fresh.loc[100, "age"] = "old"
    fresh.loc[160, "age"] = "young"
    path, out = save(fresh, tmp_path, "new.csv"), tmp_path / "out.csv"
    words = ["-o", str(out), f"--processes={processes}"]
    with pytest.raises(SystemExit):
        call("predict", str(run), str(path), *words, monkeypatch=monkeypatch)
    said = capsys.readouterr().err
    assert said == "column 'age' must hold a number, got 'old' in row 101\n"
    assert not out.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="patches what is copied into processes")
@pytest.mark.parametrize("name", ["predict", "evaluate"])
def test_a_process_that_is_killed(
    run: Path,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In its second piece: one line, and nothing is written, not even in part."""
    whole, started = pieces.feature_rows, []

    def killed(predictor: Predictor, frame: TableFrame, doubts: pieces.Doubts) -> Floats:
        started.append(frame)  # by this copy of the command
        if len(started) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(predictor, frame, doubts)

    monkeypatch.setattr(pieces, "feature_rows", killed)
    (tmp_path / "out").mkdir()
    path = save(survey(200, seed=5), tmp_path, "new.csv")
    words = ["-o", str(tmp_path / "out" / "found.csv"), "--processes=2"]
    with pytest.raises(SystemExit):
        call(name, str(run), str(path), *words, monkeypatch=monkeypatch)
    said = r"one of the processes \(process \d+\) ended with SIGKILL: is there enough memory\?\n"
    assert re.fullmatch(said, capsys.readouterr().err)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "1025", "1e3", "", "٣"])
@pytest.mark.parametrize("name", ["predict", "evaluate", "explain"])
def test_numbers_of_processes(
    run: Path,
    name: str,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line that says the rule and the value."""
    words = [name, str(run), "x.csv", "-o", "y.csv", f"--processes={text}"]
    with pytest.raises(SystemExit):
        call(*words, monkeypatch=monkeypatch)
    rule = f"{name}: --processes must be a whole number from 1 to 1024, got {text!r}"
    assert rule in capsys.readouterr().err
