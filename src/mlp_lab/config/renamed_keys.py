"""Keys that version 0.1 had under other names, or not at all.

Former names work in this version, and say what they are now.
"""

import sys
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

RENAMED = {
    "data.rare": "data.min_frequency",
    "schedule.rise": "schedule.warmup_epochs",
    "schedule.every": "schedule.step_size",
}
"""Former key -> its name now, in the same group."""


class Added(NamedTuple):
    """The value of a key that does what was done without it, and the choices that have the key."""

    value: object
    choices: tuple[str, ...] = ()
    """Names of the group's choices; none: all of them."""


ADDED: dict[str, Added] = {
    "name": Added(None),
    "tags": Added([]),
    "calibration": Added("never"),
    "ensemble": Added(1),
    "budget": Added(None),
    "vary": Added([]),
    "kernel": Added("torch"),
    "devices": Added(1),
    "autocast": Added("none"),
    "model.embedding": Added("none"),
    "model.embedding_size": Added(16),
    "model.bins": Added(48),
    "model.frequencies": Added(16),
    "model.frequency_scale": Added(0.1),
    "model.category_size": Added(0),
    "model.normalisation": Added("none"),
    "model.residual": Added(False),
    "averaging": Added({"kind": "none", "decay": 0.999, "start": 0.0}),
    "data.quantiles": Added(1000),
    "data.quantile_noise": Added(0.0),
    "data.binary_inputs": Added(1, ("table",)),
    "data.missing_words": Added(None, ("table",)),
    "data.separators": Added({}, ("table",)),
    "data.header": Added("auto", ("table",)),
    "data.skip_rows": Added(0, ("table",)),
    "data.comment": Added("", ("table",)),
    "data.strata": Added(None, ("table",)),
    "data.stream": Added("never", ("table",)),
    "optimizer.l1": Added(0.0),
    "schedule.per": Added("epoch", ("cosine", "warmup")),
    "schedule.warmup_share": Added(None, ("warmup",)),
    "schedule.floor": Added(0.0, ("warmup",)),
    "tracking.boosting": Added("never"),
    "loss.label_smoothing": Added(0.0, ("auto", "bce", "cce")),
}
"""Keys that version 0.1 had not, `group.key` or one at the top."""


def with_current_name(word: str, *, announce: bool = True) -> str:
    """A word of the command line, `schedule.rise=5`, under the name that its key has now."""
    key, equals, value = word.partition("=")
    name = key.lstrip("+~")
    if name not in RENAMED:
        return word
    if announce:
        _announce(name)
    return f"{key.removesuffix(name)}{RENAMED[name]}{equals}{value}"


def with_current_names(
    values: Mapping[str, object], *, announce: bool = False
) -> dict[str, object]:
    """A whole configuration as plain data, its former keys under their names of now.

    Where both stand, the former wins: a file of the user's says it, over a default of ours. Keys
    that were added since stand for what was done without them.
    """
    return _with_added(_with_names(values, RENAMED, announce=announce))


def with_former_names(values: Mapping[str, object]) -> dict[str, object]:
    """As version 0.1 has it: hashes of settings that it took must still fit."""
    former = {new: old for old, new in RENAMED.items()}
    return _without_added(_with_names(values, former, announce=False))


def _with_added(values: Mapping[str, object]) -> dict[str, object]:
    completed = dict(values)
    for key, added in ADDED.items():
        group, _, field = key.partition(".")
        if not field:
            completed.setdefault(key, added.value)
        elif (section := _section(completed, group, added)) is not None:
            completed[group] = {field: added.value, **section}
    return completed


def _without_added(values: Mapping[str, object]) -> dict[str, object]:
    """A configuration without the added keys that change nothing."""
    former = dict(values)
    for key, added in ADDED.items():
        group, _, field = key.partition(".")
        if not field:
            if former.get(key) == added.value:
                former.pop(key, None)
        elif (section := _section(former, group, added)) is not None:
            kept = {
                name: own for name, own in section.items() if (name, own) != (field, added.value)
            }
            former[group] = kept
    return former


def _section(values: Mapping[str, object], group: str, added: Added) -> Mapping[str, object] | None:
    """A group that has the added key."""
    section = values.get(group)
    if not isinstance(section, Mapping):
        return None
    return section if not added.choices or section.get("name") in added.choices else None


def _with_names(
    values: Mapping[str, object], names: Mapping[str, str], *, announce: bool
) -> dict[str, object]:
    renamed = dict(values)
    for old, new in names.items():
        group, _, field = old.partition(".")
        section = renamed.get(group)
        if not isinstance(section, Mapping) or field not in section:
            continue
        if announce:
            _announce(old)
        kept = {name: value for name, value in section.items() if name != field}
        renamed[group] = kept | {new.partition(".")[2]: section[field]}
    return renamed


@cache
def _announce(key: str) -> None:
    """Say it once in a process."""
    print(f"{key} is now {RENAMED[key]}; the former name works in this version", file=sys.stderr)
