"""`mlp-lab serve`: what it refuses, and how it decides; tests/serving has what it answers."""

import json
from pathlib import Path

import pandas as pd
import pytest
from lab import BARE, call, train

from mlp_lab import errors
from mlp_lab.commands.main import main

pytest.importorskip("uvicorn")

from mlp_lab.serving import server
from mlp_lab.serving.service import JSON, Service


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port=70000"], "--port must be from 0 to 65535, got 70000"),
        (["--workers=0"], "--workers must be from 1 to 256, got 0"),
        (["--rows=0"], "--rows must be 1 or more, got 0"),
        (["--seconds=0"], "--seconds must be in (0, 3600], got 0"),
        (["--megabytes=x"], "mlp-lab serve: --megabytes must be a number, got 'x'"),
        (["--threshold=x"], "mlp-lab serve: --threshold must be a number, got 'x'"),
        (["--port=0", "--host=nowhere.invalid"], "cannot listen at nowhere.invalid, port 0: "),
        (["--port=0"], "none holds no finished run: it has no model.safetensors"),
    ],
)
def test_refusals(words: list[str], message: str, tmp_path: Path) -> None:
    """One line each."""
    done = call(["serve", "none", *words], tmp_path, main, "mlp-lab")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(message)


def test_without_its_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line says how to get them."""
    monkeypatch.setattr(errors, "find_spec", lambda name: None)
    done = call(["serve", "none"], tmp_path, main, "mlp-lab")
    assert done.stderr == "serving needs starlette and uvicorn: pip install 'mlp_lab[serve]'\n"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of two classes, and one of a number."""
    place, found = tmp_path_factory.mktemp("served"), {}
    for name, words in {
        "ill": ["data=breast_cancer"],
        "sick": ["data=diabetes", "model.width=8"],
    }.items():
        found[name] = train(place / name, *words, "epochs=3", *BARE)
    return found


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("ill", ["--threshold=2"], "--threshold must be in [0, 1], got 2.0"),
        ("ill", ["--cost=0"], "--cost must be above 0, at most 1,000,000, got 0.0"),
        ("ill", ["--threshold=0.1", "--cost=2"], "--threshold and --cost both choose a threshold"),
        ("ill", ["--class=good"], "--class says whose threshold it is: set --threshold or --cost"),
        ("ill", ["--cost=2", "--class=good"], "unknown --class 'good' (benign, malignant)"),
        ("ill", ["--interval=0.9"], "--interval is for numbers, and "),
        ("sick", ["--interval=90"], "--interval must be above 0 and below 1, as 0.9, got 90.0"),
        ("sick", ["--interval=0.999"], "--interval of 0.999 needs 999 validation rows or more"),
        ("sick", ["--cost=2"], "--threshold and --cost are for one target of two classes, and"),
    ],
)
def test_decisions_that_are_refused(
    name: str, words: list[str], message: str, runs: dict[str, Path], tmp_path: Path
) -> None:
    """In one line, in the words of `mlp-lab predict`, before anybody is told an address."""
    done = call(["serve", str(runs[name]), "--port=0", *words], tmp_path, main, "mlp-lab")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(message)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ill", ["--cost=50", "--class=malignant"]),
        ("ill", ["--threshold=0.2"]),
        ("sick", ["--interval=0.8"]),
    ],
)
def test_it_answers_what_predict_writes(
    name: str,
    words: list[str],
    runs: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Decisions and intervals, and the line that says what they gave on the validation rows."""
    served: list[Service] = []

    def serve(service: Service, *others: object) -> None:
        served.append(service)
        say = others[-1]
        assert callable(say)
        say()

    monkeypatch.setattr(server, "serve", serve)
    done = call(["serve", str(runs[name]), "--port=0", *words], tmp_path, main, "mlp-lab")
    assert (done.returncode, done.stderr) == (0, "")
    address, line = done.stdout.splitlines()
    assert "at http://127.0.0.1:" in address
    (service,) = served
    names = [entry.column.name for entry in service.predictor.schema.inputs]
    rows = pd.DataFrame([[0.1 * i + 0.01 * j for j in range(len(names))] for i in range(9)])
    rows.columns = pd.Index(names)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    asked = ["predict", str(runs[name]), "rows.csv", "-o", "found.csv", *words]
    done = call(asked, tmp_path, main, "mlp-lab")
    assert done.stdout.splitlines()[0] == line == service.decisions.words
    wanted = pd.read_csv(tmp_path / "found.csv").drop(columns=names)
    body = json.dumps(rows.to_dict("list")).encode()
    found = pd.DataFrame(json.loads(service.answer(body, JSON))["predictions"])
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-9)
