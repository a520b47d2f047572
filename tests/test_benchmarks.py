"""Every file in benchmarks/ runs, on next to nothing: none of them crashes in silence."""

import contextlib
import importlib
import io
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).parents[1] / "benchmarks"
SHARED = ("accuracy_models", "accuracy_tables", "networks", "race")
"""Files that others import."""

NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in SHARED)

NEEDS = {
    "peers": "threadpoolctl",
    "play_in_browser": "uvicorn",
    "serve": "uvicorn",
    "stream": "pyarrow",
}
"""Libraries that are no part of every installation."""


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files find each other; what they ask of torch ends with them."""
    threads = torch.get_num_threads()
    monkeypatch.syspath_prepend(str(FOLDER))
    for name in (*SHARED, *NAMES):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)
    for name in (*SHARED, *NAMES):
        sys.modules.pop(name, None)


def test_the_table_of_the_readme() -> None:
    """Its rows are those that `all.py` writes; in its place comes what a run has found."""
    all_rows = importlib.import_module("all")
    readme = (FOLDER.parent / "README.md").read_text()
    lines = readme.partition(all_rows.HEADER)[2].splitlines()[2:]
    rows = [line.strip("| ").split(" | ") for line in lines[: len(all_rows.ROWS)]]
    wanted = [[row.words, row.time, f"`{row.file}.py`"] for row in all_rows.ROWS]
    assert [[what, time, file] for what, _, time, file in rows] == wanted
    assert not lines[len(rows)].startswith("|")
    race = importlib.import_module("race")
    found: dict[str, dict[str, float]] = {}
    for number, row in enumerate(all_rows.ROWS):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            race.judge(row.title, number / 8, 1.0)
        found.setdefault(row.file, {}).update(all_rows.found_in(printed.getvalue()))
    new = all_rows.with_table(readme, all_rows.table(found))
    assert new.count("\n") == readme.count("\n")
    assert f"| {all_rows.ROWS[1].words} | 0.12 |" in new
    assert all_rows.with_table(new, all_rows.table(found)) == new
    sources = {row.file: (FOLDER / f"{row.file}.py").read_text() for row in all_rows.ROWS}
    titles = {row.title: sources[row.file] for row in all_rows.ROWS if row.file != "kernel"}
    named = "{name}: command"  # of start.py, which fills a name in
    assert [t for t, text in titles.items() if t not in text and named not in text] == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="some of them read /proc")
@pytest.mark.parametrize("name", NAMES)
def test_a_quick_form(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, but for the commands that a file measures."""
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    monkeypatch.chdir(tmp_path)
    file = FOLDER / f"{name}.py"
    monkeypatch.setattr(sys, "argv", [str(file), "--quick"])
    runpy.run_path(str(file), run_name="__main__")
    assert capsys.readouterr().out
    assert "--quick" in file.read_text() or "QUICK" in file.read_text()
