"""What declared codes of no answer took away: from which columns, and whether they were values."""

from collections.abc import Iterator, Sequence

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import Column
from mlp_lab.data.tables.amounts import number_of
from mlp_lab.data.tables.cells import Cells, canonical, cell_text
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.numbers import as_number, as_stored
from mlp_lab.formatting import counted, listed

ELSEWHERE = "data.missing_in says it for other columns alone"
"""What to do where a code of `data.missing` is a value of a column."""


def cells_taken(cells: Cells, column: Column, config: TableConfig) -> dict[str, int]:
    """How many cells of a column hold each code that the settings declare, if any do."""
    codes = [*config.missing, *config.missing_in.get(column.name, [])]
    found = {}
    for code in dict.fromkeys(map(cell_text, codes)):
        texts = {code} | {text for pair in column.labels.items() if code in pair for text in pair}
        if count := _count(cells, column, texts):
            found[code] = count
    return found


def _count(cells: Cells, column: Column, texts: set[str]) -> int:
    """How many cells hold one of the texts, however they are spelled."""
    numbers = [number for text in texts if (number := as_number(text)) is not None]
    if cells.numeric:
        values = cells.series.to_numpy(np.float64, na_value=np.nan)
        return int(np.isin(values, as_stored(numbers, cells.series.dtype)).sum())
    spelled = {canonical(text) for text in texts}
    amounts = [number_of(text, column.amount, cells.decimal) for text in cells.texts]
    places = [
        place
        for place, (text, amount) in enumerate(zip(cells.texts, amounts, strict=True))
        if canonical(text) in spelled or (column.amount and amount in numbers)
    ]
    return int(np.isin(cells.factorized[0], places).sum())


def taken(cells: Cells, column: Column, values: Floats, config: TableConfig) -> Iterator[str]:
    """What declared codes took from a column that is left with these values, (N,)."""
    if not config.missing and not config.missing_in:
        return
    counts = cells_taken(cells, column, config)
    if not counts:
        return
    first, *others = counts.items()
    said = [f"{counted(first[1], 'cell')} {'says' if first[1] == 1 else 'say'} {first[0]}"]
    said += [f"{count} {code}" for code, count in others]
    line = f"{column.name}: {listed(said)}, read as no value"
    inside = _inside(column, values, counts, config)
    if inside:
        them = "it lies" if counts.keys() == {*inside} and len(inside) == 1 else listed(inside)
        them = them if them == "it lies" else f"{them} {'lies' if len(inside) == 1 else 'lie'}"
        least, most = np.nanmin(values), np.nanmax(values)
        line += f"; {them} inside the column's range, {least:.6g} to {most:.6g}: {ELSEWHERE}"
    yield line


def _inside(
    column: Column, values: Floats, counts: dict[str, int], config: TableConfig
) -> list[str]:
    """Codes of all columns that lie among the numbers of this one."""
    if column.kind != "numeric" or np.isnan(values).all():
        return []
    least, most = np.nanmin(values), np.nanmax(values)
    own = {canonical(cell_text(code)) for code in config.missing_in.get(column.name, [])}
    numbers = {code: as_number(code) for code in counts if canonical(code) not in own}
    return [code for code, number in numbers.items() if number and least < number < most]


def code_in_row(frame: TableFrame, name: str, place: int, codes: Sequence[str]) -> str:
    """The code of no answer in a row, in words; nothing if its cell is empty."""
    cell = cell_text(frame.cells(name).series.iloc[place])
    if canonical(cell) not in set(map(canonical, codes)):
        return ""
    return f", and the code {cell} there is read as no value; {ELSEWHERE}"
