"""Cells with several answers: recognised where it is sure, declared, refused; read everywhere."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from lab import train, values_of
from surveys import call, pasted, problem_of
from surveys import raw_of as raw_as_read

from mlp_lab.config.overrides import readable
from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.data.answers import chosen_in
from mlp_lab.data.columns import Column
from mlp_lab.data.dataset import Part
from mlp_lab.data.rows import RawData
from mlp_lab.data.schema_file import schema_of
from mlp_lab.data.tables.answers import joined_lists, names_of_sets, parted, said_sign
from mlp_lab.data.tables.cells import Cells
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.errors import UserError
from mlp_lab.metrics.column_effects import column_effects
from mlp_lab.predictor import load
from mlp_lab.serving.openapi import row_schema
from mlp_lab.serving.service import JSON, Limits, Service

ROWS = 120
DRAW = np.random.default_rng(4)
OPTIONS = ["bus", "car", "bike", "train", "on foot"]
TICKED = DRAW.uniform(size=(ROWS, len(OPTIONS))) < 0.4
"""Who uses what: (rows, options)."""

Y = (2.0 * TICKED[:, 1] - TICKED[:, 3] + DRAW.normal(size=ROWS) * 0.1).round(3)


def cells(separator: str, options: list[str] = OPTIONS, *, shuffled: bool = False) -> list[str]:
    """What each person ticked, in a cell; nothing for nobody."""
    found = []
    for row in TICKED:
        chosen = [name for name, ticked in zip(options, row, strict=True) if ticked]
        found.append(separator.join(DRAW.permutation(chosen) if shuffled else chosen))
    return found


def table(folder: Path, file: str = "t.csv", **columns: object) -> Path:
    """A file of such columns beside a number, in the format of its name."""
    frame = pd.DataFrame({**columns, "z": np.arange(ROWS) * 7 % 13 + 0.5, "y": Y})
    path = folder / file
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif path.suffix == ".dta":
        frame.to_stata(path, write_index=False)
    else:
        frame.to_parquet(path, index=False)
    return path


def rows_of(path: Path, *words: str) -> RawData:
    """The rows of a file, with settings as they are typed."""
    return raw_as_read(path, *map(readable, words))


def warnings(raw: RawData) -> list[str]:
    """What the data report says."""
    assert raw.source is not None
    return raw.source.warnings


@pytest.mark.parametrize(
    ("separator", "options"),
    [
        (";", OPTIONS),
        (", ", OPTIONS),
        (",", ["1", "2", "3", "4", "5"]),
        ("|", ["R", "C++", "Go", "C#", "SQL"]),
        ("\n", OPTIONS),
        (" ; ", ["Yes, often", "No", "Perhaps", "Later", "None"]),
    ],
)
def test_answers_are_recognised(separator: str, options: list[str], tmp_path: Path) -> None:
    """However they are separated: in any order, and the setting that refuses it works."""
    path = table(tmp_path, how=cells(separator, options, shuffled=True))
    raw = rows_of(path)
    column = raw.columns[0]
    assert (column.kind, column.separator) == ("multiple", separator.strip(" "))
    order = [options.index(level) for level in column.levels]
    empty = ~TICKED.any(axis=1)
    assert np.isnan(raw.inputs[empty, 0]).all()
    assert (chosen_in(raw.inputs[:, 0], 5) == TICKED[:, order]).all()
    (line,) = (line for line in warnings(raw) if "holds several answers" in line)
    refused = rows_of(path, *pasted(line))
    assert refused.columns[0].kind == "category"
    assert not any("several answers in a cell, as" in line for line in warnings(refused))


NEITHER = [
    [f"{city}, {state}" for city in ("Salem", "Troy", "Dover") for state in ("OR", "NY", "DE")],
    ["Smith, John", "Smith, Jane", "Miller, John", "Miller, Jane", "Smith"],
    ["yes, surely", "yes, perhaps", "no", "no, never"],
    ["1,5", "2,5", "3", "1,25", "0,5", "2"],
    ["1,234", "12,345", "999"],
    ["win;loss;win", "loss;loss", "win", "win;win;loss", "draw;win;draw"],
    ["2 rooms; 1 bath", "3 rooms; 1 bath", "2 rooms; 2 baths", "3 rooms; 2 baths"],
    ["a;b", "a", "b"],
    ["18-24", "25-34", "35+"],
    ["2020-01-01", "2020-01-02"],
]


@pytest.mark.parametrize("kinds", NEITHER)
def test_neighbours_are_no_sets(kinds: list[str], tmp_path: Path) -> None:
    """Places, names, remarks, decimal commas, grouped digits, courses, pairs of a fixed form."""
    path = table(tmp_path, x=[kinds[i * i % len(kinds)] for i in range(ROWS)])
    assert all(column.kind != "multiple" for column in rows_of(path).columns)


def test_free_text_is_no_set(tmp_path: Path) -> None:
    """Sentences with commas, and lists of what is nowhere twice."""
    prose = [f"well {i}, it is {i * 7}, and so on {i * 3}" for i in range(ROWS)]
    path = table(tmp_path, a=prose, b=[f"actor {i}; actor {i + 500}" for i in range(ROWS)])
    assert [column.name for column in rows_of(path).columns] == ["z"]


def test_what_is_not_sure_is_proposed(tmp_path: Path) -> None:
    """The setting can be pasted, and nothing is proposed any more."""
    path = table(tmp_path, x=["a;b", "a", "c;d"] * 40)
    (line,) = (line for line in warnings(rows_of(path)) if "several answers" in line)
    setting = "data.types.x=multiple if its cells hold several answers with ; between them"
    assert line == f"x is a category; {setting}"
    raw = rows_of(path, *pasted(line))
    assert raw.columns[0].levels == ["a", "b", "c", "d"]
    assert warnings(raw) == []


def test_a_sign_can_be_said(tmp_path: Path) -> None:
    """Any sign, of a column by any name; it makes the column one of several answers."""
    both: dict[str, object] = {"how do you go?": cells(" / "), "also": cells(";")}
    path = table(tmp_path, "t.csv", **both)
    raw = rows_of(path, "data.separators.how do you go?=/", "data.separators.also=;")
    assert [column.separator for column in raw.columns[:2]] == ["/", ";"]
    assert (chosen_in(raw.inputs[:, 0], 5) == chosen_in(raw.inputs[:, 1], 5)).all()
    assert rows_of(table(tmp_path, x=cells("\n")), "data.separators.x=newline").columns[0].levels
    none = rows_of(table(tmp_path, x=["a;b", "c", "b"] * 40), "data.separators.x=/")
    assert warnings(none) == ["x: no cell holds several answers with '/' between them"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["data.separators.how='  '"], "data.separators.how must be a sign between answers, as ;"),
        (
            ["data.separators.how=;", "data.types.how=category"],
            "data.separators.how is for several answers in a cell, but data.types.how is category",
        ),
        (
            ["data.separators.how=;", "data.levels.how=[a,b]"],
            "data.separators.how is for several answers in a cell, but data.levels.how gives an",
        ),
        (["data.separators.who=;"], "data.separators.who: no such column in"),
        (
            ["data.types.plain=multiple"],
            "data.types.plain=multiple needs cells with several answers, as a;b: no cell of it",
        ),
        (
            ["data.target=how", "data.types.how=multiple"],
            "data.types.how=multiple cannot be the kind of a target: choose numeric or category",
        ),
        (["data.target=how", "data.separators.how=;"], "data.separators.how makes several answers"),
    ],
)
def test_settings_that_cannot_be(settings: list[str], said: str, tmp_path: Path) -> None:
    """One line each."""
    ticked = [cell or "none" for cell in cells(";")]
    path = table(tmp_path, how=ticked, plain=["u", "v", "w"] * 40)
    with pytest.raises(UserError) as caught:
        rows_of(path, *settings)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_missing_and_none_chosen_are_two_things(tmp_path: Path) -> None:
    """An empty cell is missing, a sign alone is nothing chosen; codes count within a cell, too."""
    ticked = cells(";")
    ticked[:3] = ["", ";", "bus;-9"]
    ticked[3] = "-9"
    path = table(tmp_path, how=ticked)
    raw = rows_of(path, "data.missing_in.how=[-9]")
    assert "-9" not in raw.columns[0].levels
    assert np.isnan(raw.inputs[[0, 3], 0]).all()
    assert raw.inputs[1, 0] == 0
    assert chosen_in(raw.inputs[2:3, 0], 5).sum() == 1


def test_none_is_an_answer_and_says_so(tmp_path: Path) -> None:
    """Other words for no value stay what they are."""
    ticked = [cell or "None" for cell in cells(";")]
    ticked[0] = "NA"
    path = table(tmp_path, how=ticked)
    raw = rows_of(path)
    assert "None" in raw.columns[0].levels
    assert np.isnan(raw.inputs[:, 0]).sum() == 1
    (line,) = (line for line in warnings(raw) if "None is read" in line)
    again = rows_of(path, *pasted(line))
    assert "None" not in again.columns[0].levels
    assert np.isnan(again.inputs[:, 0]).sum() > 1


def test_more_answers_than_inputs_can_be(tmp_path: Path) -> None:
    """The most frequent ones are kept, the others share an input; the report says how many."""
    many = [f"{OPTIONS[i % 5]};{OPTIONS[(i * i + 1) % 5]};o{i}" for i in range(ROWS)]
    path = table(tmp_path, x=many)
    raw = rows_of(path, "data.types.x=multiple")
    assert len(raw.columns[0].levels) == 50
    assert "x has 125 different answers: the 50 most frequent are inputs" in warnings(raw)
    entry = problem_of(path, "data.target=y", "data.types.x=multiple").encoded.schema.inputs[0]
    assert entry.names[-1] == "x=(other)"


@pytest.mark.parametrize("name", ["t.xlsx", "t.parquet", "t.dta"])
def test_other_files(name: str, tmp_path: Path) -> None:
    """The same sets as from CSV, read by columns from disk, too."""
    ticked = cells(";", shuffled=True)
    plain = rows_of(table(tmp_path, how=ticked))
    other = rows_of(table(tmp_path, name, how=ticked))
    assert other.columns[0].levels == plain.columns[0].levels
    assert np.array_equal(other.inputs[:, 0], plain.inputs[:, 0], equal_nan=True)
    if name == "t.parquet":
        streamed = rows_of(tmp_path / name, "data.stream=always")
        assert np.array_equal(streamed.inputs, plain.inputs, equal_nan=True)


def test_lists_are_sets(tmp_path: Path) -> None:
    """Of Parquet and of a DataFrame; an empty list is nothing chosen."""
    own = [[name for name, ticked in zip(OPTIONS, row, strict=True) if ticked] for row in TICKED]
    raw = rows_of(table(tmp_path, "t.parquet", how=own))
    assert raw.columns[0].kind == "multiple"
    assert not np.isnan(raw.inputs[:, 0]).any()
    order = [OPTIONS.index(level) for level in raw.columns[0].levels]
    assert (chosen_in(raw.inputs[:, 0], 5) == TICKED[:, order]).all()


@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
@pytest.mark.parametrize(("sign", "none"), [("newline", ";"), (";", ";"), ("/", "/")])
def test_nothing_chosen_by_any_sign(name: str, sign: str, none: str, tmp_path: Path) -> None:
    """An empty list, and a cell of a sign alone, are no missing values, and no answer either."""
    own = [[name for name, ticked in zip(OPTIONS, row, strict=True) if ticked] for row in TICKED]
    texts = [("\n" if sign == "newline" else sign).join(row) or none for row in own]
    path = table(tmp_path, name, how=own if name == "t.parquet" else texts)
    raw = rows_of(path, f"data.separators.how={sign}")
    assert sorted(raw.columns[0].levels) == sorted(OPTIONS)
    order = [OPTIONS.index(level) for level in raw.columns[0].levels]
    assert not np.isnan(raw.inputs[:, 0]).any()
    assert (chosen_in(raw.inputs[:, 0], 5) == TICKED[:, order]).all()
    assert (raw.inputs[:, 0] == 0).sum() == (~TICKED.any(1)).sum() > 0


def test_lists_that_begin_late(tmp_path: Path) -> None:
    """After more than a thousand rows without any."""
    ticked = [["bus", "bike"], ["bus"], ["bike", "car", "bus"], ["car", "bike"]]
    own = [*[None] * 1001, *ticked * 66]
    frame = pd.DataFrame({"how": own, "y": np.arange(len(own)) % 7 * 1.0})
    frame.to_parquet(tmp_path / "late.parquet", index=False)
    raw = rows_of(tmp_path / "late.parquet", "data.target=y")
    assert raw.columns[0].levels == ["bike", "bus", "car"]
    assert np.isnan(raw.inputs[:, 0]).sum() == 1001


def test_a_line_is_a_sign_in_python_too() -> None:
    """As `newline`; of new rows an empty list is nothing chosen, None is missing."""
    column = Column(name="m", kind="multiple", levels=["bus", "car"], separator="\n")
    new = pd.Series([["car", "bus"], [], None, ["bus"]], name="m", dtype=object)
    for sign in ("\n", "newline"):
        settings = values_of("data=table", "data.path=t.csv", data__separators={"m": sign})
        config = read(Config, settings, "").data
        assert isinstance(config, TableConfig)
        assert said_sign(config.separators["m"]) == "\n"
    joined = Cells(joined_lists(new, "\n"))
    assert names_of_sets(joined, column) == ["bus\ncar", ";", "bus"]
    values = TableFrame(pd.DataFrame({"m": new})).values(column)
    assert values.tolist()[:2] == [3.0, 0.0]
    assert np.isnan(values[2])


WORDS = ["sand", "band", "andorra", "oil"]


def test_a_sign_of_words_cuts_none(tmp_path: Path) -> None:
    """Its blanks belong to it; a word alone, which would cut others, is refused."""
    given = [" and ".join(WORDS[k] for k in range(4) if i >> k & 1) for i in range(1, 16)] * 8
    path = table(tmp_path, x=given)
    raw = rows_of(path, "data.separators.x=' and '")
    assert raw.columns[0].levels == sorted(WORDS)
    with pytest.raises(UserError) as caught:
        rows_of(path, "data.separators.x='and'")
    said = "data.separators.x must be a word between blanks, as ' and ', got 'and'"
    assert str(caught.value) == said
    assert parted("and", " and ") == []
    assert parted("salt, and andorra", said_sign(" , and ")) == ["salt", "andorra"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A table, and a run on it."""
    folder = tmp_path_factory.mktemp("answers")
    path = table(folder, how=cells(";"))
    settings = ("model=shallow", "epochs=60", "optimizer.lr=0.02", "quiet=true")
    run = train(folder / "run", "data=table", "data.target=y", f"data.path='{path}'", *settings)
    return path, run


def test_new_rows(
    trained: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is learnt of an answer holds in any order; unknown ones are counted."""
    _, run = trained
    predictor = load(run)
    frame = pd.DataFrame(
        {"how": ["car", "train", "car;train", "train; car", "car;moped"], "z": 5.5}
    )
    car, rail, both, turned, moped = predictor.predict(frame).tolist()
    assert car - rail > 2
    assert both == turned
    assert abs(moped - car) < 1e-6
    (tmp_path / "new.csv").write_text(frame.to_csv(index=False))
    call(
        "predict",
        str(run),
        str(tmp_path / "new.csv"),
        "-o",
        str(tmp_path / "p.csv"),
        monkeypatch=monkeypatch,
    )
    said = capsys.readouterr().err
    assert said == "column 'how': 1 of 5 rows holds a value that no training row had\n"
    assert np.allclose(
        pd.read_csv(tmp_path / "p.csv")["prediction"], [car, rail, both, turned, moped]
    )


def test_another_sign_of_known_answers(trained: tuple[Path, Path]) -> None:
    """A file of another program is understood, unless an answer in it is unknown."""
    predictor = load(trained[1])
    cells = ["car;train", "car, train", "train|car", "car\ntrain", "car,moped", "on foot, car"]
    found = predictor.predict(pd.DataFrame({"how": cells, "z": 5.5})).tolist()
    alone = predictor.predict(pd.DataFrame({"how": [";", "car;on foot"], "z": 5.5})).tolist()
    assert len({*found[:4]}) == 1
    assert found[4:] == pytest.approx(alone)


def test_lists_are_written_as_texts(
    trained: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a text file; Parquet keeps them."""
    frame = pd.DataFrame({"how": [["car", "train"], [], ["bus"]], "z": 5.5})
    frame.to_parquet(tmp_path / "new.parquet")
    for name in ("p.csv", "p.parquet"):
        words = (str(trained[1]), str(tmp_path / "new.parquet"), "-o", str(tmp_path / name))
        call("predict", *words, monkeypatch=monkeypatch)
    assert pd.read_csv(tmp_path / "p.csv")["how"].tolist() == ["car;train", ";", "bus"]
    kept = pd.read_parquet(tmp_path / "p.parquet")["how"]
    assert [list(cell) for cell in kept] == [["car", "train"], [], ["bus"]]


def test_groups_are_of_sets(
    trained: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The order, blanks and the sign of a cell make no group of their own."""
    spelled = ["car;train", "train; car", "train|car", "bus"] * 10
    pd.DataFrame({"how": spelled, "z": 5.5, "y": np.arange(40) % 7}).to_csv(
        tmp_path / "new.csv", index=False
    )
    words = (str(trained[1]), str(tmp_path / "new.csv"), "--by", "how")
    call("evaluate", *words, "-o", str(tmp_path / "e.json"), monkeypatch=monkeypatch)
    capsys.readouterr()
    found = json.loads((tmp_path / "e.json").read_text())["by"]["how"]["groups"]
    assert {name: group["rows"] for name, group in found.items()} == {"bus": 10, "car;train": 30}


def test_a_column_is_one(trained: tuple[Path, Path]) -> None:
    """It has one contribution, which adds up, and one place in the schema."""
    path, run = trained
    frame = pd.read_csv(path, keep_default_na=False).head(5)
    found = load(run).explain(frame)
    parts = found.filter(like="contribution_")
    assert list(parts.columns) == ["contribution_how", "contribution_z"]
    assert np.allclose(found["base"] + parts.sum(axis=1), found["prediction"])


def test_effects_are_of_each_answer_alone(trained: tuple[Path, Path]) -> None:
    """The car counts most, the train least, as they were drawn."""
    path, run = trained
    encoded = problem_of(path, "data.target=y").encoded
    part = encoded.train
    rows = Part(torch.from_numpy(part.inputs), torch.from_numpy(part.targets), None, None)
    network = load(run).network
    with torch.inference_mode():
        (effect,) = column_effects(network, rows, encoded.schema, ["how"])
    assert sorted(effect.levels) == sorted(OPTIONS)
    by_mean = sorted(zip(effect.mean, effect.levels, strict=True))
    assert (by_mean[0][1], by_mean[-1][1]) == ("train", "car")


def test_a_server_takes_texts_and_lists(trained: tuple[Path, Path]) -> None:
    """The same prediction; other columns hold no lists, and lists hold none."""
    service = Service(load(trained[1]), Limits())
    body = [{"how": "car;train", "z": 1}, {"how": ["train", "car"], "z": 1}, {"how": [], "z": 1}]
    found = json.loads(service.answer(json.dumps(body).encode(), JSON))
    first, second, _ = (row["prediction"] for row in found["predictions"])
    assert first == second
    for bad in ({"how": "car", "z": [1]}, {"how": [["car"]], "z": 1}):
        with pytest.raises(UserError, match="must hold numbers, text, true, false or null"):
            service.answer(json.dumps([bad]).encode(), JSON)
    kept = row_schema(load(trained[1]).schema)["properties"]
    assert isinstance(kept, dict)
    assert kept["how"]["examples"] == sorted(OPTIONS)


def test_a_set_that_gives_the_target_away(tmp_path: Path) -> None:
    """It is suspected as any other column is; one that does not is not."""
    told = np.where(TICKED[:, 1], "p", "q")
    path = table(tmp_path, how=[cell or ";" for cell in cells(";")], side=told)
    leaking = problem_of(path, "data.target=side", "data.drop=[y]").overview
    honest = problem_of(path, "data.target=z", "data.drop=[y]").overview
    assert leaking is not None
    assert honest is not None
    assert leaking.possible_leakage == [["how"]]
    assert honest.possible_leakage == []


def test_a_schema_that_cannot_be(trained: tuple[Path, Path]) -> None:
    """A sign of a column that needs none, none of one that does, more answers than there can be."""
    schema = load(trained[1]).schema.to_dict()
    for place, changes, said in (
        (0, {"separator": ""}, r"columns\[0\]\.separator must be a sign of a multiple column"),
        (1, {"separator": ";"}, r"columns\[1\]\.separator must be a sign of a multiple column"),
        (0, {"levels": [str(i) for i in range(51)]}, "levels must be at most 50, got 51"),
        (0, {"levels": ["bus"]}, r"encoding\.levels must be 1, the number of levels: 5"),
    ):
        columns = schema["columns"]
        assert isinstance(columns, list)
        changed = [entry | changes if i == place else entry for i, entry in enumerate(columns)]
        with pytest.raises(UserError, match=said):
            schema_of({**schema, "columns": changed})


def test_a_graph_refuses_them_in_one_line(trained: tuple[Path, Path], tmp_path: Path) -> None:
    """The other format does not."""
    predictor = load(trained[1])
    pytest.importorskip("onnx")
    with pytest.raises(UserError) as caught:
        predictor.export(tmp_path / "m.onnx")
    assert str(caught.value) == (
        "ONNX cannot take cells with several answers apart, as 'how' has: --format torch writes a"
        " program that reads encoded rows"
    )
    predictor.export(tmp_path / "m.pt2")
    assert (tmp_path / "m.pt2").stat().st_size


def test_a_target_of_sets_is_told_what_it_is(tmp_path: Path) -> None:
    """Its combinations are classes, which the report says."""
    few = ["a;b", "a", "b;c", "c", "c;a"] * 24
    raw = rows_of(table(tmp_path, how=few), "data.target=how")
    assert raw.target_columns[0].levels[:2] == ["a", "a;b"]
    said = "how holds several answers in a cell, of which each combination is a class"
    assert any(line.startswith(said) for line in warnings(raw))
