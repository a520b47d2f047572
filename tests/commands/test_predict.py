"""The arguments of `mlp-lab predict` and `mlp-lab evaluate`."""

import sys
from pathlib import Path

import pytest
from lab import TRAIN, command, written
from surveys import call, survey, survey_run
from surveys import written as save

Capture = pytest.CaptureFixture[str]


def test_help_is_quick() -> None:
    """It needs neither torch nor pandas."""
    code = (
        "import sys; from mlp_lab.commands import predict; predict.parser('predict');"
        "print({'torch', 'pandas', 'rich'} & set(sys.modules))"
    )
    done = command(["-c", code], Path.cwd(), [sys.executable])
    assert (done.returncode, done.stdout) == (0, "set()\n")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the survey, with everything a careful user says."""
    return survey_run(tmp_path_factory.mktemp("table"))


def test_no_row_and_no_argument(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line each."""
    save(survey(0), tmp_path, "new.csv")
    for words, message in (
        (["predict", str(run), str(tmp_path / "new.csv"), "-o", "out.csv"], "has no row"),
        (["predict", str(run)], "missing: FILE, -o/--output"),
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


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--delimiter=ab", "--delimiter must be auto, whitespace or one ASCII character, got 'ab'"),
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


def test_scripts_predict_is_the_command(run: Path, tmp_path: Path) -> None:
    """The same, from a checkout."""
    path = save(survey(10), tmp_path, "new.csv")
    script = [TRAIN[0], str(Path(TRAIN[1]).parent / "scripts" / "predict.py")]
    done = command([str(run), str(path), "-o", "out.csv"], tmp_path, script)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "10 rows: out.csv\n"
