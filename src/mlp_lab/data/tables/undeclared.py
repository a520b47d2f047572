"""What the data report says of codes and words of no answer that nobody declared."""

from collections.abc import Iterator

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import Column
from mlp_lab.data.tables.cells import cell_text
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.durations import FORMS
from mlp_lab.data.tables.numbers import as_number
from mlp_lab.data.tables.suspects import Suspects, as_seen, suspects
from mlp_lab.formatting import counted, listed, typed

REFUSALS = frozenset(
    (
        *("refused", "refusal", "refuse", "no answer", "not answered", "no response"),
        *("don't know", "dont know", "do not know", "dk", "dk/na", "na/dk", "missing"),
        *("prefer not to say", "prefer not to answer", "not applicable", "not asked", "inap"),
    )
)
"""Classes of a target that nobody wants to predict."""


def undeclared(column: Column, values: Floats, config: TableConfig) -> Iterator[str]:
    """Suspected codes of a column with these values, (N,), with the setting that declares them.

    `data.missing_in.age=[]` says that a column has none.
    """
    said = config.missing_in.get(column.name)
    if said == []:
        return
    target = column.name in config.targets
    lasts = column.amount in FORMS  # round durations are no codes
    if (column.kind == "numeric" and not lasts) or (target and column.levels and not column.labels):
        found = suspects(values if not column.levels else _numbers_of(column, values))
        if found is not None and (line := _in_words(column, found, config)):
            yield line
    if target and len(column.levels) > 2:
        for level in column.levels:
            if level.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") in REFUSALS:
                yield f"{column.name}: {level!r} is a class; {_setting(column, [level], config)}"


def _numbers_of(column: Column, values: Floats) -> Floats:
    """Classes as the numbers that they are called by, (N,); none of words."""
    numbers = [as_number(level) for level in column.levels]
    if None in numbers:
        return np.empty(0)
    return np.array(numbers, dtype=np.float64)[values.astype(np.int64)]


def _in_words(column: Column, found: Suspects, config: TableConfig) -> str:
    codes = {cell_text(as_seen(code)): count for code, count in found.counts.items()}
    codes = {code: count for code, count in codes.items() if code not in column.labels}
    if not codes:
        return ""
    first, *others = codes.items()
    cells = [f"{counted(first[1], 'cell')} {'says' if first[1] == 1 else 'say'} {first[0]}"]
    cells += [f"{count} {code}" for code, count in others]
    apart = f"apart from the others, {found.least:.6g} to {found.most:.6g}"
    return f"{column.name}: {listed(cells)}, {apart}; {_setting(column, list(codes), config)}"


def _setting(column: Column, codes: list[str], config: TableConfig) -> str:
    """What declares codes of a column, beside those that are declared."""
    known = map(cell_text, config.missing_in.get(column.name, []))
    setting = typed("data.missing_in", *dict.fromkeys([*known, *codes]), column=column.name)
    if column.name in config.targets and not config.drop_missing_target:
        setting += " data.drop_missing_target=true"
    return f"{setting} if {'that means' if len(codes) == 1 else 'they mean'} no answer"
