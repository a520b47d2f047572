"""`mlp-lab lesson`: what it lists, refuses, prints and writes."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from given import SEEDS, bench, evidence
from lab import MLP_LAB, ROOT, call, command, written

from mlp_lab.commands import play
from mlp_lab.commands.lesson import watch
from mlp_lab.commands.main import main
from mlp_lab.lessons import FIRST
from mlp_lab.lessons.catalogue import LESSONS
from mlp_lab.lessons.page import Given, figure, write_lesson
from mlp_lab.lessons.watched import WATCHED


def test_without_a_name_it_lists_them(tmp_path: Path) -> None:
    for program in ([*MLP_LAB, "lesson"], [sys.executable, str(ROOT / "scripts" / "lesson.py")]):
        done = command([], tmp_path, program)
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert len(lines) == len(LESSONS)
        for line, (name, lesson) in zip(lines, LESSONS.items(), strict=True):
            assert line.split(maxsplit=1) == [name, lesson.question]
    assert written(tmp_path) == set()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["double_decent"], "unknown lesson 'double_decent': did you mean 'double_descent'? ("),
        (["double_descent", "colour=true"], "unknown key 'colour' (quick, seeds, first, folder)"),
        (["double_descent", "quick=maybe"], "quick must be true or false, got 'maybe'"),
        (["double_descent", "seeds=1"], "seeds must be 2 or more, or null, got 1"),
        (["double_descent", "seeds=many"], "seeds must be a whole number or null, got 'many'"),
        (["double_descent", "first=-1"], "first must be 0 or more, got -1"),
        (["double_descent", "seeds=[1"], "seeds must be a whole number or null, got '[1'"),
        (["double_descent", "quick"], "settings of a lesson are written as key=value, got 'quick'"),
        (["double_descent", "folder=taken"], "folder=taken is taken, and lessons never overwrite"),
        (["double_descent", "--quick"], "mlp-lab lesson: unknown option --quick"),
        (["why_deep", "--play"], "--play shows universal_approximation, activations, optimizers,"),
        (["--play"], "--play shows universal_approximation, "),
        (["double_decent", "--play"], "unknown lesson 'double_decent': did you mean 'double_desc"),
        (
            ["double_descent", "seeds=3", "--play"],
            "--play takes no settings of a lesson, got seeds=3",
        ),
    ],
)
def test_bad_input_is_one_line(words: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    done = call(["lesson", *words], tmp_path, main, "mlp-lab")
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1
    assert written(tmp_path) == set()


def test_its_networks_on_a_live_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command that is printed, which can be repeated with other settings."""
    opened: list[list[str]] = []
    monkeypatch.setattr(play, "run", lambda arguments: opened.append(arguments.words))
    watch("double_descent", [])
    assert opened == [list(WATCHED["double_descent"])]
    assert capsys.readouterr().out.startswith("mlp-lab play data=digits data.train_rows=500 ")


def test_a_lesson_in_a_process(tmp_path: Path) -> None:
    """It prints what it writes, and where."""
    words = ["universal_approximation", "quick=true", "folder=here"]
    done = command(words, tmp_path, [*MLP_LAB, "lesson"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "here"
    found = json.loads((tmp_path / "here" / "measurements.json").read_text())
    assert found["command"] == "mlp-lab lesson universal_approximation quick=true seeds=2 first=100"
    for finding in found["findings"]:
        assert finding["claim"] in done.stdout
        assert f"over 2 seeds, 95 % interval {finding['interval'][0]:.3g} to" in done.stdout
        assert f": {finding['verdict']}" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_seeds_as_they_are_given(name: str, tmp_path: Path) -> None:
    """Nothing takes a seed for a position."""
    seeds = range(FIRST, FIRST + SEEDS)
    found = LESSONS[name].evidence(bench(seeds))
    write_lesson(tmp_path, LESSONS[name], found, Given(name, "", seeds, True, 1.0, {}))
    assert "Seeds are 100 to 101; " in (tmp_path / "page.md").read_text()


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_lesson_leaves(name: str, tmp_path: Path) -> None:
    """A page that names every claim, its verdict and every file; tables that can be read."""
    lesson, found = LESSONS[name], evidence(name)
    given = Given(name, f"mlp-lab lesson {name}", range(SEEDS), True, 1.0, {})
    write_lesson(tmp_path, lesson, found, given)
    tables = {f"{table}.csv" for table in found.tables}
    assert written(tmp_path) == tables | {"page.md", "figure.png", "measurements.json"}
    page = (tmp_path / "page.md").read_text()
    described = json.loads((tmp_path / "measurements.json").read_text())
    for key, finding in zip(lesson.claims, described["findings"], strict=True):
        assert finding["seeds"] == SEEDS == len(found.findings[key].values)
        assert f"**{finding['claim']}** {finding['verdict'].capitalize()}" in page
        assert finding["rule"] in page
    for file in tables | {"figure.png", "measurements.json"}:
        assert f"({file})" in page
    for key, table in found.tables.items():
        with (tmp_path / f"{key}.csv").open() as lines:
            rows = list(csv.DictReader(lines))
        assert list(rows[0]) == list(table.columns)
        assert len(rows) == len(table)
        assert rows[-1] == {column: str(table[column].iloc[-1]) for column in table}


@pytest.mark.parametrize("name", LESSONS)
def test_figures_say_what_they_show(name: str) -> None:
    """Every panel has a title and named axes, and all that is drawn can be drawn."""
    drawn = figure(LESSONS[name], evidence(name).tables)
    assert drawn.axes
    for axis in drawn.axes:
        if axis.get_label() == "<colorbar>":
            continue
        assert axis.get_title()
        assert axis.get_xlabel()
        assert axis.get_ylabel()
        lines = [np.asarray(line.get_ydata(), dtype=float) for line in axis.lines]
        assert any(np.isfinite(line).any() for line in lines) or axis.patches or axis.images


@pytest.mark.parametrize("name", LESSONS)
def test_claims_have_words(name: str) -> None:
    """A sentence each, and a measure that names its unit or ratio."""
    for claim in LESSONS[name].claims.values():
        assert claim.text.endswith(".")
        assert not claim.measure.endswith(".")
    assert LESSONS[name].question.endswith("?")
    assert (ROOT / "docs" / "lessons.md").read_text().count(f"[{name}](lessons/{name}.md)") >= 1
