"""The arguments of `mlp-lab explain`: what is wrong with them is one line."""

from pathlib import Path

import pytest
from surveys import call, survey, survey_run
from surveys import written as save

from mlp_lab.commands import explain
from mlp_lab.metrics import explained

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the survey."""
    return survey_run(tmp_path_factory.mktemp("table"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--class=maybe"], "unknown --class 'maybe' (no, yes)"),
        (["--class=yse"], "unknown --class 'yse': did you mean 'yes'? (no, yes)"),
        (["--target=income"], "unknown --target 'income' (voted)"),
        (["--class=class_name must"], "unknown --class 'class_name must' (no, yes)"),
        (["--samples=0"], "--samples must be 1 or more, got 0"),
        (["--samples=few"], "mlp-lab explain: --samples must be a whole number, got 'few'"),
        (["--background=none.csv"], "--background: "),
        (["--encoding=ascii2"], "--encoding must be auto or an encoding's name"),
        (["-o", "out.xlsx"], "cannot write out.xlsx: choose one of "),
        (["-o", "missing/out.csv"], "cannot write missing/out.csv"),
        (["--sample=3", "more"], "mlp-lab explain: too many words: more"),
    ],
)
def test_a_wrong_option_is_one_line(
    words: list[str],
    message: str,
    run: Path,
    tmp_path: Path,
    *,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the name that it has here, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    save(survey(4), tmp_path, "new.csv")
    with pytest.raises(SystemExit) as end:
        call("explain", str(run), "new.csv", *words, monkeypatch=monkeypatch)
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(message)
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


def test_more_than_two_classes(iris_run: Path, tmp_path: Path, capsys: Capture) -> None:
    """One must be named."""
    path = tmp_path / "new.csv"
    path.write_text("x\n1\n")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit):
        call("explain", str(iris_run), str(path), monkeypatch=patch)
    (line,) = capsys.readouterr().err.splitlines()
    assert "has 3 classes: --class must say which is explained (setosa, versicolor, vi" in line


def test_the_default_is_that_of_python() -> None:
    """The number stands twice, since `--help` does without numpy."""
    assert explain.SAMPLES == explained.SAMPLES
