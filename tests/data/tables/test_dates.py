"""Dates: what a text means never depends on the clock, and no day becomes a month unsaid."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import MLP_LAB, command
from surveys import raw_of

from mlp_lab.data.tables.dates import as_days, days_lead
from mlp_lab.data.tables.frames import TableFrame
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
