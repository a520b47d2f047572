"""The text of a YAML file of settings for a table: what is known holds, the rest is proposed."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from mlp_lab.config.overrides import Setting, settings_in
from mlp_lab.data.tables.data_report import ColumnSummary, DataReport
from mlp_lab.data.tables.printing import not_read, sentences
from mlp_lab.formatting import counted, literal, visible

BRACES = {
    "drop": ("[]", "columns to leave out"),
    "missing": ("[]", "codes that mean no answer, in every column"),
    "missing_in": ("{}", "codes that mean no answer in a column"),
    "separators": ("{}", "signs between the answers of a cell"),
    "levels": ("{}", "values of an ordinal column, in order"),
    "types": (
        "{}",
        "kinds as they were found: numeric, binary, category, date, multiple; text is not read",
    ),
}
"""Keys with an entry on each line -> their brackets, and what they are."""

HEAD = """\
# {command}
#
# What was understood of {file}, to edit and to train by: the line above does, and takes further
# settings (as epochs=20 seed=1). A line below that begins with # and a setting is a proposal, and
# holds once that sign is removed. docs/tables.md tells of each key.
#
"""

DEFAULTS = """\
defaults:
  - train
  - override data: table
  - _self_

data:
"""

PLAIN = re.compile(
    r"(?!(?i:null|true|false|yes|no|on|off|y|n|inf|nan)$)([A-Za-z_/]|\.\.?/)[\w./-]*", re.ASCII
)
"""Text that YAML reads as it stands."""


def settings_file(
    report: DataReport, given: Sequence[Setting], *, file: str, targets: Sequence[str], name: str
) -> str:
    """The text of a file called `name` for the table `file`, of which some settings are `given`."""
    command = visible(shlex.join(["mlp-lab", "train", name]))
    proposed = proposals(report)
    said = [reason for reason, settings in map(settings_in, sentences(report)) if not settings]
    lines = [f"# {line}" for line in (*_about(report), *not_read(report), *said)]
    head = HEAD.format(command=command, file=visible(file))
    own = [f"path: {in_yaml(file)}", f"target: {in_yaml(_one_or_list(targets))}"]
    own += [f"{one.key}: {in_yaml(one.value)}" for one in given if one.key not in BRACES]
    own += [
        f"# {one.key}: {in_yaml(one.value)} # {visible(reason)}"
        for one, reason in proposed
        if one.key not in BRACES
    ]
    blocks = chain(*(_block(key, given, proposed, report.columns) for key in BRACES))
    body = "\n".join(f"  {line}" if line else "" for line in (*own, *blocks))
    return f"{head}{visible(chr(10).join(lines))}\n{DEFAULTS}{body}\n"


def proposals(report: DataReport) -> list[tuple[Setting, str]]:
    """What the sentences of a report propose, with the reason; a kind that was found is none."""
    kinds = {column.name: column.kind for column in report.columns}
    found: dict[str, tuple[Setting, str]] = {}
    for reason, settings in map(settings_in, sentences(report)):
        for one in settings:
            if one.key == "types" and kinds.get(str(one.column)) == one.value:
                continue
            if isinstance(one.value, list) and one.key == "drop":
                for column in one.value:
                    found.setdefault(f"drop {column}", (Setting("drop", None, column), reason))
            else:
                found.setdefault(repr(one), (one, reason))
    return list(found.values())


def _about(report: DataReport) -> Iterator[str]:
    """Rows and targets."""
    yield report.note
    parts = ", ".join(f"{count:,} {part}" for part, count in report.rows.items())
    yield f"{counted(sum(report.rows.values()), 'row')}: {parts}"
    for name, balance in report.targets.items():
        yield f"{name} ({report.task}): {balance}"


def _block(
    key: str,
    given: Sequence[Setting],
    proposed: Sequence[tuple[Setting, str]],
    columns: Sequence[ColumnSummary],
) -> Iterator[str]:
    """The lines of a key with an entry on each; none where nothing is to be said of it."""
    lines = list(chain(*(_entries(one) for one in given if one.key == key)))
    live = set(lines)
    if key == "types":
        lines += [f"# {_kind(column)}" for column in columns]
    for one, reason in proposed:
        if one.key == key and not live.intersection(_entries(one)):
            why = visible(reason.removeprefix(f"{one.column}: "))
            lines += [f"# {entry} # {why}" for entry in _entries(one)]
    if lines:
        brackets, what = BRACES[key]
        yield ""
        yield f"{key}: {brackets[0]} # {what}"
        yield from (f"  {line}" for line in lines)
        yield brackets[1]


def _entries(one: Setting) -> list[str]:
    """Entries of a key with brackets, each with its comma."""
    if one.column is not None:
        return [f"{_key(one.column)}: {in_yaml(one.value)},"]
    if isinstance(one.value, Mapping):
        return [f"{_key(name)}: {in_yaml(value)}," for name, value in one.value.items()]
    values = one.value if isinstance(one.value, list) else [one.value]
    return [f"{in_yaml(value)}," for value in values]


def _kind(column: ColumnSummary) -> str:
    """A column, its kind, and its values; levels would have to follow that of an ordinal one."""
    kind, found = column.kind, ""
    if kind == "ordinal":
        kind, found = "category", "ordinal as found: "
    missing = f", {column.missing:.1%} missing" if column.missing else ""
    return f"{_key(column.name)}: {kind}, # {found}{visible(column.values)}{missing}"


def _one_or_list(names: Sequence[str]) -> object:
    return names[0] if len(names) == 1 else list(names)


def in_yaml(value: object) -> str:
    """A value in one line of YAML, of which Hydra reads no part as anything but text.

    >>> print(in_yaml(["age", "no", "2020", 77, None, True, "a: b"]))
    [age, "no", "2020", 77, null, true, "a: b"]
    """
    if isinstance(value, str):
        return _key(literal(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)}: {in_yaml(of)}" for name, of in value.items()) + "}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(in_yaml, value))}]"
    return json.dumps(value)


def _key(text: object) -> str:
    """A name in YAML; of keys, OmegaConf reads no part as another's value."""
    own = str(text)
    return own if PLAIN.fullmatch(own) else json.dumps(own, ensure_ascii=False)
