"""A survey with every difficulty of a real one, made by the tests."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lab import configure, train

from mlp_lab.commands.main import main
from mlp_lab.config.overrides import readable
from mlp_lab.config.schema import Config
from mlp_lab.data.loading import load_rows
from mlp_lab.data.rows import RawData
from mlp_lab.runs.prepared_data import PreparedData, prepare_data

ROWS = 400
REGIONS = ["north", "south", "east", "west", "islands"]
"""The last in so few rows that it is rare."""


def survey(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Mixed types, missing codes, dates, groups, weights, an identifier, a constant, free text."""
    draw = np.random.default_rng(seed)
    age = draw.integers(18, 95, rows)
    region = draw.choice(REGIONS[:-1], rows, p=[0.4, 0.3, 0.2, 0.1]).astype(object)
    region[50::130] = REGIONS[-1]
    income = np.round(draw.lognormal(8, 0.6, rows), 2)
    trust = draw.choice(["low", "middle", "high"], rows)
    score = (age - 50) / 15 + (trust == "high") + draw.normal(size=rows)
    frame = pd.DataFrame(
        {
            "id": np.arange(1, rows + 1),
            "age": np.where(draw.uniform(size=rows) < 0.1, -9, age),
            "income": np.where(draw.uniform(size=rows) < 0.2, np.nan, income),
            "region": pd.Series(region).where(draw.uniform(size=rows) >= 0.05),
            "smoker": draw.choice(["yes", "no"], rows),
            "trust": trust,
            "zip": [f"{code:05}" for code in draw.choice([1001, 1002, 20095], rows)],
            "interview": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(draw.integers(0, 900, rows), "D"),
            "household": draw.integers(0, rows // 3, rows),
            "weight": np.round(draw.uniform(0.2, 3, rows), 2),
            "country": "DE",
            "remark": [f"remark {draw.integers(10**9)} of somebody" for _ in range(rows)],
            "voted": np.where(score > 0, "yes", "no"),
        }
    )
    return frame.assign(interview=frame["interview"].dt.strftime("%Y-%m-%d"))


SETTINGS = (
    "data=table",
    "data.target=voted",
    "data.types.zip=category",
    "data.levels.trust=[low,middle,high]",
    "data.missing_in.age=[-9]",
    "data.weight=weight",
    "data.group=household",
)
"""What a careful user says of that survey."""


def written(frame: pd.DataFrame, folder: Path, name: str = "survey.csv") -> Path:
    """The frame as a CSV file."""
    path = folder / name
    frame.to_csv(path, index=False)
    return path


def config_of(path: Path, *overrides: str) -> Config:
    """`data=table` for a file."""
    return configure("data=table", f"data.path='{path}'", *overrides)


def raw_of(path: Path, *overrides: str) -> RawData:
    """The rows of a file whose target is y, unless an override says otherwise."""
    return load_rows(config_of(path, "data.target=y", *overrides).data)


def problem_of(path: Path, *overrides: str) -> PreparedData:
    """What is learnt from a file."""
    return prepare_data(config_of(path, *overrides))


def survey_run(folder: Path) -> Path:
    """A run on the survey, with everything a careful user says."""
    path = written(survey(), folder)
    return train(
        folder / "run", *SETTINGS, f"data.path='{path}'", "model=shallow", "epochs=8", "quiet=true"
    )


SETTING = re.compile(
    r"(?:'data\.[^']*'(?:\"'\"'[^']*')*|data\.[\w.:-]+=(?:\[(?:'[^']*'|\"[^\"]*\"|[^\]'\"])*\]|'[^']*'|[\w.]+))"
)
"""A setting in a sentence, as it is typed in a shell."""


def pasted(sentence: str) -> list[str]:
    """The settings that a sentence prints, as a shell hands them on and the command reads them."""
    return [readable(word) for found in SETTING.findall(sentence) for word in shlex.split(found)]


def call(*words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mlp-lab ...` in this process."""
    monkeypatch.setattr("sys.argv", ["mlp-lab", *words])
    main()
