"""`mlp-lab serve`: what it refuses; tests/serving has what it answers."""

from pathlib import Path

import pytest
from lab import call

from mlp_lab import errors
from mlp_lab.commands.main import main

pytest.importorskip("uvicorn")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port=70000"], "--port must be from 0 to 65535, got 70000"),
        (["--workers=0"], "--workers must be from 1 to 256, got 0"),
        (["--rows=0"], "--rows must be 1 or more, got 0"),
        (["--seconds=0"], "--seconds must be in (0, 3600], got 0"),
        (["--megabytes=x"], "mlp-lab serve: --megabytes must be a number, got 'x'"),
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
