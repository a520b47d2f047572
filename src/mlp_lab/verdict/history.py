"""What was tried before on the same data: finished runs in the folders beside a run's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mlp_lab.config.groups import composed
from mlp_lab.config.reading import read
from mlp_lab.config.saved import saved_values
from mlp_lab.config.schema import GROUPS, Config
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.errors import UserError
from mlp_lab.formatting import typed_value
from mlp_lab.plain import read_as
from mlp_lab.runs.findings import Finding, Verdict
from mlp_lab.runs.folder import OF_A_SWEEP, RESULT
from mlp_lab.runs.job import INCIDENTAL, Job
from mlp_lab.runs.progress import Origin, Progress
from mlp_lab.runs.result_file import ENDED, result_of

MOST = 100
"""Folders that are looked at, the latest: each takes a fraction of a millisecond."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
"""A folder of a day's runs, beside those of other days."""
OF_THE_NETWORK = ("data.scaling", "data.class_weights", "data.drop")
"""Settings of the data that leave the rows and their parts as they are."""
OF_THE_ROWS = ("data", "seed", "experiment", "--config-name", "--config-dir")
"""Where words begin that say which rows there are."""

OF_OTHER_FILES = ("experiment", "--config-name", "--config-dir")
"""Where words begin that bring settings which these words do not say."""
OF_NO_RESULT = (*INCIDENTAL, "hydra")
"""Settings on which no result depends."""

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A finished run on the same data: its command line, and what result.json says."""

    folder: Path
    overrides: Sequence[str]
    result: Mapping[str, Any]

    @property
    def words(self) -> Words:
        """Its settings, for comparison."""
        return settings_of(self.overrides)

    @property
    def verdict(self) -> Verdict:
        """What was found of it."""
        found = self.result["verdict"]
        return Verdict(_finding(found), [_finding(note) for note in found["notes"]])

    def job(self) -> Job | None:
        """What it was asked to do; nothing where its configuration cannot be read any more."""
        try:
            values = saved_values(self.folder)
            return Job(read(Config, values, ""), values, self.folder, self.overrides)
        except (UserError, OSError):
            return None

    def progress(self) -> Progress:
        """As much of where it ended as another command line needs."""
        return Progress(EarlyStopping(), Origin("", "", list(self.overrides)))


def _finding(found: Mapping[str, Any]) -> Finding:
    numbers = {name: float(value or 0) for name, value in found["numbers"].items()}
    return Finding(found["kind"], found["words"], found["rule"], numbers, found["since"])


def earlier_runs(job: Job, overrides: Sequence[str]) -> list[Earlier]:
    """Finished runs beside a run's folder with the same data and seed, the latest first.

    `overrides`: the words that the run began with.
    """
    rows = rows_of(settings_of(overrides))
    found = []
    for folder in _folders_beside(job.folder):
        try:
            result = result_of(folder)
        except UserError:
            continue
        words = read_as(list[str], result.get("overrides", []))
        if result.get("status") in ENDED and rows_of(settings_of(words)) == rows:
            found.append(Earlier(folder, words, result))
    return found


def _folders_beside(own: Path) -> list[Path]:
    """Other folders with results, the latest first; a sweep's jobs were not tried one by one."""
    own = own.absolute()
    if (own.parent / OF_A_SWEEP).is_file():
        return []
    beside = list(own.parent.glob(f"*/{RESULT}"))
    if DAY.fullmatch(own.parent.name):
        days = own.parent.parent.glob(f"*/*/{RESULT}")
        beside += [path for path in days if DAY.fullmatch(path.parent.parent.name)]
    others = {path for path in beside if path.parent != own and not path.is_symlink()}
    return [path.parent for path in sorted(others, key=_time, reverse=True)[:MOST]]


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it was removed meanwhile
        return 0.0


def settings_of(words: Iterable[str]) -> Words:
    """What a result depends on, typed or by default, as `key=value`, written in one way.

    Of other configuration files and experiments only what was typed is known.

    >>> settings_of(["data=iris", "optimizer.lr=1e-3"]) == settings_of(["epochs=50", "data=iris"])
    True
    """
    typed = dict(_typed(words))
    if any(key.startswith(OF_OTHER_FILES) for key in typed):
        return frozenset(f"{key}={value}" for key, value in typed.items())
    names = {key: value for key, value in typed.items() if key in GROUPS}
    own = {key: value for key, value in typed.items() if key not in GROUPS}
    try:
        found = {**_of_choices(frozenset(names.items())), **own}
    except UserError:  # a choice that was registered in another program
        found = typed
    return frozenset(f"{key}={value}" for key, value in found.items())


@lru_cache(MOST)
def _of_choices(names: frozenset[tuple[str, str]]) -> Mapping[str, str]:
    """What groups say that are chosen by name, and the defaults beside them."""
    return dict(_leaves("", composed(dict(names))))


def _typed(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        key, _, value = word.lstrip("+").partition("=")
        if key.partition(".")[0] not in OF_NO_RESULT:
            yield key, _written(value)


def _leaves(key: str, value: object) -> Iterator[tuple[str, str]]:
    """Single values of a configuration by their keys, as they are typed."""
    if key in OF_NO_RESULT:
        return
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _leaves(f"{key}.{name}" if key else str(name), one)
    else:
        yield key, _written(value)


def _written(value: object) -> str:
    """A value as one types it, in the same way however it was typed."""
    text = typed_value(value)
    with suppress(ValueError):
        return f"{float(text):g}"
    return text.replace(" ", "").replace("'", "")


def rows_of(words: Words) -> Words:
    """Those that say which rows there are, and how they are split."""
    return frozenset(
        word
        for word in words
        if re.split("[=.]", word)[0] in OF_THE_ROWS and word.partition("=")[0] not in OF_THE_NETWORK
    )
