"""Every setting that the report of a table prints can be pasted, and does what is said of it."""

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from surveys import SETTING, pasted, problem_of, raw_of

from mlp_lab.config.overrides import readable
from mlp_lab.data.rows import RawData
from mlp_lab.data.tables.printing import report_text
from mlp_lab.errors import UserError

ROWS = 60
NUMBERS = np.arange(ROWS)
NAMES = [
    *("Age (years)", "Mother's job", "q:1", "education.num", "2020", "größe", "age, in years"),
    *("a=b", "$pay", "[x]", " lead", 'say "hi"', "{x}", "true", "null", "-", "a\\b", "1e5", "${y}"),
]
"""Names that a shell, Hydra or YAML would take for something else."""


def table(folder: Path, name: str, cells: object, **others: object) -> Path:
    """A file with such a column, a number and two classes."""
    frame = pd.DataFrame({name: cells, "z": NUMBERS * 7 % 13, **others})
    path = folder / "t.csv"
    frame.assign(y=["p", "q", "q"] * 20).to_csv(path, index=False)
    return path


def some(word: str, of: Callable[[int], object] = lambda i: i * 1.5) -> list[object]:
    """Numbers, of which a few are a word."""
    return [word if i % 25 == 3 else of(i) for i in range(ROWS)]


CELLS: dict[str, object] = {
    "missing_in": some("refused"),
    "missing_in of a category": some("it's, so", lambda i: i % 17),
    "drop": NUMBERS * 37 % 101,
    "types": some("$1,200"),
    "types of an ordinal": [["0", "1", "2+"][i % 3] for i in range(ROWS)],
    "missing_words": [["NA", "b", "c"][i * i % 3] for i in range(ROWS)],
    "infinite": some("-Inf"),
    "comma": [f"{i % 17},5" for i in range(ROWS)],
    "thousands": [f"{i % 9 + 1},000" for i in range(ROWS)],
}
"""What the settings are about -> cells of a column that make the report print one."""


def said(path: Path, *words: str) -> str:
    """What is printed of a table."""
    try:
        raw = raw_of(path, *words)
    except UserError as error:
        return str(error)
    assert raw.source is not None
    reasons = [f"not read: {column.name} ({column.reason})" for column in raw.source.dropped]
    return "\n".join([*raw.source.warnings, *reasons])


def pairs(some: Iterable[Any]) -> list[tuple[Any, str]]:
    """Each with three names, and each name with some."""
    return [
        (one, NAMES[(7 * i + 6 * k) % len(NAMES)]) for i, one in enumerate(some) for k in range(3)
    ]


@pytest.mark.parametrize(("about", "name"), pairs(CELLS))
def test_a_suggestion_works(about: str, name: str, tmp_path: Path) -> None:
    """However the column is called: the table is read, and nothing is suggested any more."""
    path = table(tmp_path, name, CELLS[about])
    before = said(path)
    settings = pasted(before)
    assert settings, before
    if about == "missing_words":
        assert not np.isnan(raw_of(path, *settings).inputs).any()
        return
    raw = raw_of(path, *settings)
    assert raw.source is not None
    after = "\n".join(raw.source.warnings)
    assert not set(settings) & set(pasted(after))
    kept = {column.name.strip(): column.kind for column in raw.columns}
    assert (name.strip() in kept) == (about != "drop")
    if about.startswith("types"):
        assert kept[name.strip()] == "category"


@pytest.mark.parametrize("name", NAMES[::3])
def test_leakage(name: str, tmp_path: Path) -> None:
    """The setting that leaves a column out, in the report's own words."""
    path = table(tmp_path, name, [[0, 1, 1][i % 3] + 0.25 for i in range(ROWS)])
    overview = problem_of(path, "data.target=y").overview
    assert overview is not None
    text = report_text(overview)
    (line,) = (line for line in text.splitlines() if line.startswith("possible target leakage"))
    (setting,) = pasted(text[text.index(line) :].replace("\n", " "))
    assert [column.name for column in raw_of(path, setting).columns] == ["z"]


SAID: list[tuple[str, object, Callable[[RawData, str], bool]]] = [
    ("data.types.{}=category", NUMBERS % 7, lambda raw, name: _kind(raw, name) == "category"),
    ("data.levels.{}=[2,1,0]", NUMBERS % 3, lambda raw, name: _kind(raw, name) == "ordinal"),
    ("data.missing_in.{}=[3]", NUMBERS % 11, lambda raw, _: bool(np.isnan(raw.inputs).any())),
    ("data.drop=[{}]", NUMBERS % 11, lambda raw, name: _kind(raw, name) == ""),
    ("data.features=[{}]", NUMBERS % 11, lambda raw, name: len(raw.columns) == 1),
    ("data.group={}", NUMBERS % 11, lambda raw, _: raw.constraints.groups is not None),
    ("data.strata={}", NUMBERS % 11, lambda raw, _: raw.design is not None),
    ("data.target={}", NUMBERS % 11, lambda raw, name: raw.target_columns[0].name == name),
]


def _kind(raw: RawData, name: str) -> str:
    return {column.name: column.kind for column in raw.columns}.get(name, "")


@pytest.mark.parametrize(("setting", "name"), pairs(SAID))
def test_settings_by_column(
    setting: tuple[str, object, Callable[[RawData, str], bool]], name: str, tmp_path: Path
) -> None:
    """Any name can be typed in any setting, in quotes where it could be something else."""
    form, cells, holds = setting
    follows = form.startswith(("data.types", "data.levels", "data.missing_in"))
    quotes = not follows and (name == "null" or any(sign in name for sign in ",[]{}\"'"))
    typed = '"' + name.replace('"', '\\"') + '"' if quotes else name
    path = table(tmp_path, name, cells)
    assert holds(raw_of(path, readable(form.format(typed))), name)


def test_settings_are_found_in_sentences() -> None:
    """By these tests, as a reader would copy them."""
    sentence = "a: 5; data.drop=['zip code'] if so, 'data.types.a b=category' reads (data.x=[1,2])"
    found = SETTING.findall(sentence)
    assert [shlex.split(word)[0] for word in found] == [
        *("data.drop=[zip code]", "data.types.a b=category", "data.x=[1,2]")
    ]
