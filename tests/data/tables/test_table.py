"""A file with every difficulty of a survey -> numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from surveys import REGIONS, ROWS, SETTINGS, config_of, problem_of, raw_of, survey, written

from mlp_lab.data.columns import Column
from mlp_lab.data.config import FileSettings
from mlp_lab.data.loading import load_rows
from mlp_lab.data.rows import RawData
from mlp_lab.data.splitting import Split, split_rows
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.reading import own_codes, read_chunks, read_table
from mlp_lab.errors import UserError


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The survey as CSV."""
    return written(survey(), tmp_path_factory.mktemp("survey"))


def column(raw: RawData, name: str) -> Column:
    """One by name."""
    return next(column for column in raw.columns if column.name == name)


def test_kinds_are_understood(path: Path) -> None:
    """With nothing but what a careful user says."""
    raw = raw_of(path, *SETTINGS)
    assert {column.name: column.kind for column in raw.columns} == {
        "age": "numeric",
        "income": "numeric",
        "region": "category",
        "smoker": "binary",
        "trust": "ordinal",
        "zip": "category",
        "interview": "date",
    }
    assert raw.source is not None
    assert {dropped.name: dropped.reason for dropped in raw.source.dropped} == {
        "id": "identifier: it counts the rows",
        "country": "constant: 'DE'",
        "remark": "identifier: a value of its own in every row",
    }
    assert raw.target_columns[0].levels == ["no", "yes"]
    assert raw.task == "binary"
    assert column(raw, "zip").levels == ["01001", "01002", "20095"]


def test_values(path: Path) -> None:
    """Cell by cell against pandas."""
    frame, raw = survey(), raw_of(path, *SETTINGS)
    values = dict(zip((column.name for column in raw.columns), raw.inputs.T, strict=True))
    np.testing.assert_array_equal(values["age"], frame["age"].where(frame["age"] != -9))
    np.testing.assert_array_equal(values["income"], frame["income"])
    np.testing.assert_array_equal(
        values["trust"], frame["trust"].map({"low": 0, "middle": 1, "high": 2})
    )
    levels = {name: k for k, name in enumerate(sorted(REGIONS))}
    np.testing.assert_array_equal(values["region"], frame["region"].map(levels).astype(float))
    days = (pd.to_datetime(frame["interview"]) - pd.Timestamp("1970-01-01")).dt.days
    np.testing.assert_array_equal(values["interview"], days)
    np.testing.assert_array_equal(raw.target, frame["voted"] == "yes")
    assert raw.weights is not None
    np.testing.assert_array_equal(raw.weights, frame["weight"])


def test_the_encoded_table(path: Path) -> None:
    """The names of the network's inputs say all."""
    encoded = problem_of(path, *SETTINGS).encoded
    assert encoded.schema.names == [
        *("age", "age=(missing)", "income", "income=(missing)"),
        *(f"region={name}" for name in ("east", "north", "south", "west", "(other)", "(missing)")),
        *("smoker=yes", "trust", "zip=01001", "zip=01002", "zip=20095"),
        *("interview:year", "interview:month", "interview:weekday", "interview:days"),
    ]
    for part in (encoded.train, encoded.val, encoded.test):
        assert np.isfinite(part.inputs).all()
        assert part.inputs.dtype == np.float32


def test_groups_stay_together(path: Path) -> None:
    """No household in two parts, and the parts about as large as asked for."""
    config = config_of(path, *SETTINGS)
    split = split_rows(load_rows(config.data), config.data)
    households = survey()["household"].to_numpy()
    parts = [set(households[rows]) for rows in (split.train, split.val, split.test)]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert len(split.test) == pytest.approx(0.2 * ROWS, abs=6)
    assert len(split.val) == pytest.approx(0.15 * ROWS, abs=6)


def test_the_latest_rows_are_the_test(path: Path) -> None:
    """Then come validation rows; rows of one day stay together."""
    config = config_of(path, "data.target=voted", "data.time=interview")
    split = split_rows(load_rows(config.data), config.data)
    days = survey()["interview"].to_numpy()
    assert days[split.train].max() < days[split.val].min()
    assert days[split.val].max() < days[split.test].min()
    assert len(split.test) == pytest.approx(0.2 * ROWS, abs=3)


def test_a_column_names_the_part(tmp_path: Path) -> None:
    """In any case; validation rows come out of the training rows where it names none."""
    names = np.resize(["Train", "train", "TEST", "validation"], ROWS)
    file = written(survey().assign(part=names), tmp_path)
    config = config_of(file, "data.target=voted", "data.part=part")
    split = split_rows(load_rows(config.data), config.data)
    assert split.test.tolist() == list(range(2, ROWS, 4))
    assert split.val.tolist() == list(range(3, ROWS, 4))
    names = np.where(names == "validation", "train", names)
    file = written(survey().assign(part=names), tmp_path)
    split = split_rows(load_rows(config.data), config.data)
    assert split.test.tolist() == list(range(2, ROWS, 4))
    assert len(split.val) == round(0.15 * 0.75 * ROWS)


def folds_of(path: Path, *overrides: str) -> list[Split]:
    """The split of each of three folds."""
    configs = [
        config_of(path, *overrides, "data.folds=3", f"data.fold={fold}") for fold in range(3)
    ]
    return [split_rows(load_rows(config.data), config.data) for config in configs]


def test_folds_of_groups(path: Path) -> None:
    """Every household validates in one fold or is tested on, in folds of about one size."""
    households = survey()["household"].to_numpy()
    splits = folds_of(path, *SETTINGS)
    parts = [set(households[rows]) for rows in (*(s.val for s in splits), splits[0].test)]
    assert sum(map(len, parts)) == len(set(households))
    assert np.ptp([len(split.val) for split in splits]) <= np.bincount(households).max()


def test_folds_beside_a_test_file(path: Path, tmp_path: Path) -> None:
    """All rows of the first file validate once."""
    test = written(survey(50, seed=1), tmp_path, "test.csv")
    splits = folds_of(path, *SETTINGS, f"data.test_path='{test}'")
    for split in splits:
        assert split.test.tolist() == list(range(ROWS, ROWS + 50))
    assert sorted(np.concatenate([split.val for split in splits])) == list(range(ROWS))


def test_folds_beside_a_column_of_parts(tmp_path: Path) -> None:
    """They cut its training rows; a column that names validation rows leaves nothing to choose."""
    settings = ("data.target=voted", "data.part=part")
    names = np.resize(["train", "train", "test"], ROWS)
    splits = folds_of(written(survey().assign(part=names), tmp_path), *settings)
    tested = list(range(2, ROWS, 3))
    for split in splits:
        assert split.test.tolist() == tested
    vals = np.concatenate([split.val for split in splits])
    assert sorted([*vals, *tested]) == list(range(ROWS))
    names[0] = "val"
    with pytest.raises(UserError, match=r"^data.folds=3 chooses the .* but data.part names some: "):
        folds_of(written(survey().assign(part=names), tmp_path), *settings)


REGION = ("data.target=region", "data.drop_missing_target=true", "data.folds=4")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            ("data.target=voted", "data.time=interview", "data.folds=2"),
            "data.folds does not fit data.time: later rows would train for earlier ones",
        ),
        (
            ("data.target=voted", "data.folds=400"),
            "data.folds must be at most the 320 rows besides the test rows, got 400",
        ),
        (
            ("data.target=voted", "data.folds=200", "data.group=household"),
            "data.folds must be at most the 104 groups besides the test rows, got 200",
        ),
        (
            REGION,
            "the class 'islands' of region has 2 rows, fewer than the 5 parts: leave it out,"
            " or declare it missing",
        ),
        (
            (*REGION, "data.test_fraction=0"),
            "the class 'islands' of region has 2 rows, fewer than the 4 parts: leave it out,"
            " or declare it missing",
        ),
    ],
)
def test_folds_that_cannot_be(settings: tuple[str, ...], line: str, path: Path) -> None:
    """One line says why."""
    with pytest.raises(UserError) as caught:
        problem_of(path, *settings)
    assert str(caught.value) == line


def test_a_test_file(path: Path, tmp_path: Path) -> None:
    """Its rows are the test, whatever the order of its columns."""
    more = survey(50, seed=1)
    test = written(more[more.columns[::-1]], tmp_path, "test.csv")
    config = config_of(path, *SETTINGS[:-1], f"data.test_path='{test}'")
    raw = load_rows(config.data)
    split = split_rows(raw, config.data)
    assert split.test.tolist() == list(range(ROWS, ROWS + 50))
    np.testing.assert_array_equal(raw.target[split.test], more["voted"] == "yes")
    assert len(split.val) == round(0.15 * ROWS)


SETS = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "diabetes": load_diabetes,
}


FORMATS = ["csv", "csv.gz", "tsv", "parquet", "feather", "xlsx", "dta", "sav"]


def save(frame: pd.DataFrame, path: Path, suffix: str) -> None:
    """In the format of a suffix."""
    savers = {
        "csv": lambda: frame.to_csv(path, index=False),
        "csv.gz": lambda: frame.to_csv(path, index=False),
        "tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        "parquet": lambda: frame.to_parquet(path),
        "feather": lambda: frame.to_feather(path),
        "xlsx": lambda: frame.to_excel(path, index=False),
        "dta": lambda: frame.to_stata(path, write_index=False),
        "sav": lambda: pyreadstat.write_sav(frame, str(path)),
    }
    savers[suffix]()


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_holds_the_same_table(name: str, suffix: str, tmp_path: Path) -> None:
    """Real sets, written out and read back: the matrix of the bundled set, to the last bit."""
    loaded = SETS[name](as_frame=True)
    names = [f"x{k}" for k in range(loaded.data.shape[1])]
    target = loaded.target
    if name != "diabetes":
        target = pd.Series(np.array(loaded.target_names)[loaded.target])
    frame = pd.DataFrame(loaded.data.to_numpy(), columns=names).assign(target=target)
    file = tmp_path / f"table.{suffix}"
    save(frame, file, suffix)
    found = problem_of(file, "data.target=target", "data.min_frequency=0").encoded
    expected = problem_of(written(frame, tmp_path, "plain.csv"), "data.target=target").encoded
    for part in ("train", "val", "test"):
        ours, theirs = getattr(found, part), getattr(expected, part)
        np.testing.assert_array_equal(ours.inputs, theirs.inputs)
        np.testing.assert_array_equal(ours.targets, theirs.targets)
    exact = raw_of(file, "data.target=target")
    numeric = [column.kind == "numeric" for column in exact.columns]
    kept = [names.index(column.name) for column in exact.columns]
    values = loaded.data.to_numpy()[:, kept]
    digits = 1e-15 if suffix == "xlsx" else 0  # the library that writes Excel's rounds
    np.testing.assert_allclose(exact.inputs[:, numeric], values[:, numeric], rtol=digits)


def test_value_labels_are_the_levels(tmp_path: Path) -> None:
    """Of Stata and SPSS; codes predict as their labels do."""
    frame = pd.DataFrame(
        {"sex": np.resize([1, 2], 60), "vote": np.resize([1, 2, 3], 60), "age": range(60)}
    )
    labels = {"sex": {1.0: "man", 2.0: "woman"}, "vote": {1.0: "left", 2.0: "right", 3.0: "none"}}
    frame["age"] = np.resize([20, 33, 47, 51, 68, 71, 18], 60)
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), variable_value_labels={**labels})
    frame.to_stata(tmp_path / "a.dta", write_index=False, value_labels=labels)
    for suffix in ("sav", "dta"):
        raw = raw_of(tmp_path / f"a.{suffix}", "data.target=vote")
        assert raw.target_columns[0].levels == ["left", "right", "none"]
        sex = column(raw, "sex")
        assert (sex.kind, sex.levels) == ("binary", ["man", "woman"])
        assert dict(sex.labels) == {"1": "man", "2": "woman"}


def test_spss_knows_what_is_no_answer(tmp_path: Path) -> None:
    """Its user-missing values are none in training, and in a new file with the bare codes."""
    age = np.resize([20, 33, 47, -9, 51, 98, 68, 99], 80)
    town = np.resize(["Köln", "Paris", "none", "Rome"], 80)
    frame = pd.DataFrame({"age": age, "town": town, "n": np.arange(80) % 7, "y": [0, 1] * 40})
    frame["date"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(80) * 9, "D")
    frame.loc[::4, "date"] = pd.Timestamp("1900-01-01")
    never = (pd.Timestamp("1900-01-01") - pd.Timestamp("1582-10-14")).total_seconds()
    pyreadstat.write_sav(
        frame,
        tmp_path / "a.sav",
        missing_ranges={
            "age": [-9, {"lo": 98, "hi": 99}],
            "town": ["none"],
            "date": [never],
            "y": [5],
        },
        variable_value_labels={"age": {-9: "refused"}},
    )
    raw = raw_of(tmp_path / "a.sav", "data.target=y")
    names = [column.name for column in raw.columns]
    gone = {name: np.isnan(raw.inputs[:, i]).tolist() for i, name in enumerate(names)}
    assert gone["age"] == np.isin(age, [-9, 98, 99]).tolist()
    assert gone["town"] == (town == "none").tolist()
    assert gone["date"] == (np.arange(80) % 4 == 0).tolist()
    assert set(column(raw, "age").missing) == {"-9", "98", "99", "refused"}
    (piece,) = read_chunks(tmp_path / "a.sav", FileSettings(), 99)
    assert piece["age"].tolist() == age.tolist()  # what predict writes beside its predictions
    _, ranges = own_codes(tmp_path / "a.sav", FileSettings())
    new = TableFrame(piece, missing_ranges=ranges).values(Column(name="age"))
    np.testing.assert_array_equal(new, raw.inputs[:, 0])
    frame.to_csv(tmp_path / "a.csv", index=False)
    again = TableFrame(read_table(tmp_path / "a.csv", FileSettings()).frame)
    for i, name in enumerate(("age", "town", "n")):
        np.testing.assert_array_equal(again.values(column(raw, name)), raw.inputs[:, i])


@pytest.mark.parametrize(
    ("cells", "overrides", "task", "classes"),
    [
        ([0, 1], (), "binary", ["0", "1"]),
        ([1.0, 2.0, 3.0], (), "multiclass", ["1", "2", "3"]),
        ([True, False], (), "binary", ["False", "True"]),
        (["b", "a", "c"], (), "multiclass", ["a", "b", "c"]),
        ([1, 2, 3], ("data.task=regression",), "regression", None),
        ([1, 2, 3], ("data.types.y=numeric",), "regression", None),
        ([0.5, 1.5, 2.5], (), "regression", None),
        (list(range(20)), (), "regression", None),
        (list(range(20)), ("data.task=multiclass",), "multiclass", [str(k) for k in range(20)]),
        (["low", "high"], (), "binary", ["high", "low"]),
    ],
)
def test_the_task_follows_from_the_target(
    cells: list[object],
    overrides: tuple[str, ...],
    task: str,
    classes: list[str] | None,
    tmp_path: Path,
) -> None:
    """Few whole numbers and words are classes, unless said otherwise."""
    frame = pd.DataFrame(
        {"x": np.arange(80) % 31, "y": cells * (80 // len(cells)) + cells[: 80 % len(cells)]}
    )
    raw = raw_of(written(frame, tmp_path), "data.target=y", *overrides)
    assert (raw.task, raw.target_columns[0].levels) == (task, classes or [])


def test_missing_codes_everywhere_and_in_one_column(tmp_path: Path) -> None:
    """-9 everywhere, 99 in one column alone; words too."""
    frame = pd.DataFrame(
        {
            "a": [1, -9, 99, 4] * 20,
            "b": [1, -9, 99, 4] * 20,
            "c": ["x", "refused", "y", "z"] * 20,
            "d": ["1.5", "refused", "2.5", "3"] * 20,
            "y": [0, 1, 0, 1] * 20,
        }
    )
    settings = ("data.target=y", "data.missing=[-9,refused]", "data.missing_in.b=[99]")
    raw = raw_of(written(frame, tmp_path), *settings)
    missing = {column.name: np.isnan(raw.inputs[:4, i]) for i, column in enumerate(raw.columns)}
    assert missing["a"].tolist() == [False, True, False, False]
    assert missing["b"].tolist() == [False, True, True, False]
    assert missing["c"].tolist() == [False, True, False, False]
    assert missing["d"].tolist() == [False, True, False, False]
    assert column(raw, "d").kind == "numeric"


def test_statistics_do_not_see_the_test_rows(path: Path, tmp_path: Path) -> None:
    """Another value in a test row changes nothing of the schema."""
    config = config_of(path, *SETTINGS)
    split = split_rows(load_rows(config.data), config.data)
    changed = survey()
    row = int(split.test[0])
    others: dict[str, str | float] = {
        "age": 94,
        "income": 1e7,
        "region": "south",
        "interview": "2022-06-01",
    }
    for name, value in others.items():
        changed.loc[row, name] = value
    before = problem_of(path, *SETTINGS).encoded
    after = problem_of(written(changed, tmp_path), *SETTINGS).encoded
    assert before.schema == after.schema
    np.testing.assert_array_equal(before.train.inputs, after.train.inputs)


REFUSED = [
    (("data.path=null",), "data.path is missing: data=table needs a file"),
    (("data.target=votd",), "data.target=votd: no such column in"),
    ((), "data.target is missing: choose a column of"),
    (("data.target=voted", "data.drop=[agee]"), "data.drop: agee: no such column in"),
    (("data.target=voted", "data.types.agee=numeric"), "data.types.agee: no such column in"),
    (("data.target=voted", "data.types.age=number"), "unknown data.types.age 'number'"),
    (
        ("data.target=voted", "data.types.region=numeric"),
        "column 'region' must hold a number, got '",
    ),
    (("data.target=voted", "data.types.region=date"), "column 'region' must hold a date, got '"),
    (
        ("data.target=voted", "data.types.region=binary"),
        "data.types.region=binary needs two distinct",
    ),
    (
        ("data.target=voted", "data.types.trust=ordinal"),
        "data.types.trust=ordinal needs its values",
    ),
    (
        ("data.target=voted", "data.levels.trust=[low,high]"),
        "column 'trust' must hold one of low, high, got 'middle' in row",
    ),
    (("data.target=voted", "data.weight=region"), "column 'region' must hold a number, got"),
    (
        ("data.target=voted", "data.weight=income"),
        "weights in column 'income' must be 0 or more, got",
    ),
    (("data.target=voted", "data.weight=age"), "weights in column 'age' must be 0 or more, got -9"),
    (("data.target=income",), "data.target=income is missing in "),
    (("data.target=country",), "data.target=country holds only 'DE': nothing to learn"),
    (("data.target=remark",), "data.target=remark has 400 classes in 400 rows"),
    (
        ("data.target=region", "data.drop_missing_target=true", "data.task=binary"),
        "data.task=binary needs two",
    ),
    (("data.target=voted", "data.task=regression"), "data.target=voted must hold numbers, got '"),
    (("data.target=voted", "data.features=[id,country]"), "no column of"),
    (("data.target=voted", "data.features=[voted,age]"), "data.features names the target, voted"),
    (("data.target=voted", "data.group=region"), "data.group=region is missing in row"),
    (("data.target=voted", "data.strata=region"), "data.strata=region is missing in row"),
    (("data.target=voted", "data.strata=regio"), "data.strata=regio: no such column in "),
    (
        ("data.target=voted", "data.group=id", "data.strata=id"),
        "data.strata=id is data.group, too: each stratum would have one cluster",
    ),
    (
        ("data.target=voted", "data.part=smoker", "data.strata=smoker"),
        "data.strata=smoker is data.part, too: each part would have one stratum",
    ),
    (
        ("data.target=voted", "data.part=smoker"),
        "data.part=smoker must say train, val or test, got '",
    ),
    (
        ("data.target=voted", "data.time=id", "data.part=region"),
        "data.time and data.part both decide",
    ),
    (("data.target=voted", "data.min_frequency=1"), "data.min_frequency must be in [0, 1), got 1"),
    (("data.target=voted", "data.decimal=x"), "unknown data.decimal 'x'"),
]


@pytest.mark.parametrize(("overrides", "message"), REFUSED)
def test_what_cannot_be_is_said_in_a_line(
    overrides: tuple[str, ...], message: str, path: Path
) -> None:
    """The key or the column, the rule and the value."""
    with pytest.raises(UserError) as error:
        problem_of(path, *overrides)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (survey(0), "data.path: "),
        (survey().assign(age=[np.inf, *survey()["age"][1:]]), "column 'age' must hold a finite"),
        (survey().assign(weight=0), "data.weight=weight is 0 in every row"),
        (
            survey().assign(voted=["maybe", *survey()["voted"][1:]]),
            "the class 'maybe' of voted has 1 row, fewer than the 3 parts",
        ),
    ],
    ids=["no row", "infinite", "no weight", "a class of one row"],
)
def test_tables_that_cannot_be(frame: pd.DataFrame, message: str, tmp_path: Path) -> None:
    """One line each."""
    with pytest.raises(UserError) as error:
        problem_of(written(frame, tmp_path), "data.target=voted", "data.weight=weight")
    assert str(error.value).startswith(message)


def test_missing_targets_can_be_left_out(path: Path) -> None:
    """Where one says so."""
    raw = raw_of(path, "data.target=income", "data.drop_missing_target=true")
    assert len(raw.target) == survey()["income"].notna().sum()
    assert np.isfinite(raw.target).all()


def test_a_million_distinct_numbers_are_not_listed(tmp_path: Path) -> None:
    """Row numbers are seen; other whole numbers stay, however many."""
    count = np.arange(3000)
    frame = pd.DataFrame({"row": count, "odd": 2 * count + 1, "y": count % 2})
    raw = raw_of(written(frame, tmp_path), "data.target=y")
    assert [column.name for column in raw.columns] == ["odd"]


def test_splitting_ignores_the_rest(path: Path) -> None:
    """Ties come from the columns that were named, nothing else."""
    config = config_of(path, *SETTINGS)
    raw = load_rows(config.data)
    again = split_rows(replace(raw, inputs=raw.inputs * 0), config.data)
    np.testing.assert_array_equal(again.test, split_rows(raw, config.data).test)


def test_rows_without_a_target_are_counted(tmp_path: Path) -> None:
    """Of each file, if they are left out; nothing is said where none is."""
    rows = "".join(f"{i % 7},{'pq'[i % 2] if i % 10 else ''}\n" for i in range(60))
    for name in ("t.csv", "test.csv"):
        (tmp_path / name).write_text(f"x,y\n{rows}")
    settings = (f"data.test_path='{tmp_path / 'test.csv'}'", "data.drop_missing_target=true")
    raw = raw_of(tmp_path / "t.csv", *settings)
    assert raw.source is not None
    left = [line for line in raw.source.warnings if "left out" in line]
    assert left == [
        "6 of 60 rows left out: no value of y, the target",
        "6 of 60 rows of test.csv left out: no value of y, the target",
    ]
    whole = "".join(f"{i % 7},{'pq'[i % 2]}\n" for i in range(60))
    (tmp_path / "t.csv").write_text(f"x,y\n{whole}")
    raw = raw_of(tmp_path / "t.csv", "data.drop_missing_target=true")
    assert raw.source is not None
    assert not any("left out" in line for line in raw.source.warnings)
