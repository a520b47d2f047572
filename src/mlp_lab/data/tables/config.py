"""The settings of `data=table`: a file, its target, and how its columns are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from mlp_lab.data.columns import KINDS
from mlp_lab.data.config import DataConfig, FileSettings
from mlp_lab.errors import UserError, require, require_choice

Cell = str | int | float | bool

TASKS = ("auto", "regression", "binary", "multiclass", "multilabel")
DECLARABLE = (*KINDS, "text")

STREAM = {
    "auto": "auto",
    **dict.fromkeys(("always", "true"), "always"),
    **dict.fromkeys(("never", "false"), "never"),
}
"""What `data.stream` may say, and what it means."""

TEXT = tuple(f"{kind}{gz}" for kind in (".csv", ".txt", ".tsv", ".tab") for gz in ("", ".gz"))
PARQUET, FEATHER = (".parquet", ".pq"), (".feather", ".arrow")
EXCEL, STATA, SPSS = (".xlsx", ".xlsm"), (".dta",), (".sav", ".zsav")
SUFFIXES = (*TEXT, *PARQUET, *FEATHER, *EXCEL, *STATA, *SPSS)
"""Suffixes of the files that can be read."""

FORMATS_WITH = {
    **dict.fromkeys(("delimiter", "quote"), ("text", TEXT)),
    "encoding": ("text or SPSS", (*TEXT, *SPSS)),
    "sheet": ("Excel", EXCEL),
    **dict.fromkeys(("header", "skip_rows"), ("text or Excel", (*TEXT, *EXCEL))),
    "comment": ("text", TEXT),
}
"""Setting of how a file is written -> the formats that have such a thing, and their suffixes."""

DEFAULTS = {field.name: field.default for field in fields(FileSettings)}


def suffix_of(path: Path) -> str:
    """A file's suffix in small letters, `.gz` included.

    >>> suffix_of(Path("survey.2024.CSV.gz"))
    '.csv.gz'
    """
    name = path.name.lower()
    plain = name.removesuffix(".gz")
    return Path(plain).suffix + name[len(plain) :]


def require_use(written: Mapping[str, object], paths: Sequence[str]) -> None:
    """Refuse what somebody says of how files are written where none of them has such a thing.

    Raises:
        UserError: a setting other than its default is of no use for any of the files.
    """
    suffixes = {
        PARQUET[0] if Path(path).is_dir() else suffix_of(Path(path)) for path in paths
    }  # a folder is one of Parquet files
    for name, (format_name, with_it) in FORMATS_WITH.items():
        value = written.get(name, DEFAULTS[name])
        if value != DEFAULTS[name] and suffixes <= {*SUFFIXES} - {*with_it}:
            names = " and ".join(Path(path).name for path in paths)
            raise UserError(
                f"data.{name}={value} is of no use for {names}: it is for {format_name} files"
            )


@dataclass(kw_only=True, slots=True)
class TableConfig(DataConfig):
    """A file of rows and columns.

    `path` and `target` say what is learnt, one column or several; `test_path` is a file of test
    rows. `features` names the columns to read (null: all that are left), `drop` those to leave out.
    `types` declares the kind of a column, `levels` the order of an ordinal one's values,
    `separators` the sign between several answers in its cells. `missing`
    lists codes that mean no answer, in every column; `missing_in`, in one; `missing_words`, words
    that do so unless they are declared levels. `day_first` reads
    3/4/2020 as the third of April; null finds out. `min_frequency` is the share of training rows
    below which levels of a category count as one (as in scikit-learn's OneHotEncoder).
    `binary_inputs` of a category with two levels: 1, or 2 as of any other.

    `weight` is a column of row weights. `group`: rows with one value stay in one part (not beside
    `time` or `part`), and are a cluster of a sample; `strata`: the column within whose values these
    were sampled. Intervals of scores resample clusters within strata. `time`: the latest rows are
    the test. `part`: a column
    that says train, val or test. `task`: auto, regression, binary, multiclass, or multilabel of
    several columns. `drop_missing_target` leaves out rows without a target.
    `delimiter`, `quote`, `encoding`, `decimal`, `sheet`, `header`, `skip_rows` and `comment` say
    how the file is written.
    `stream` reads by columns from disk: always or true, never or false, auto where the table is
    large. `report_only` stops after the data report.
    """

    path: str | None
    test_path: str | None
    target: str | list[str] | None
    task: str
    features: list[str] | None
    drop: list[str]
    types: dict[str, str]
    levels: dict[str, list[Cell]]
    separators: dict[str, str]
    missing: list[Cell]
    missing_in: dict[str, list[Cell]]
    missing_words: list[Cell] | None
    day_first: bool | None
    min_frequency: float
    binary_inputs: int
    weight: str | None
    group: str | None
    strata: str | None
    time: str | None
    part: str | None
    drop_missing_target: bool
    delimiter: str
    quote: str
    encoding: str
    decimal: str
    sheet: str | int | None
    header: str | int
    skip_rows: int | list[int]
    comment: str
    stream: str | bool
    report_only: bool

    def __post_init__(self) -> None:
        DataConfig.__post_init__(self)
        require_choice(self.task, "data.task", TASKS)
        for column, kind in self.types.items():
            require_choice(kind, f"data.types.{column}", DECLARABLE)
        for column, levels in self.levels.items():
            require(len(levels) >= 2, f"data.levels.{column}", "a list of two or more", levels)
            if (kind := self.types.get(column, "ordinal")) != "ordinal":
                what = f"data.types.{column} is {kind}"
                raise UserError(f"data.levels.{column} is for an ordinal column, but {what}")
        self._check_separators()
        for column, kind in self.types.items():
            if kind == "ordinal" and column not in self.levels:
                example = f"data.levels.{column}=[low,middle,high]"
                raise UserError(
                    f"data.types.{column}=ordinal needs its values in order, as {example}"
                )
        least = self.min_frequency
        require(0 <= least < 1, "data.min_frequency", "in [0, 1)", least)
        self._check_targets()
        require_choice(str(self.stream).lower(), "data.stream", STREAM)
        require(self.binary_inputs in (1, 2), "data.binary_inputs", "1 or 2", self.binary_inputs)
        self._check_roles()

    def _check_separators(self) -> None:
        for column, sign in self.separators.items():
            key = f"data.separators.{column}"
            require(sign.strip(" ") != "", key, "a sign between answers, as ;", sign)
            whole = sign == "newline" or not sign.replace(" ", "").isalnum()
            parts = sign[0] == sign[-1] == " "
            require(whole or parts, key, "a word between blanks, as ' and '", sign)
            kind = "ordinal" if column in self.levels else self.types.get(column, "multiple")
            if kind != "multiple":
                what = f"levels.{column} gives" if column in self.levels else f"types.{column} is"
                said = what + (" an order" if column in self.levels else f" {kind}")
                raise UserError(f"{key} is for several answers in a cell, but data.{said}")

    def _check_targets(self) -> None:
        names, several = self.targets, len(self.targets) > 1
        if self.target is not None and not names:
            raise UserError("data.target must name a column or several, got an empty list")
        for name in names:
            if names.count(name) > 1:
                raise UserError(f"data.target names {name} twice")
        if self.task == "multilabel" and names and not several:
            raise UserError(
                f"data.task=multilabel needs several columns in data.target, got {names[0]}:"
                " use binary"
            )
        if self.task == "multiclass" and several:
            raise UserError(
                f"data.task=multiclass is for one target, but data.target names {len(names)}:"
                " several are all numbers, or have two classes each (multilabel)"
            )

    def _check_roles(self) -> None:
        roles = {name: getattr(self, name) for name in ("weight", "group", "strata", "part")}
        for key, column in roles.items():
            if column is not None and column in self.targets:
                what = "the target" if len(self.targets) == 1 else "one of the targets"
                raise UserError(f"data.{key}={column} is {what}: choose another column")
        for key, columns in (("features", self.features or []), ("drop", self.drop)):
            for name in self.targets:
                if name in columns:
                    what = "the target" if len(self.targets) == 1 else "one of the targets"
                    raise UserError(f"data.{key} names {what}, {name}")
        ways = {"time": self.time, "part": self.part}
        chosen = [f"data.{name}" for name, column in ways.items() if column is not None]
        if len(chosen) > 1:
            raise UserError(f"{' and '.join(chosen)} both decide the split: choose one")
        if self.part is not None and self.test_path is not None:
            raise UserError("data.part and data.test_path both decide the test rows: choose one")
        if self.time is not None and self.folds is not None:
            why = "later rows would train for earlier ones"
            raise UserError(f"data.folds does not fit data.time: {why}")
        self._check_strata()

    def _check_strata(self) -> None:
        said = {
            "group": "each stratum would have one cluster",
            "part": "each part would have one stratum",
        }
        for key, why in said.items():
            if self.strata is not None and self.strata == getattr(self, key):
                raise UserError(f"data.strata={self.strata} is data.{key}, too: {why}")

    @property
    def may_validate(self) -> bool:
        """Whether some rows may be kept for validation: `part` may say so."""
        return self.part is not None or self.folds is not None or self.val_fraction > 0

    @property
    def targets(self) -> list[str]:
        """Names of the columns to predict."""
        if self.target is None:
            return []
        return [self.target] if isinstance(self.target, str) else self.target

    @property
    def inputs_of_two(self) -> int:
        """See `binary_inputs`."""
        return self.binary_inputs

    @property
    def streaming(self) -> str:
        """See `stream`: auto, always or never."""
        return STREAM[str(self.stream).lower()]

    @property
    def where(self) -> str:
        """What its rows are called: a file, or a frame that is in memory."""
        return self.path or "the DataFrame"

    @property
    def file(self) -> FileSettings:
        """How the file is written, as far as the settings say."""
        return FileSettings(**{name: getattr(self, name) for name in DEFAULTS})
