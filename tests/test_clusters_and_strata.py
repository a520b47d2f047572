"""Rows that were sampled in clusters within strata, from the table to the page of a run."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lab import BARE, train
from surveys import call, config_of, problem_of

import mlp_lab
from mlp_lab import MLPRegressor
from mlp_lab.data.loading import load_rows
from mlp_lab.data.splitting import split_rows
from mlp_lab.sharing.card import card_of

SCHOOLS, PUPILS = 60, 8
SETTINGS = ("data.target=reading", "data.group=school", "data.strata=region")
SMALL = ("model=shallow", "model.width=8", "epochs=12", "quiet=true", "tracking.tensorboard=false")


def pupils(seed: int = 0) -> pd.DataFrame:
    """Schools that differ by more than what is known of their pupils tells; a region has one."""
    draw = np.random.default_rng(seed)
    school = np.repeat(np.arange(SCHOOLS), PUPILS)
    effort = draw.normal(size=len(school))
    effect = np.repeat(draw.normal(size=SCHOOLS), PUPILS)
    return pd.DataFrame(
        {
            "effort": effort.round(4),
            "hours": draw.normal(size=len(school)).round(4),
            "school": [f"s{number}" for number in school],
            "region": np.array(["north", "south", "west"])[school % 3],
            "reading": (effort + 2 * effect + 0.3 * draw.normal(size=len(school))).round(4),
        }
    ).sample(frac=1, random_state=seed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its page, its table, and its test rows as a file."""
    folder = tmp_path_factory.mktemp("sampled")
    frame, path = pupils(), folder / "pupils.csv"
    frame.to_csv(path, index=False)
    table = ("data=table", f"data.path='{path}'", "tracking.boosting=never")
    train(folder / "run", *table, *SETTINGS, *SMALL)
    config = config_of(path, *SETTINGS).data
    test = split_rows(load_rows(config), config).test
    frame.iloc[test].to_csv(folder / "test.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def result(folder: Path) -> dict[str, object]:
    """What result.json says."""
    found: dict[str, object] = json.loads((folder / "run" / "result.json").read_text())
    return found


def evaluated(
    folder: Path, *options: str, monkeypatch: pytest.MonkeyPatch, file: str = "test.csv"
) -> dict[str, object]:
    """What `mlp-lab evaluate` writes of some rows."""
    out = folder / "found.json"
    words = (str(folder / "run"), str(folder / file), "-o", str(out), *options)
    call("evaluate", *words, monkeypatch=monkeypatch)
    found: dict[str, object] = json.loads(out.read_text())
    return found


def width(found: object) -> float:
    """Of the interval of the mean absolute error."""
    assert isinstance(found, dict)
    low, high = found["mae"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    return high - low


@pytest.mark.parametrize("options", [(), ("--cluster", "school", "--strata", "region")])
def test_a_run_has_the_intervals_that_evaluate_has(
    options: tuple[str, ...],
    folder: Path,
    result: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of its test rows in a file, by the columns of the training or by those that are named."""
    own, wanted = result["test_intervals"], evaluated(folder, *options, monkeypatch=monkeypatch)
    assert isinstance(own, dict)
    assert isinstance(wanted["intervals"], dict)
    assert own.keys() == wanted["intervals"].keys()
    for name, ends in own.items():
        assert ends == pytest.approx(wanted["intervals"][name], rel=1e-4), name
    assert isinstance(wanted["resampled"], list)
    notes = [] if options else ["school and region as in the training; --resample-rows resamples"]
    said = result["resampled"]
    assert isinstance(said, list)
    assert said == wanted["resampled"][: len(said)]
    assert [line[: len(notes[0])] for line in wanted["resampled"][len(said) :]] == notes


def test_they_are_wider_than_those_by_rows(
    folder: Path, result: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By about the root of the pupils of a school, as these err alike."""
    rows = evaluated(folder, "--resample-rows", monkeypatch=monkeypatch)
    assert "resampled" not in rows
    assert 1.5 < width(result["test_intervals"]) / width(rows["intervals"]) < 4


def test_they_say_what_they_resample(folder: Path, result: dict[str, object]) -> None:
    """In result.json, on the page and in a model card; pictures name the clusters, too."""
    said = result["resampled"]
    assert isinstance(said, list)
    assert said[0].startswith("95 % intervals: a bootstrap over 12 clusters of school within 3 st")
    page = (folder / "run" / "report.html").read_text()
    assert f"{said[0]}." in page
    assert "95 % interval over shuffles and clusters of school" in page
    assert f"by {said[0].partition(': ')[2]}: " in card_of(folder / "run")
    schema = json.loads((folder / "run" / "schema.json").read_text())
    assert (schema["group"]["name"], schema["strata"]["name"]) == ("school", "region")


def test_a_stratum_with_one_cluster_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its rows are in every resample."""
    frame = pd.read_csv(folder / "test.csv")
    counts = frame.groupby("region")["school"].nunique()
    school = frame["school"][frame["region"] == counts.idxmax()].iloc[0]
    frame.loc[frame["school"] == school, "region"] = "island"
    frame.to_csv(folder / "island.csv", index=False)
    found = evaluated(folder, monkeypatch=monkeypatch, file="island.csv")
    assert isinstance(found["resampled"], list)
    alone = int((frame.groupby("region")["school"].nunique() == 1).sum())
    has = "has" if alone == 1 else "have"
    assert found["resampled"][1].startswith(f"{alone} of the strata {has} one cluster alone")


CASES: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str, str]] = {
    "no column": (
        lambda frame: frame.drop(columns="school"),
        "school, the cluster of the training, is no column of FILE: not resampled",
        "bootstrap over 96 rows within 3 strata of region",
    ),
    "gaps": (
        lambda frame: frame.assign(region=frame["region"].where(frame.index > 4)),
        "region, the strata of the training, has no value in 5 rows: not resampled",
        "bootstrap over 12 clusters of school",
    ),
    "neither": (
        lambda frame: frame.drop(columns=["school", "region"]),
        "region, the strata of the training, is no column of FILE: not resampled",
        "school, the cluster of the training",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_rows_without_the_columns_of_the_training(
    case: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there is resampled, and the rest is said; in Python, too."""
    change, line, how = CASES[case]
    frame = change(pd.read_csv(folder / "test.csv"))
    frame.to_csv(folder / "changed.csv", index=False)
    found = evaluated(folder, monkeypatch=monkeypatch, file="changed.csv")
    assert isinstance(found["resampled"], list)
    assert line in found["resampled"]
    assert how in found["resampled"][0]
    again = mlp_lab.evaluate(folder / "run", frame).attrs["resampled"]
    assert line.replace("of FILE", "of rows") in again


def test_in_python(folder: Path, result: dict[str, object]) -> None:
    """By the columns of the training, unless rows or other columns are asked for."""
    frame = pd.read_csv(folder / "test.csv")
    own = mlp_lab.evaluate(folder / "run", frame)
    rows = mlp_lab.evaluate(folder / "run", frame, resample_rows=True)
    clusters = mlp_lab.evaluate(folder / "run", frame, cluster="school")
    intervals = result["test_intervals"]
    assert isinstance(intervals, dict)
    ends = own.iloc[0][["mae_low", "mae_high"]].tolist()
    assert ends == pytest.approx(intervals["mae"], rel=1e-4)
    assert rows.attrs == {}
    assert own.attrs["resampled"][-1] == (
        "school and region as in the training; resample_rows=True resamples rows"
    )
    assert len(clusters.attrs["resampled"]) == 1
    assert own.iloc[0]["mae"] == rows.iloc[0]["mae"] == clusters.iloc[0]["mae"]


BAD = {
    ("--cluster", "school", "--resample-rows"): "--cluster and --resample-rows contradict each",
    ("--strata", "region", "--resample-rows"): "--strata and --resample-rows contradict each",
    ("--cluster", "region", "--strata", "region"): "--strata region is --cluster, too: each str",
}


@pytest.mark.parametrize("options", BAD)
def test_options_that_contradict_each_other(
    options: tuple[str, ...],
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line."""
    with pytest.raises(SystemExit):
        evaluated(folder, *options, monkeypatch=monkeypatch)
    out, errors = capsys.readouterr()
    assert out == ""
    assert errors.splitlines()[-1].startswith(BAD[options])


def test_strata_change_neither_the_split_nor_what_is_learnt(folder: Path) -> None:
    """But that the column is no input; without clusters rows are drawn within it."""
    path, target = folder / "pupils.csv", "data.target=reading"
    plain = problem_of(path, target, "data.drop=[school,region]").encoded
    strata = problem_of(path, target, "data.drop=[school]", "data.strata=region").encoded
    assert np.array_equal(plain.train.inputs, strata.train.inputs)
    assert np.array_equal(plain.test.targets, strata.test.targets)
    assert plain.test.design is None
    assert strata.test.design is not None
    line = "95 % intervals: a bootstrap over 96 rows within 3 strata of region"
    assert strata.test.design.in_words() == [line]


def test_clusters_in_several_strata_are_said(folder: Path, tmp_path: Path) -> None:
    """In the data report."""
    frame = pupils()
    frame.loc[frame["school"] == "s4", "region"] = np.resize(["north", "west"], PUPILS)
    path = tmp_path / "moved.csv"
    frame.to_csv(path, index=False)
    overview = problem_of(path, *SETTINGS).overview
    assert overview is not None
    wanted = "1 of 60 values of school is in more than one stratum of region: a cluster in each"
    assert wanted in overview.warnings
    whole = problem_of(folder / "pupils.csv", *SETTINGS).overview
    assert whole is not None
    assert not any("more than one stratum" in line for line in whole.warnings)


def test_folds_and_a_sweep(folder: Path) -> None:
    """Each fold, as each job of a sweep, has the clusters of its own rows."""
    path = folder / "pupils.csv"
    for fold in (0, 2):
        own = problem_of(path, *SETTINGS, "data.folds=3", f"data.fold={fold}").encoded
        assert own.val.design is not None
        assert own.val.design.clusters is not None
        assert len(np.unique(own.val.design.clusters)) == 16
        assert len(own.val) == 16 * PUPILS


def test_an_ensemble_has_them(tmp_path: Path, folder: Path) -> None:
    """And a run that goes without a validation part."""
    path = folder / "pupils.csv"
    words = ("data=table", f"data.path='{path}'", "tracking.boosting=never", *SETTINGS, *SMALL)
    run = train(tmp_path / "run", *words, *BARE, "ensemble=2", "epochs=2", "data.val_fraction=0")
    found = json.loads((run / "result.json").read_text())
    assert found["resampled"][0].startswith("95 % intervals: a bootstrap over 12 clusters of sch")


def test_groups_of_an_estimator() -> None:
    """They are clusters of its validation rows."""
    frame = pupils()
    model = MLPRegressor(epochs=2, val_fraction=0.25, seed=0)
    model.fit(frame[["effort", "hours"]], frame["reading"], groups=frame["school"])
    design = model._fitted.run.dataset.val.design
    assert design is not None
    assert design.in_words() == ["95 % intervals: a bootstrap over 15 clusters of groups"]


def households(rows: int = 240) -> pd.DataFrame:
    """Rows of households over years; the last rows are marked for the test."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"age": draw.normal(size=rows), "house": np.arange(rows) // 3 % 20})
    frame["year"] = 2000 + np.arange(rows) // 12
    frame["part"] = np.where(np.arange(rows) < 180, "train", "test")
    frame["voted"] = np.where(frame["age"] + draw.normal(size=rows) > 0, "yes", "no")
    return frame


@pytest.mark.parametrize(
    "cut", [("data.time=year", "data.drop=[part]"), ("data.part=part", "data.drop=[year]")]
)
def test_clusters_beside_a_cut(cut: tuple[str, ...], tmp_path: Path) -> None:
    """Test rows are those of the cut; clusters are resampled, and how many are known is said."""
    path = tmp_path / "t.csv"
    households().to_csv(path, index=False)
    tests = []
    for more in ((), ("data.group=house",)):
        config = config_of(path, "data.target=voted", *cut, *more).data
        tests.append(split_rows(load_rows(config), config).test.tolist())
    assert tests[0] == tests[1]
    words = ("data=table", f"data.path='{path}'", "data.target=voted", *cut)
    train(tmp_path / "run", *words, "data.group=house", *SMALL)
    report = (tmp_path / "run" / "data_report.txt").read_text()
    own = households().iloc[tests[0]]["house"].nunique()
    assert re.search(
        rf"\d+ of the {own} values of house among test rows have training rows", report
    )
    found = json.loads((tmp_path / "run" / "result.json").read_text())
    assert f"a bootstrap over {own} clusters of house" in found["resampled"][0]


def test_one_cluster_is_tested_on(tmp_path: Path) -> None:
    """Rows are resampled then: nothing is known of how clusters differ, and no width is zero."""
    frame = households()
    frame["part"] = np.where(frame["house"] == 3, "test", "train")
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    words = ("data=table", f"data.path='{path}'", "data.target=voted", "data.part=part")
    train(tmp_path / "run", *words, "data.group=house", "data.drop=[year]", *SMALL)
    found = json.loads((tmp_path / "run" / "result.json").read_text())
    low, high = found["test_intervals"]["brier"]
    assert low < high
    assert "a bootstrap over rows, since all are of one cluster, of house" in found["resampled"][0]


def test_one_cluster_validates(tmp_path: Path) -> None:
    """It cannot say how clusters differ, and the report says so."""
    frame = households()
    frame.loc[frame["house"] == 3, "part"] = "val"
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    words = ("data=table", f"data.path='{path}'", "data.target=voted", "data.part=part")
    train(tmp_path / "run", *words, "data.group=house", "data.drop=[year]", *SMALL)
    report = (tmp_path / "run" / "data_report.txt").read_text()
    assert "all validation rows are of one value of house: standard errors of a verdict" in report
    assert "values of house among validation rows" not in report
