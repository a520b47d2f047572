"""Commands of `train` at random: groups, settings that may or may not be, sweeps, searches, folds.

Most settings are plausible, so that most commands get as far as training, in odd company.
"""

from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache
from pathlib import Path
from typing import cast, get_type_hints

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from mlp_lab.config.schema import CHOICES, Config
from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.losses import LOSS_CONFIGS

ODD = (
    *("-1", "0", "1", "2.5", "1e300", "-1e300", "1e-320", "1e400", "nan", "inf", "-inf", "1e-30"),
    *("1" + "0" * 20, "9" * 400, "0x10", "1_0", "null", "true", "false", "text", "''", "[]"),
    *("[1,-2]", "[[1]]", "{a:1}", "{a:[1,2]}", "[null]", "${nosuch}", "${seed}", "${epochs}"),
    *("${data}", "$x$", "'a b'", "収入", "ß", "'\\x1b[31m'", "a.b", "/", "~", "...", "C:x", "nul"),
)
"""Values that a key may or may not take."""

SELDOM = 25
"""One setting in so many is odd."""

FRACTIONS = ("0", "0.1", "0.1", "0.25", "0.5", "0.9", "0.99")

COLUMNS = ("age", "sex", "town", "born", "pay", "won", "kind", "share", "house", "cut", "empty")

NAMES = (*(f"[{name}]" for name in COLUMNS), "[age,town]", "[sex,pay,born]", "[]", "[nosuch]")

PLAUSIBLE: dict[str, Sequence[str]] = {
    "model.depth": ("0", "1", "2", "3", "7"),
    "model.width": ("1", "2", "8", "17", "40", "[4]", "[3,5]", "[5,4,3]"),
    "model.activation": (*ACTIVATIONS, "[relu]", "[tanh,relu]", "[elu,gelu,silu]"),
    "model.output": ("auto", "linear", "sigmoid", "softmax"),
    "model.dropout": ("0", "0.2", "0.5", "0.99"),
    "model.init": ("he", "glorot", "torch"),
    "data.folds": ("null", "2", "3", "10"),
    "data.fold": ("0", "1", "2"),
    "data.repeat": ("0", "1", "5"),
    "data.train_rows": ("null", "1", "2", "10", "40", "100"),
    "data.label_noise": ("0", "0.2", "1", "3"),
    "data.scaling": ("standard", "robust", "quantile", "none"),
    "data.quantiles": ("2", "30"),
    "data.quantile_noise": ("0", "0.01"),
    "data.target_transform": ("none", "log", "log1p"),
    "data.class_weights": ("none", "balanced"),
    "data.rows": ("5", "20", "50", "100", "333"),
    "data.noise": ("0", "0.1", "3", "1e9", "1e30"),
    "data.classes": ("2", "3", "7", "20"),
    "data.turns": ("0.5", "2", "100"),
    "data.points": ("1", "40", "333"),
    "data.periods": ("0.5", "2", "100"),
    "data.outliers": ("0", "0.1", "1"),
    "data.target": COLUMNS,
    "data.task": ("auto", "regression", "binary", "multiclass"),
    "data.features": NAMES,
    "data.drop": NAMES,
    "data.types": tuple(
        f"{{{name}:{kind}}}"
        for name in COLUMNS
        for kind in ("numeric", "binary", "category", "ordinal", "date", "multiple", "text")
    ),
    "data.levels": ("{town:[Ulm,Rom,Oslo]}", "{kind:[a,b,c]}", "{house:[1,2,3]}", "{cut:[x]}"),
    "data.separators": ("{town:;}", "{kind:' '}", "{age:newline}"),
    "data.missing": ("[-9]", "[Ulm]", "[1,0]", "[a,b]", "['']"),
    "data.missing_in": ("{age:[-9]}", "{town:[Rom]}", "{won:[yes]}", "{kind:[c]}"),
    "data.missing_words": ("[]", "[NA]", "[Ulm,null]", "null"),
    "data.header": ("auto", "none", "1", "2"),
    "data.skip_rows": ("0", "1", "[2]", "[-1]"),
    "data.comment": ("''", "'#'", "a"),
    "data.min_frequency": ("0", "0.01", "0.3", "0.9"),
    **dict.fromkeys(
        (f"data.{role}" for role in ("weight", "group", "strata", "time", "part")),
        ("null", *COLUMNS),
    ),
    "data.delimiter": ("auto", "\\,", ";", "|", "\\t"),
    "data.quote": ("'\"'", '"\'"', "null"),
    "data.encoding": ("auto", "utf-8", "utf-16", "cp1252", "ascii", "idna", "rot13", "base64"),
    "data.decimal": ("auto", ".", "\\,"),
    "data.sheet": ("null", "0", "1", "Sheet1"),
    "data.path": ("table.csv", "table.parquet", "table.xlsx", "few.csv"),
    "data.test_path": ("null", "table.csv", "few.csv", "table.parquet"),
    "loss.delta": ("0.1", "1", "1e30"),
    "loss.quantile": ("0.01", "0.5", "0.9"),
    "loss.gamma": ("0", "0.5", "1000"),
    "loss.label_smoothing": ("0", "0.1", "0.99"),
    "optimizer.lr": ("0.01", "0.3", "1e-9", "100", "1e20"),
    "optimizer.weight_decay": ("0", "0.01", "2"),
    "optimizer.clip_norm": ("null", "1", "1e-6"),
    "schedule.step_size": ("1", "2", "9"),
    "schedule.warmup_epochs": ("1", "2"),
    "schedule.warmup_share": ("0.1", "0.5"),
    "schedule.per": ("epoch", "step"),
    "schedule.then": ("constant", "cosine"),
    "schedule.patience": ("0", "1", "5"),
    "stop.patience": ("null", "1", "2"),
    "stop.monitor": ("loss", "metric", "r2", "roc_auc", "f1"),
    "stop.min_delta": ("0", "0.1"),
    "stop.weights_tol": ("null", "0.001", "10"),
    "stop.seconds": ("null", "0.01", "5"),
    "tracking.histograms": ("0", "1", "2"),
    "seed": ("0", "1", "99999"),
    "epochs": ("1", "2", "3"),
    "batch_size": ("1", "7", "32", "1000", "full"),
    "device": ("auto", "cpu"),
    "dtype": ("float32", "float64"),
    "gradient": ("explicit", "autograd"),
    "threads": ("1", "2"),
}
"""Key -> values that make sense in some company."""

NEVER = ("resume", "data.name", "optimizer.name", "schedule.name", "loss.name", "device", "devices")
"""Keys that groups set; what other attacks are for; and what starts processes in each command."""

MODELS, LOSSES = ("deep", "perceptron", "shallow", "wide"), tuple(LOSS_CONFIGS)

SWEEP_SETTINGS = (
    *("sweep.members=1", "sweep.members=2", "sweep.memory=0.001", "sweep.processes=1"),
    *("sweep.halving=2", "sweep.halving=3 sweep.brackets=2", "sweep.first_rung=2"),
    *("sweep.select=loss", "sweep.dry_run=true", "sweep.latex=t.tex", "hydra/launcher=basic"),
    *("sweep.members=3", "sweep.processes=2", "sweep.memory=0.1"),
)

INTERVALS = {
    "optimizer.lr": ("interval(1e-4,1e-1)", "tag(log,interval(1e-5,10))", "0.1,1"),
    "model.width": ("range(1,9)", "range(2,20,3)", "3,5"),
    "model.dropout": ("interval(0,0.9)", "choice(0,0.5)"),
    "batch_size": ("choice(8,full)", "range(4,64,4)"),
}
"""Key -> what a search may look through."""


@dataclass(frozen=True)
class Command:
    """Words after `train`, and whether they are a sweep's."""

    words: tuple[str, ...]
    sweeping: bool

    @property
    def one_by_one(self) -> bool:
        """Whether Hydra begins one job after another, each with a folder of its own."""
        return "hydra/launcher=basic" in self.words


def save_tables(folder: Path) -> None:
    """Small files with a column of every kind, some cells of which are missing."""
    chance, rows = np.random.default_rng(3), 60
    age = chance.integers(17, 90, rows).astype(float)
    days = pd.Timestamp("1990-01-01") + pd.to_timedelta(chance.integers(0, 9000, rows), "D")
    frame = pd.DataFrame(
        {
            "age": np.where(chance.random(rows) < 0.1, np.nan, age),
            "sex": chance.choice(["f", "m"], rows),
            "town": chance.choice(["Ulm", "Rom", "Oslo", "Köln", ""], rows),
            "born": days.strftime("%Y-%m-%d"),
            "pay": np.exp(chance.normal(size=rows)).round(4),
            "won": np.where(age + 9 * chance.normal(size=rows) > 50, "yes", "no"),
            "kind": chance.choice(["a", "b", "c"], rows),
            "share": chance.random(rows).round(3),
            "house": chance.integers(1, 20, rows),
            "cut": chance.choice(["train", "val", "test"], rows, p=[0.6, 0.2, 0.2]),
            "empty": None,
        }
    )
    frame.to_csv(folder / "table.csv", index=False)
    frame.to_parquet(folder / "table.parquet")
    frame.to_excel(folder / "table.xlsx", index=False)
    frame[:12].to_csv(folder / "few.csv", index=False, sep=";", decimal=",")


@cache
def keys_of(data: str, loss: str, optimizer: str, schedule: str) -> dict[str, object]:
    """Keys of a run with some choices, and their types."""
    chosen = {"data": data, "loss": loss, "optimizer": optimizer, "schedule": schedule}
    found: dict[str, object] = {}

    def add(kind: type, path: str) -> None:
        for name, declared in get_type_hints(kind).items():
            hint = CHOICES[declared][chosen[name]] if name in chosen else declared
            if isinstance(hint, type) and is_dataclass(hint):
                add(hint, f"{path}{name}.")
            elif f"{path}{name}" not in NEVER:
                found[f"{path}{name}"] = hint

    add(Config, "")
    return found


def plausible(key: str, hint: object) -> Sequence[str]:
    """Values of which a key's type, or this list, says that they may be."""
    if key in PLAUSIBLE:
        return PLAUSIBLE[key]
    if hint in (bool, bool | None):
        return ("true", "false")
    return FRACTIONS if hint in (float, float | None) else ("0", "1", "3")


@st.composite
def settings_of(draw: st.DrawFn, keys: dict[str, object], key: str) -> str:
    """A value for a key."""
    odd = draw(st.integers(1, SELDOM)) == SELDOM
    return draw(st.sampled_from(ODD if odd else plausible(key, keys[key])))


@st.composite
def commands(draw: st.DrawFn) -> Command:
    """One run, or several."""
    data = draw(st.sampled_from([*CHOICES[_hint("data")], *["table"] * 6]))
    optimizer = draw(st.sampled_from(list(CHOICES[_hint("optimizer")])))
    schedule = draw(st.sampled_from(list(CHOICES[_hint("schedule")])))
    loss = draw(st.sampled_from([*["auto"] * 6, "mse", *LOSSES]))
    keys = keys_of(data, loss, optimizer, schedule)
    said = {
        "data": data,
        "model": draw(st.sampled_from(MODELS)),
        "loss": loss,
        "optimizer": optimizer,
        "schedule": schedule,
        **({"batch_size": "full"} if optimizer == "gd" else {}),
        **({"schedule.warmup_epochs": "1"} if schedule == "warmup" else {}),
        "model.width": "6",
        "epochs": "2",
        "quiet": "true",
        "tracking.report": "false",
    }
    if data == "table":
        said["data.path"] = draw(st.sampled_from(PLAUSIBLE["data.path"]))
        said["data.target"] = draw(st.sampled_from(COLUMNS))
        said["data.drop_missing_target"] = "true"
    for key in draw(st.lists(st.sampled_from(sorted(keys)), max_size=6, unique=True)):
        said[key] = draw(settings_of(keys, key))
    kind = draw(st.sampled_from(["run", "run", "run", "grid", "folds", "search"]))
    several = [] if kind == "run" else draw(MORE[kind](keys, said))
    return Command((*several, *(f"{key}={value}" for key, value in said.items())), kind != "run")


def _hint(group: str) -> type:
    """The class of a group."""
    return cast(type, get_type_hints(Config)[group])


@st.composite
def grid(draw: st.DrawFn, keys: dict[str, object], said: dict[str, str]) -> list[str]:
    """A sweep over a key or two, whose single values go."""
    words = ["-m"]
    for key in draw(st.lists(st.sampled_from(sorted(keys)), min_size=1, max_size=2, unique=True)):
        values = draw(st.lists(settings_of(keys, key), min_size=1, max_size=3))
        said.pop(key, None)
        words.append(f"{key}={','.join(values)}")
    return words + draw(_sweep_settings())


@st.composite
def folds(draw: st.DrawFn, keys: dict[str, object], said: dict[str, str]) -> list[str]:
    """A cross-validation."""
    repeats = draw(st.sampled_from([[], ["cv_repeats=2"], ["seed=0,1"], ["cv_repeats=0"]]))
    if repeats:
        said.pop("seed", None)
    return ["-m", f"cv={draw(st.sampled_from([2, 3, 5, 60]))}", *repeats, *draw(_sweep_settings())]


@st.composite
def search(draw: st.DrawFn, keys: dict[str, object], said: dict[str, str]) -> list[str]:
    """A search of a few trials."""
    words = ["-m", "hydra/sweeper=optuna", f"hydra.sweeper.n_trials={draw(st.integers(1, 4))}"]
    for key in draw(st.lists(st.sampled_from(sorted(INTERVALS)), min_size=1, unique=True)):
        said.pop(key, None)
        words.append(f"{key}={draw(st.sampled_from(INTERVALS[key]))}")
    words.append(f"hydra.sweeper.batch={draw(st.integers(1, 3))}")
    return words + draw(_sweep_settings())


@st.composite
def _sweep_settings(draw: st.DrawFn) -> list[str]:
    """Settings of a sweep, if any."""
    found = draw(st.lists(st.sampled_from(SWEEP_SETTINGS), max_size=2, unique=True))
    named = {word.partition("=")[0]: word for words in found for word in words.split()}
    return list(named.values())


MORE = {"grid": grid, "folds": folds, "search": search}
