"""`predict` and `evaluate` with a threshold, a cost or an interval, from outside."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from lab import BARE, train
from surveys import call

import mlp_lab
from mlp_lab.commands.decisions import threshold_in_words
from mlp_lab.errors import UserError
from mlp_lab.formatting import percent
from mlp_lab.metrics.decision_threshold import Ranking
from mlp_lab.metrics.validation_record import ValidationRecord
from mlp_lab.predictor import load

Capture = pytest.CaptureFixture[str]


def table(count: int, seed: int) -> pd.DataFrame:
    """A number with more noise the larger it is, its exponential, counts, and a rare class."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(random.normal(size=(count, 3)), columns=["a", "b", "c"])
    rows["wage"] = 20 + 4 * rows.a + random.standard_t(3, count)
    rows["rent"] = np.exp(rows.b + random.normal(0, 0.5, count)).round(4)
    rows["visits"] = random.poisson(np.exp(0.5 * rows.a))
    rows["ill"] = np.where(rows.c + random.normal(0, 1, count) > 1.8, "yes", "no")
    return rows


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,200 rows to learn from, and 4,000 new ones."""
    folder = tmp_path_factory.mktemp("decisions")
    table(1200, 0).to_csv(folder / "old.csv", index=False)
    table(4000, 1).to_csv(folder / "new.csv", index=False)
    return folder


def learnt(place: Path, target: str, *words: str) -> Path:
    """A run, made once."""
    own = set(target.strip("[]").split(","))
    drop = ",".join(sorted({"wage", "rent", "visits", "ill"} - own))
    folder = place / "_".join([*own, str(len(words))])
    if folder.exists():
        return folder
    settings = (f"data.path={place / 'old.csv'}", f"data.target={target}", f"data.drop=[{drop}]")
    return train(folder, "data=table", *settings, "model.width=16", "epochs=15", *BARE, *words)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("wage", ()),
        ("rent", ("data.target_transform=log",)),
        ("[wage,rent]", ("data.target_transform=[none,log]",)),
        ("visits", ("loss=poisson", "data.task=regression")),
    ],
)
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_new_rows_lie_in_their_intervals(
    target: str, words: tuple[str, ...], level: float, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As often as was asked for, within what 180 validation rows leave to chance."""
    run, output = learnt(place, target, *words), place / "intervals.csv"
    file = str(place / "new.csv")
    call(
        *("predict", str(run), file, "-o", str(output), f"--interval={level}"),
        monkeypatch=monkeypatch,
    )
    found = pd.read_csv(output)
    for name in target.strip("[]").split(","):
        end = f"_{name}" if target.startswith("[") else ""
        low, high = found[f"low{end}"], found[f"high{end}"]
        assert (low <= found[f"prediction{end}"]).all()
        assert (found[f"prediction{end}"] <= high).all()
        share = ((low <= found[name]) & (found[name] <= high)).mean()
        assert abs(share - level) < 3 * np.sqrt(level * (1 - level) / 180)
        if name in ("rent", "visits"):
            assert low.min() >= 0
    wide = load(run).predict_interval(pd.read_csv(file), level)
    wanted = found.filter(regex="^low").to_numpy()
    np.testing.assert_allclose(wide[..., 0].reshape(wanted.shape), wanted, rtol=1e-6, atol=1e-9)


def test_an_interval_is_said(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """How wide, from how many rows, and that they chose the epoch, too."""
    words = str(learnt(place, "wage")), str(place / "new.csv"), "-o", str(place / "o.csv")
    call("predict", *words, "--interval=0.9", monkeypatch=monkeypatch)
    line = capsys.readouterr().out.splitlines()[0]
    found = pd.read_csv(place / "o.csv")
    width = float(line.split("± ")[1].split(",")[0])
    assert (found.high - found.low).to_numpy() / 2 == pytest.approx(width, rel=1e-3)
    assert line.startswith("intervals of 0.9, wage ± ")
    assert line.endswith(
        ", from 180 validation rows; as these chose the best epoch, too, a little fewer of new rows"
        " may lie inside"
    )


def test_evaluate_counts_rows_in_intervals(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """As many as lie between low and high of `predict`; a run says it of its test rows."""
    run, file = (
        learnt(place, "[wage,rent]", "data.target_transform=[none,log]"),
        str(place / "new.csv"),
    )
    written = place / "e.json"
    call("evaluate", str(run), file, "-o", str(written), "--interval=0.8", monkeypatch=monkeypatch)
    said = capsys.readouterr().out
    (line,) = [line for line in said.splitlines() if line.startswith("intervals of 0.8, wage ± ")]
    rows = pd.read_csv(file)
    bounds = load(run).predict_interval(rows, 0.8)
    found = json.loads(written.read_text())["interval"]
    assert (found["level"], found["validation_rows"]) == (0.8, 180)
    for t, name in enumerate(("wage", "rent")):
        low, high = bounds[:, t].T
        own = found["targets"][name]
        assert own["coverage"] == pytest.approx(((low <= rows[name]) & (rows[name] <= high)).mean())
        assert own["mean_width"] == pytest.approx((high - low).mean())
        assert f"{name} {percent(own['coverage'])}, with a mean width of" in line
    assert " from 180 validation rows hold of 4,000 rows: wage " in line
    result = json.loads((run / "result.json").read_text())
    assert result["interval"]["level"] == 0.9
    assert result["interval"]["targets"].keys() == {"wage", "rent"}


def test_a_threshold_decides(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """In the file, in Python, and in the scores of new rows."""
    run, file, output = learnt(place, "ill"), str(place / "new.csv"), str(place / "o.csv")
    call("predict", str(run), file, "-o", output, "--threshold=0.1", monkeypatch=monkeypatch)
    said = capsys.readouterr().out
    assert said.startswith("ill=yes where its probability is above 0.1: on the validation rows")
    found, rows = pd.read_csv(output), pd.read_csv(file)
    decided = np.where(found.probability_yes > 0.1, "yes", "no")
    assert (found.prediction == decided).all()
    predictor = load(run)
    assert (predictor.predict(rows, threshold=0.1) == decided).all()
    other = predictor.predict(rows, threshold=0.9, class_name="no")
    assert (other == np.where(found.probability_no > 0.9, "no", "yes")).all()
    written = str(place / "e.json")
    call("evaluate", str(run), file, "-o", written, "--threshold=0.1", monkeypatch=monkeypatch)
    scores = json.loads(Path(written).read_text())
    assert scores["threshold"] == {"class": "yes", "above": 0.1}
    truth = (rows.ill == "yes").to_numpy()
    assert scores["confusion"]["yes"]["yes"] == (truth & (decided == "yes")).sum()
    assert scores["scores"]["accuracy"] == pytest.approx((rows.ill == decided).mean())
    usual = mlp_lab.evaluate(run, rows).head(1).to_dict("records")[0]
    own = mlp_lab.evaluate(run, rows, threshold=0.1).head(1).to_dict("records")[0]
    assert own["accuracy"] == pytest.approx(scores["scores"]["accuracy"])
    for name in ("log_loss", "brier", "calibration_error", "roc_auc", "loss"):
        assert own[name] == usual[name]  # a decision is no part of them
    assert own["balanced_accuracy"] > usual["balanced_accuracy"]


def test_a_cost_chooses_a_threshold(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """By the validation rows; on new ones it costs less than one half, too."""
    run, file, output = learnt(place, "ill"), str(place / "new.csv"), str(place / "o.csv")
    call("predict", str(run), file, "-o", output, "--cost=10", monkeypatch=monkeypatch)
    said = capsys.readouterr().out
    rates = load(run).cheapest_threshold(10)
    assert f"above {rates.threshold.value:.4g}, by --cost 10 (of exact probabilities" in said
    assert "it would be 0.09091)" in said
    found, truth = pd.read_csv(output), pd.read_csv(file).ill == "yes"
    assert (
        found.prediction == np.where(found.probability_yes > rates.threshold.value, "yes", "no")
    ).all()
    costs = [
        (10 * (truth & ~yes) + (yes & ~truth)).mean()
        for yes in (found.prediction == "yes", found.probability_yes > 0.5)
    ]
    assert costs[0] < costs[1]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0, 0, 1, 1], "finds 50 % of them, and 100 % of those decided for are right (at one half"),
        ([0, 0, 0, 0], ": no validation row is ill=yes"),
        ([1, 1, 1, 1], "finds 25 % of them, and 100 % of those decided for are right (at one half"),
    ],
)
def test_rates_in_words(place: Path, labels: list[int], said: str) -> None:
    """Of a class that no validation row is of, that; "about" where fewer are kept than were."""
    predictor = load(learnt(place, "ill"))
    chosen = predictor.threshold(0.65)
    ranking = Ranking.of(np.array([0.1, 0.2, 0.6, 0.7]), np.array(labels), None)
    predictor.validation = ValidationRecord(ranking=ranking)
    words = threshold_in_words(predictor, chosen, None)
    assert said in words
    assert "nan" not in words
    assert "about" not in words
    predictor.validation = ValidationRecord(ranking=replace(ranking, left_out=[0, 0, 0, 5]))
    words = threshold_in_words(predictor, chosen, 3)
    if 1 in labels:
        assert "finds about " in words
        assert ", and about 100 % of those decided for are right (at one half " in words
        assert "; a row costs about " in words


@pytest.mark.parametrize(
    ("target", "words", "line"),
    [
        ("ill", ["--threshold=2"], "--threshold must be in [0, 1], got 2.0"),
        ("ill", ["--threshold=nan"], "--threshold must be in [0, 1], got nan"),
        ("ill", ["--cost=0"], "--cost must be above 0, at most 1,000,000, got 0.0"),
        ("ill", ["--class=no"], "--class says whose threshold it is: set --threshold or --cost"),
        ("ill", ["--class=on", "--cost=2"], "unknown --class 'on' (no, yes)"),
        ("ill", ["--threshold=0.1", "--cost=2"], "--threshold and --cost both choose a threshold"),
        ("ill", ["--interval=0.9"], "--interval is for numbers, and ill holds classes"),
        (
            "wage",
            ["--cost=2"],
            "--threshold and --cost are for one target of two classes, and this",
        ),
        ("wage", ["--interval=90"], "--interval must be above 0 and below 1, as 0.9, got 90.0"),
        (
            "wage",
            ["--interval=0.999"],
            "--interval of 0.999 needs 999 validation rows or more, all with a finite prediction,"
            " and the run had 180",
        ),
        ("wage", ["--interval=wide"], "mlp-lab predict: --interval must be a number, got 'wide'"),
    ],
)
def test_bad_words(target: str, words: list[str], line: str, place: Path, capsys: Capture) -> None:
    """One line, and nothing is written."""
    run, output = learnt(place, target), place / "bad.csv"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as stopped:
        call(
            *("predict", str(run), str(place / "new.csv"), "-o", str(output), *words),
            monkeypatch=patch,
        )
    assert stopped.value.code in (1, 2)
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(line)
    assert not output.exists()


def test_a_run_without_validation_rows(place: Path) -> None:
    """It has neither intervals nor a threshold by cost; one that is named works."""
    rows = table(10, 2)
    wage = load(learnt(place, "wage", "data.val_fraction=0"))
    with pytest.raises(UserError, match="an interval needs validation rows, and this run kept"):
        wage.predict_interval(rows)
    ill = load(learnt(place, "ill", "data.val_fraction=0"))
    with pytest.raises(UserError, match="cost needs validation rows, and this run kept none"):
        ill.cheapest_threshold(2)
    assert len(ill.predict(rows, threshold=0.3)) == 10


def test_bad_words_of_python(place: Path) -> None:
    """One line, as of the command; a class of digits may be a number."""
    ill, wage, rows = load(learnt(place, "ill")), load(learnt(place, "wage")), table(10, 2)
    text: Any = "0.3"
    tried: dict[str, Callable[[], object]] = {
        "class_name says whose threshold it is: set threshold, too": lambda: ill.predict(
            rows, class_name="no"
        ),
        "threshold must be a number, got '0.3'": lambda: ill.predict(rows, threshold=text),
        "cost must be a number, got '0.3'": lambda: ill.cheapest_threshold(text),
        "interval must be a number, got '0.3'": lambda: wage.predict_interval(rows, text),
        "unknown class_name '1' (no, yes)": lambda: ill.threshold(0.3, cast("str", 1)),
        "threshold must be a number, got true": lambda: mlp_lab.evaluate(ill, rows, threshold=True),
    }
    for line, call_it in tried.items():
        with pytest.raises(UserError, match=f"^{re.escape(line)}$"):
            call_it()
    with pytest.raises(UserError, match=r"^class_name says whose threshold it is"):
        mlp_lab.evaluate(ill, rows, class_name="no")
    usual = ill.predict(rows, threshold=0.25)
    assert (ill.predict(rows, threshold=cast("float", np.float32(0.25))) == usual).all()


def test_a_network_in_memory_has_them_too(place: Path, tmp_path: Path) -> None:
    """And gives the same once it is saved."""
    rows = table(600, 3)
    run = mlp_lab.train(
        rows.drop(columns=["rent", "visits", "ill"]),
        target="wage",
        model="deep",
        width=16,
        epochs=5,
    )
    own = run.predict_interval(rows, 0.9)
    assert own.shape == (600, 2)
    run.save(tmp_path / "run")
    np.testing.assert_allclose(load(tmp_path / "run").predict_interval(rows, 0.9), own, rtol=1e-5)
