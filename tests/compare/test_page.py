"""The page of a sweep that was trained."""

import csv
import dataclasses
import json
import re
from html import unescape
from pathlib import Path

import numpy as np
from lab import TRAIN_WORDS

from mlp_lab.compare.conclusion import command_of
from mlp_lab.compare.page import about
from mlp_lab.compare.ranking import rank
from mlp_lab.compare.records import read_runs
from mlp_lab.report.about import read_config


def test_the_files_of_a_sweep(swept: Path) -> None:
    """A row for each job; a page that needs nothing beside it."""
    with (swept / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    for row in rows:
        result = json.loads((swept / row["folder"] / "result.json").read_text())
        assert float(row["val_accuracy"]) == result["val"]["accuracy"]
        assert row["status"] == "completed"
        assert row["verdict"] == result["verdict"]["kind"]
    assert len(list(swept.glob("*/report.html"))) == 8  # no more jobs than that
    page = (swept / "summary.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<img") == page.count('alt="') == 2
    assert {path.name for path in swept.glob("*.png")} == {"heatmap.png", "learning_curves.png"}
    assert (swept.parent / "table.tex").read_text().startswith(r"\begin{tabular}{llrrrrr}")


def test_what_the_page_says(swept: Path) -> None:
    """What was trained on what, the baselines, and how to repeat it."""
    page = unescape((swept / "summary.html").read_text())
    facts = dict(re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td>', page))
    assert (facts["data"], facts["rows"]) == ("iris", "98 training, 22 validation, 30 test")
    assert facts["compared"] == "model.width (2 values), optimizer.lr (2 values)"
    assert facts["repeated over"] == "seed (2 values)"
    ranking = rank(read_runs([swept]), "metric")
    best = ranking.best.runs
    for name in ("constant", "logistic"):
        scores = [run.result["baselines"][name]["val"]["accuracy"] for run in best]
        assert f"{name} {np.mean(scores):.4g}" in facts["baselines, validation accuracy"]
    for name, value in best[0].result["environment"].items():
        assert facts[name] == str(value)
    assert (best[0].folder / "config.yaml").read_text().strip() in page
    words = f"{TRAIN_WORDS} -m data=iris model=shallow model.width=4,8"
    more = (
        "optimizer.lr=1e-3,1e-2 seed=0,1 epochs=3 tracking.tensorboard=false sweep.latex=table.tex"
    )
    assert f"<pre>{words} {more}</pre>" in page
    best_alone = command_of(ranking).replace("python train.py", TRAIN_WORDS)  # another program's
    assert f"<pre>{best_alone}</pre>" in page
    assert "<h1>8 runs, 4 settings</h1>" in page
    labels = re.findall(r'<td[^>]* data-label="([^"]*)"', page)  # what a phone shows beside a cell
    headings = re.findall(r"<th scope=.col.[^>]*>([^<]*)</th>", page)
    assert labels[: len(headings) - 1] == headings[1:]


def test_a_sweep_is_called_what_all_its_runs_are(swept: Path) -> None:
    """By name and tags; by neither where runs have names of their own."""
    records = read_runs([swept])
    result = records[0].result
    named = {**read_config(records[0].folder)[1], "name": "wide", "tags": ["a", "b"]}
    facts = about(records, rank(records, "metric"), named, result)
    assert (facts["name"], facts["tags"]) == ("wide", "a, b")
    other = dataclasses.replace(records[0], settings={**records[0].settings, "name": "x"})
    facts = about([other, *records[1:]], rank(records, "metric"), named, result)
    assert "name" not in facts
    assert facts["tags"] == "a, b"
