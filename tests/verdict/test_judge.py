"""Verdicts on runs, and where they are written."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from lab import BARE, prepared_dataset, train

from mlp_lab import load
from mlp_lab.data.dataset import Part
from mlp_lab.metrics.skill import skill_of_outputs
from mlp_lab.verdict.judge import outlying


def test_where_a_verdict_is_written(tmp_path: Path) -> None:
    """result.json holds words, rule, numbers and a command; its words are also in the events."""
    run = train(tmp_path / "run", "data=spirals", "model=perceptron", "epochs=60", "quiet=true",
                "optimizer.lr=0.01", "tracking.report=false")  # fmt: skip
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert list(verdict) == ["kind", "words", "rule", "numbers", "since", "next", "notes"]
    assert verdict["kind"] == "underfit"
    assert verdict["next"] == (
        "python train.py data=spirals epochs=60 quiet=true optimizer.lr=0.01"
        " tracking.report=false model=deep"
    )
    assert [note["kind"] for note in verdict["notes"]] == ["no better than a baseline"]
    (events,) = run.glob("events.out.tfevents.*")
    assert verdict["words"].encode() in events.read_bytes()


def test_a_network_with_a_dead_layer_is_not_widened(tmp_path: Path) -> None:
    """Too large a rate killed it: a tenth reaches 0.9 and more, where a wider one stays dead."""
    run = train(tmp_path / "run", "optimizer.lr=0.1", "epochs=8", *BARE)
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert verdict["kind"] == "underfit"
    assert verdict["next"].endswith(" optimizer.lr=0.01")
    again = train(tmp_path / "again", "optimizer.lr=0.01", "epochs=8", *BARE)
    assert json.loads((again / "result.json").read_text())["val"]["accuracy"] > 0.9


def test_the_command_of_an_unfinished_run_goes_on_with_it(tmp_path: Path) -> None:
    """The command that is printed is one that works, and goes further."""
    run = train(tmp_path / "run", "data=digits", "epochs=3", "optimizer.lr=1e-4", *BARE)
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert verdict["next"] == f"python train.py resume={run} epochs=9"
    train(run, *verdict["next"].split()[2:])
    assert json.loads((run / "result.json").read_text())["epochs_run"] == 9


@pytest.mark.parametrize(
    ("typed", "change"),
    [
        (["data=sine", "model=shallow"], "optimizer.lr=0.01"),
        (["optimizer.lr=1e-6", "epochs=8"], "optimizer.lr=0.001"),
        (["data=sine", "optimizer=sgd", "optimizer.lr=1e-4"], "optimizer.lr=0.05"),
    ],
)
def test_a_rate_that_is_too_low_is_raised(tmp_path: Path, typed: list[str], change: str) -> None:
    """Before more epochs, and more units."""
    run = train(tmp_path / "run", *typed, *BARE)
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert verdict["next"].endswith(f" {change}")
    assert "learning rate too low" in [note["kind"] for note in verdict["notes"]]


@pytest.mark.parametrize(
    ("typed", "epochs"), [(["data=moons", "optimizer=gd"], 300), (["data=iris", "epochs=10"], 75)]
)
def test_too_few_steps_get_more(tmp_path: Path, typed: list[str], epochs: int) -> None:
    """The network as it is goes on; it is not widened."""
    run = train(tmp_path / "run", *typed, *BARE)
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert verdict["kind"] == "too early to say"
    assert verdict["next"] == f"python train.py resume={run} epochs={epochs}"


@pytest.mark.parametrize("target", ["number", "vote"])
def test_a_target_of_noise(tmp_path: Path, target: str) -> None:
    """A network that has learnt it by heart is not called a good fit, and not regularised."""
    draw = np.random.default_rng(0)
    rows = pd.DataFrame({"a": draw.normal(size=600), "b": draw.normal(size=600)})
    noise = draw.normal(size=600)
    rows["y"] = noise if target == "number" else np.where(noise > 0, "yes", "no")
    rows.to_csv(tmp_path / "noise.csv", index=False)
    words = ("data=table", f"data.path={tmp_path / 'noise.csv'}", "data.target=y", *BARE)
    run = train(tmp_path / "run", "epochs=40", *words)
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert verdict["kind"] == "nothing to learn"
    assert verdict["next"] == ""


def test_the_only_column_of_a_table_is_not_dropped(tmp_path: Path) -> None:
    """The command would be refused: no column would be left."""
    x = np.arange(400) / 400
    pd.DataFrame({"x": x, "y": 3 * x}).to_csv(tmp_path / "line.csv", index=False)
    words = ("data=table", f"data.path={tmp_path / 'line.csv'}", "data.target=y", *BARE)
    run = train(tmp_path / "run", "model=shallow", "epochs=60", "optimizer.lr=0.01", *words)
    (note,) = [
        note
        for note in json.loads((run / "result.json").read_text())["verdict"]["notes"]
        if note["kind"] == "suspiciously good"
    ]
    assert note["next"] == ""


def test_rows_after_the_others(tmp_path: Path) -> None:
    """A slope that turns with time is learnt of earlier rows alone."""
    draw = np.random.default_rng(0)
    year, x = np.arange(800), draw.normal(size=800)
    y = np.where(year < 600, x, -x) + 0.1 * draw.normal(size=800)
    pd.DataFrame({"year": year, "x": x, "y": y}).to_csv(tmp_path / "t.csv", index=False)
    words = ("data=table", f"data.path={tmp_path / 't.csv'}", "data.target=y", *BARE)
    run = train(
        *(tmp_path / "run", "data.time=year", "data.test_fraction=0.25", "epochs=40"),
        *("data.features=[x]", "model=shallow", "optimizer.lr=0.01", *words),
    )
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    (note,) = (one for one in verdict["notes"] if one["kind"] == "later rows differ")
    assert "train on more of the latest rows" in note["words"]
    assert "dropout" not in verdict["next"]


def test_a_reloaded_network_is_the_one_that_was_judged(tmp_path: Path) -> None:
    """The share of validation rows in the verdict is that of the weights on disk."""
    run = train(tmp_path / "run", "data=wine", "epochs=40", *BARE)
    verdict = json.loads((run / "result.json").read_text())["verdict"]
    assert verdict["kind"] == "good fit"
    _, dataset = prepared_dataset("data=wine", "dtype=float64")
    y = load(run).network.double()(dataset.val.inputs).detach()
    assert verdict["numbers"]["val"] == pytest.approx(
        skill_of_outputs(dataset.schema.target, y, dataset.val), abs=1e-6
    )


def test_a_quantile_is_judged_by_its_loss(tmp_path: Path) -> None:
    """It lies far from the mean, as it should: that is no underfitting."""
    words = ("data=diabetes", "loss=quantile", "loss.quantile=0.95", "model=shallow")
    run = train(tmp_path / "run", *words, "epochs=60", "optimizer.lr=0.003", *BARE)
    result = json.loads((run / "result.json").read_text())
    assert result["loss"] == "quantile (quantile 0.95)"
    assert result["val"]["r2"] < 0  # by which it would be worse than any neighbours
    explained = 1 - result["val"]["loss"] / result["baselines"]["constant"]["val"]["loss"]
    assert result["verdict"]["kind"] != "underfit"
    network = load(run).objective
    assert network.numbers == (("quantile", 0.95),)
    if result["verdict"]["kind"] == "good fit":
        assert result["verdict"]["numbers"]["val"] == pytest.approx(explained)


@pytest.mark.parametrize(("rows", "share"), [(3, 0.0), (25, 0.0), (30, 1.0), (300, 1.0)])
def test_two_in_a_hundred_of_few_rows_are_none(rows: int, share: float) -> None:
    """One of three rows is no outlier; one of thirty may be."""
    target = torch.zeros(rows, 1)
    target[-1] = 400.0
    assert outlying(Part(torch.zeros(rows, 1), target)) == share
