"""What the README tells a reader to type works as it says."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from lab import BARE, ROOT, command, train, written
from surveys import survey
from surveys import written as save

from mlp_lab.commands.main import main

README = (ROOT / "README.md").read_text()
INDENTED = re.findall(r"^    (?:\$ )?(.+)$", README, re.MULTILINE)
TRAININGS = re.findall(r"^    .*?(python train\.py .+)$", README, re.MULTILINE)
REFUSED = "python train.py optimizer=adm"
RUN = re.compile(r"outputs/\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d-[0-9a-f]{6}")
FEW = ("epochs=2", *BARE)


def words_of(line: str) -> list[str]:
    """The overrides of a command line."""
    return shlex.split(line)[2:]


PLAIN = [line for line in TRAININGS if not {"-m", "cv", "resume"} & set(re.split(r"[ =]", line))]
PLAIN.remove(REFUSED)


def test_the_readme_shows_commands() -> None:
    """The number of them: an extraction that finds nothing would test nothing."""
    assert len(TRAININGS) == 10
    assert len(PLAIN) == 6


@pytest.mark.parametrize("line", PLAIN)
def test_a_training(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It composes and trains; its epochs are cut short."""
    monkeypatch.chdir(tmp_path)
    save(survey(), tmp_path)  # survey.csv
    folder = train(tmp_path / "run", *words_of(line), *FEW)
    assert "result.json" in written(folder)


@pytest.mark.parametrize(("word", "runs"), [(" -m ", 27), (" cv=5 ", 15)])
def test_a_sweep(word: str, runs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of each combination, and another look at them."""
    (line,) = [line for line in TRAININGS if word in line]
    done = command([*words_of(line), *FEW, "model=shallow", "data=iris"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.rglob("result.json"))) == runs
    (compared,) = [line for line in INDENTED if line.startswith("mlp-lab compare")]
    (folder,) = tmp_path.glob("outputs/*/*")
    monkeypatch.setattr("sys.argv", shlex.split(RUN.sub(str(folder), compared)))
    main()


def test_going_on(iris_run: Path, tmp_path: Path) -> None:
    """A finished run trains the epochs that are added."""
    (line,) = [line for line in TRAININGS if "resume=" in line]
    folder = shutil.copytree(iris_run, tmp_path / "run")
    done = command([*words_of(RUN.sub(str(folder), line)), *BARE], tmp_path)
    assert done.returncode == 0, done.stderr
    assert len((folder / "curves.csv").read_text().splitlines()) == 1 + 100


def test_predicting_and_evaluating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two lines about a file, on a run like the one above them."""
    monkeypatch.chdir(tmp_path)
    save(survey(), tmp_path)
    save(survey(40, seed=1).drop(columns=["voted"]), tmp_path, "new.csv")
    save(survey(40, seed=2), tmp_path, "labelled.csv")
    (line,) = [line for line in PLAIN if "data=table" in line]
    folder = train(tmp_path / "run", *words_of(line), *FEW)
    commands = [line for line in INDENTED if re.match("mlp-lab (predict|evaluate)", line)]
    assert len(commands) == 2
    for command_line in commands:
        monkeypatch.setattr("sys.argv", shlex.split(RUN.sub(str(folder), command_line)))
        main()
    assert len((tmp_path / "predictions.csv").read_text().splitlines()) == 41


def test_exporting(iris_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line writes a graph."""
    pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    (line,) = [line for line in INDENTED if line.startswith("mlp-lab export")]
    monkeypatch.setattr("sys.argv", shlex.split(RUN.sub(str(iris_run), line)))
    main()
    assert written(tmp_path) == {"model.onnx"}


def test_the_refusal(tmp_path: Path) -> None:
    """It says what the README says it says."""
    done = command(words_of(REFUSED), tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == INDENTED[INDENTED.index(REFUSED) + 1]


def test_the_python_code(iris_run: Path) -> None:
    """The block about a run folder runs, with one and rows of ours; others are slower."""
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (block,) = [block for block in blocks if RUN.search(block)]
    code, count = RUN.subn(str(iris_run), block)
    assert count == 1
    names: dict[str, object] = {"rows": [[5.1, 3.5, 1.4, 0.2]]}
    exec(compile(code, "README", "exec"), names)  # noqa: S102
    assert type(names["run"]).__name__ == "Predictor"


def test_every_path_exists() -> None:
    """Links and file names of the README."""
    linked = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(linked) >= 7
    assert [path for path in linked if not (ROOT / path).exists()] == []
    benchmarks = re.findall(r"`(\w+\.py)` \|$", README, re.MULTILINE)
    assert len(benchmarks) == 16
    assert [name for name in benchmarks if not (ROOT / "benchmarks" / name).exists()] == []
