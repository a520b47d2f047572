"""Dates: what a text means never depends on the clock, and no day becomes a month unsaid."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import MLP_LAB, command
from pyreadstat import write_sav
from surveys import problem_of, raw_of

from mlp_lab.data.columns import CLOCK_TIMES, Column
from mlp_lab.data.schema_file import schema_of
from mlp_lab.data.tables.dates import as_days, days_lead, is_date
from mlp_lab.data.tables.frames import TableFrame, feature_values
from mlp_lab.errors import UserError

EARLIEST = date(1969, 1, 1)
LATEST = date(2068, 12, 31)
ROWS = 60
ORDERS = [None, False, True]


def read(texts: Sequence[str], *, first: bool | None = None) -> list[str | None]:
    """Dates with the year first; None for what is none."""
    days = as_days(texts, day_first=first)
    return [None if day is None else str(np.floor(day).astype("datetime64[D]")) for day in days]


def survey(folder: Path, dates: Sequence[str], name: str = "t.csv") -> Path:
    """Rows with some dates, again and again, and a target."""
    rows = [f"{dates[i % len(dates)]},{i % 7},{'pq'[i % 2]}" for i in range(ROWS)]
    path = folder / name
    path.write_text("\n".join(["when,x,y", *rows]))
    return path


@given(day=st.dates(EARLIEST, LATEST), first=st.sampled_from(ORDERS))
def test_a_date_is_itself_however_it_is_written(day: date, *, first: bool | None) -> None:
    """Years first never change their order, and others as the column says."""
    texts = [day.strftime(form) for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d")]
    texts += [day.strftime(form) for form in ("%Y-%m-%d 23:59:00", "%Y-%m-%dT00:30:00+01:00")]
    texts += [day.strftime(form) for form in ("%d-%b-%y", "%d%b%Y", "%B %d, %Y")]
    if first is not None:
        order = "%d{0}%m{0}" if first else "%m{0}%d{0}"
        signs = ("/", ".", "-", ". ")
        texts += [
            day.strftime(order.format(sign) + year) for sign in signs for year in ("%Y", "%y")
        ]
    assert read(texts, first=first) == [day.isoformat()] * len(texts)


@pytest.mark.parametrize("first", ORDERS)
def test_what_is_no_date(first: bool | None) -> None:
    """Above all nothing that today would complete."""
    texts = ["now", "today", "10:30", "May", "May 5", "12", "-9", "-9999", "9999", "1.5", "202013"]
    texts += ["2024-13-02", "2024-02-30", "20241302", "31/31/2020", "30/2/2020", "2/30/2020"]
    texts += ["2020-01-01 - 2020-03-04", "5/2020/3", "1/2/3", "020-01-01"]
    assert read(texts, first=first) == [None] * len(texts)


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["2020-03-04"], None),
        (["3/4/2020", "31/12/2020"], True),
        (["3/4/2020", "12/31/2020"], False),
        (["3/4/2020"], False),
        (["3.4.2020"], True),
        (["3.4.2020", "12.31.2020"], False),
    ],
)
def test_the_order_that_dates_tell(texts: list[str], *, first: bool | None) -> None:
    """By a number above twelve, else by their dots."""
    assert days_lead(texts) is first


def test_days_first_in_training_are_so_ever_after(tmp_path: Path) -> None:
    """A new file whose dates could be either, or are dates of another format, is read alike."""
    (column, _) = raw_of(survey(tmp_path, ["3/4/2020", "5/4/2020", "31/12/2020"])).columns
    assert (column.kind, column.day_first) == ("date", True)
    expected = np.datetime64("2020-04-03").astype(int)
    for cell in ("3/4/2020", "2020-04-03", pd.Timestamp("2020-04-03"), date(2020, 4, 3)):
        new = TableFrame(pd.DataFrame({"when": [cell]}))
        assert new.values(column).tolist() == [expected]
    with pytest.raises(UserError) as error:
        TableFrame(pd.DataFrame({"when": ["3/4/2020", "12/31/2020"]})).values(column)
    assert str(error.value) == (
        "column 'when' must hold a date with the day first, got '12/31/2020' in row 2"
    )


def test_an_order_that_was_never_told(tmp_path: Path) -> None:
    """Where training dates began with the year, others are read if there is one way to."""
    (column, _) = raw_of(survey(tmp_path, ["2020-04-03", "2020-05-05", "2020-12-31"])).columns
    new = TableFrame(pd.DataFrame({"when": ["31/12/2020", "12/31/2020", "5/5/2020"]}))
    days = [np.datetime64(day).astype(int) for day in ("2020-12-31", "2020-12-31", "2020-05-05")]
    assert new.values(column).tolist() == days
    with pytest.raises(UserError) as error:
        TableFrame(pd.DataFrame({"when": ["3/4/2020"]})).values(column)
    assert str(error.value) == (
        "column 'when' must hold a date whose day and month are unambiguous,"
        " got '3/4/2020' in row 1"
    )


def test_doubtful_dates_are_named_and_turned(tmp_path: Path) -> None:
    """The report says how they are read; the setting holds for all columns."""
    path = survey(tmp_path, ["3/4/2020", "5/5/2020", "5/4/2020"])
    source = raw_of(path).source
    assert source is not None
    assert source.warnings == [
        "when: 3/4/2020 is read with the month first, since no date tells;"
        " data.day_first=true reads it the other way round"
    ]
    turned = raw_of(path, "data.day_first=true")
    assert turned.source is not None
    assert turned.source.warnings == []
    assert turned.columns[0].day_first is True
    assert turned.inputs[0, 0] == np.datetime64("2020-04-03").astype(int)
    by_time = raw_of(path, "data.time=when").source
    assert by_time is not None
    assert by_time.warnings == source.warnings
    timed = raw_of(path, "data.day_first=true", "data.time=when").constraints.times
    assert timed is not None
    assert timed[0] == np.datetime64("2020-04-03").astype(int)


def test_an_order_that_dates_contradict(tmp_path: Path) -> None:
    """Is refused, not read as text."""
    with pytest.raises(UserError) as error:
        raw_of(survey(tmp_path, ["31/12/2020", "3/4/2020", "5/4/2020"]), "data.day_first=false")
    assert str(error.value) == (
        "column 'when' must hold a date with the month first, got '31/12/2020' in row 1"
    )


def test_predicting_after_days_first(tmp_path: Path) -> None:
    """From schema.json: the same day, written in two ways and formats, has one prediction."""
    survey(tmp_path, [f"{day}/{month}/2020" for day in (3, 14, 31) for month in (1, 5, 10)])
    words = ["data=table", "data.path=t.csv", "data.target=y", "hydra.run.dir=run", "epochs=2"]
    done = command([*words, "quiet=true", "tracking.report=false"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    frame = pd.DataFrame({"when": ["3/4/2020", "2/11/2021"], "x": [1, 2]})
    frame.to_csv(tmp_path / "text.csv", index=False)
    dated = frame.assign(when=pd.to_datetime(frame["when"], dayfirst=True))
    dated.to_parquet(tmp_path / "dated.parquet")
    found = []
    for name in ("text.csv", "dated.parquet"):
        done = command(["predict", "run", name, "-o", "out.csv"], tmp_path, MLP_LAB)
        assert (done.returncode, done.stderr) == (0, "")
        found.append(pd.read_csv(tmp_path / "out.csv")["probability_p"].tolist())
    assert found[0] == found[1]
    frame.assign(when=["3/4/2020", "12/31/2020"]).to_csv(tmp_path / "mixed.csv", index=False)
    done = command(["predict", "run", "mixed.csv", "-o", "bad.csv"], tmp_path, MLP_LAB)
    assert done.returncode == 1
    assert done.stderr == (
        "column 'when' must hold a date with the day first, got '12/31/2020' in row 2\n"
    )
    assert not list(tmp_path.glob("*bad.csv*"))


FORMS = {
    "Dec 21, 1937": "1937-12-21 00:00",
    "December 21st 1937": "1937-12-21 00:00",
    "27jan2018": "2018-01-27 00:00",
    "27jan2018:10:20:00": "2018-01-27 10:20",
    "Mon, 5 March 2020 10:30": "2020-03-05 10:30",
    "2018-Jan-05": "2018-01-05 00:00",
    "Jan 2018": "2018-01-01 00:00",
    "2018-02": "2018-02-01 00:00",
    "02/2018": "2018-02-01 00:00",
    "2018Q1": "2018-01-01 00:00",
    "2018-Q4": "2018-10-01 00:00",
    "Q3 2018": "2018-07-01 00:00",
    "2020/01/02 1:05:00 PM GMT+8": "2020-01-02 13:05",
    "2020-01-02 03:04 CEST": "2020-01-02 03:04",
    "2020-01-02T03:00:00+02:00": "2020-01-02 03:00",
}
"""Text -> what it means; its zone is left out."""


@pytest.mark.parametrize("text", FORMS)
def test_forms_of_dates(text: str) -> None:
    """Of other programs, forms and countries."""
    assert is_date(text)
    (days,) = as_days([text], day_first=None)
    assert days is not None
    minutes = np.datetime64(0, "m") + np.timedelta64(round(days * 1440), "m")
    assert str(minutes).replace("T", " ") == FORMS[text]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["Dec 21, 1937", "Jan 3, 1940", "May 5, 2001"], "date"),
        (["2018Q1", "2018Q2", "2019Q4"], "date"),
        (["9:30", "10:15", "21:00"], "date"),
        (["1:05 PM", "11:15 AM", "2:00 AM"], "date"),
        (["9:30", "10:15", "late"], "category"),
        (["9:30", "10:15", "2020-01-02"], "category"),
        (["May", "June", "July"], "category"),
        (["3:1", "2:2", "0:1"], "category"),
    ],
)
def test_dates_are_found(texts: list[str], kind: str, tmp_path: Path) -> None:
    """Where all values have the form; times, scores and months alone are not mixed up."""
    path = tmp_path / "t.csv"
    rows = [f'"{texts[i % 3]}",{i % 7},{"pq"[i % 2]}' for i in range(ROWS)]
    path.write_text("\n".join(["when,x,y", *rows]))
    assert raw_of(path).columns[0].kind == kind


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".sav"])
def test_hours_come_again(suffix: str, tmp_path: Path) -> None:
    """A date with hours has the sine and cosine of its hour, weekday and month; a time its hour."""
    moments = pd.date_range("2022-01-01", periods=ROWS, freq="3h")
    frame = pd.DataFrame({"when": moments, "clock": moments.time, "day": moments.normalize()})
    frame["y"] = np.sin(2 * np.pi * moments.hour / 24).round(3)
    path = tmp_path / f"t{suffix}"
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    elif suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif suffix == ".parquet":
        frame.to_parquet(path)
    else:
        write_sav(frame, str(path))
    schema = problem_of(path, "data.target=y").encoded.schema
    names = schema.names
    waves = ["hour sine", "hour cosine", "weekday sine", "weekday cosine"]
    waves += ["month sine", "month cosine"]
    parts = [f"when:{part}" for part in ("year", "month", "weekday", "days", *waves)]
    clock = ["clock:days", "clock:hour sine", "clock:hour cosine"]
    days = [f"day:{part}" for part in ("year", "month", "weekday", "days")]
    assert names == parts + clock + days
    values = feature_values(TableFrame(frame), schema)
    encoded = schema.encode_inputs(lambda i, block: values[block, i], len(frame), "float64")
    for name in ("when:hour sine", "clock:hour sine"):
        np.testing.assert_allclose(encoded[:, names.index(name)], frame["y"], atol=1e-3)
    assert schema_of(json.loads(json.dumps(schema.to_dict()))) == schema


def test_a_clock_is_no_date() -> None:
    """In a new file, neither is the other."""
    clock = Column(name="t", kind="date", amount=CLOCK_TIMES)
    date = Column(name="t", kind="date")
    frame = TableFrame(pd.DataFrame({"t": ["9:30"]}))
    assert frame.values(clock).tolist() == [9.5 / 24]
    with pytest.raises(UserError, match=r"^column 't' must hold a date, got '9:30' in row 1$"):
        frame.values(date)
    with pytest.raises(UserError, match=r"must hold a time, got '2020-01-01' in row 1$"):
        TableFrame(pd.DataFrame({"t": ["2020-01-01"]})).values(clock)


MONTHS = {
    "January": "Januar Jan. Jänner gennaio gen janvier janv. enero ene ENERO",
    "February": "Februar Feb. febbraio feb février févr. Fevrier febrero",
    "March": "März Mär. Mrz marzo mars MARS",
    "April": "Apr. aprile apr avril avr. abril abr",
    "May": "Mai maggio mag mayo",
    "June": "Juni giugno giu juin junio",
    "July": "Juli luglio lug juillet juil. julio",
    "August": "Aug. agosto ago août aout",
    "September": "Sept. settembre set septembre septiembre",
    "October": "Oktober Okt. ottobre ott octobre octubre",
    "November": "Nov. novembre noviembre",
    "December": "Dezember Dez. dicembre dic décembre déc. diciembre",
}


@pytest.mark.parametrize("english", MONTHS)
def test_months_of_five_languages(english: str) -> None:
    """Whole and abbreviated, with and without a dot, by whatever sign the day is followed."""
    days = read([f"3 {english} 2019"])
    for month in MONTHS[english].split():
        for form in (
            "3 {} 2019",
            "3. {} 2019",
            "3-{}-19",
            "3 de {} de 2019",
            "2019 {} 3",
            "{} 2019",
        ):
            found = read([form.format(month), form.format(normalize("NFD", month))])
            first = [str(day)[:-2] + "01" for day in days]
            assert found == (first if form == "{} 2019" else days) * 2, (form, month)


def test_days_of_the_week_before_a_date() -> None:
    """In the same languages."""
    texts = ["Montag, 4. März 2019", "lunedì 4 marzo 2019", "lun. 4 mars 2019", "mar 4 marzo 2019"]
    assert read(texts) == ["2019-03-04"] * 4


def test_weeks() -> None:
    """They begin on the Monday that ISO 8601 says; a week that a year lacks is none."""
    texts = ["2018-W05", "2018W5", "2018W05", "W5/2018", "KW 5/2018", "2018 KW5"]
    assert read(texts) == ["2018-01-29"] * 6
    assert read(["2018-W05-3", "2020-W53", "2021-W01", "2019-W53", "2019-W00"]) == [
        *("2018-01-31", "2020-12-28", "2021-01-04", None, None)
    ]


@pytest.mark.parametrize("text", ["3 Marz 2019 x", "Maiden 2019", "3 maybe 2019", "Setting 2019"])
def test_words_that_begin_as_months_do(text: str) -> None:
    """They are none."""
    assert not is_date(text)


@pytest.mark.parametrize("month", ["{} März {}", "{} de enero de {}", "{}. Okt. {}"])
def test_months_by_name_in_files(tmp_path: Path, month: str) -> None:
    """They are dates in CSV, in Excel and in prediction."""
    dates = [month.format(1 + i % 28, 1990 + i) for i in range(ROWS)]
    path = survey(tmp_path, dates)
    assert raw_of(path).columns[0].kind == "date"
    book = tmp_path / "t.xlsx"
    pd.read_csv(path).to_excel(book, index=False)
    assert np.array_equal(raw_of(book).inputs, raw_of(path).inputs)
    assert np.array_equal(raw_of(path, "data.stream=always").inputs, raw_of(path).inputs)


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        ([f"{1 + i % 28}. März {1990 + i}" for i in range(ROWS)], "dates, as '1. März 1990'"),
        ([f"{1990 + i % 30}-W05" for i in range(ROWS)], "dates, as '1990-W05'"),
        ([f"{i % 24}:{10 + i % 50}" for i in range(ROWS)], "times, as '0:10'"),
    ],
)
def test_a_target_of_dates(tmp_path: Path, dates: list[str], said: str) -> None:
    """It is refused with what can be predicted instead; as classes it may be."""
    path = survey(tmp_path, dates)
    for task in ("auto", "regression"):
        with pytest.raises(UserError, match=f"^data.target=when holds {said}: a column of "):
            raw_of(path, "data.target=when", f"data.task={task}")
    few = survey(tmp_path, ["2019-01-02", "2020-03-04", "2021-05-06"], "few.csv")
    assert len(raw_of(few, "data.target=when").target_columns[0].levels) == 3
