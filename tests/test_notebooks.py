"""The course's notebooks run from top to bottom, and are stored without what they print."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from lab import ROOT

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LONGEST = 300
"""Seconds for one cell; whole notebooks take at most one minute on two idle cores."""

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook, each with its source as one text."""
    stored = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in stored]


def test_every_part_of_the_course_has_one() -> None:
    """And the table names each of them, once."""
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) == 9
    named = re.findall(r"\]\((\w+\.ipynb)\)", table)
    assert sorted(named) == [path.name for path in NOTEBOOKS]


@each_notebook
def test_a_notebook_is_valid(path: Path) -> None:
    """In the format 4.5, whose cells have ids of their own."""
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@each_notebook
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    """A change of the text is then the only difference between two versions."""
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert [cell["execution_count"] for cell in code] == [None] * len(code)


@each_notebook
def test_a_notebook_has_its_parts(path: Path) -> None:
    """A title, an installation, claims that are checked, an exercise and a solution folded away."""
    title, install, *rest = cells(path)
    assert title["source"].startswith("# ")
    assert "except ImportError:\n    %pip install -q mlp_lab" in install["source"]
    claims = [cell for cell in rest if re.search(r"^ *assert ", cell["source"], re.MULTILINE)]
    assert len(claims) >= 5
    *_, exercise, _, answer, solution = rest
    assert exercise["source"].startswith("## Exercise")
    assert answer["source"].startswith("<details>")
    assert answer["source"].endswith("</details>")
    assert solution["source"].startswith('# @title Solution { display-mode: "form" }\n')
    assert solution["metadata"]["jupyter"] == {"source_hidden": True}
    assert solution["metadata"]["tags"] == ["solution"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the client's own libraries
@each_notebook
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With this interpreter, in a folder of its own: every claim holds, nothing is warned of."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    folder_of_commands = str(Path(sys.executable).parent)  # mlp-lab is there
    monkeypatch.setenv("PATH", os.pathsep.join([folder_of_commands, os.environ["PATH"]]))
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=LONGEST,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.create_kernel_manager().kernel_spec.argv[0] = sys.executable
    client.execute()
    printed = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [output.text for output in printed if output.get("name") == "stderr"] == []
