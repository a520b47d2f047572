"""Cells with several answers, as `a;b;c`: recognised, taken apart, and as numbers.

Forms write what was ticked into one cell: Google Forms with `, ` or `;`, Qualtrics with `,`,
others with `|` or a line for each.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mlp_lab.data.answers import MOST_ANSWERS, set_of
from mlp_lab.data.columns import UNSEEN, Column
from mlp_lab.data.tables.cells import (
    MISSING_WORDS,
    Cells,
    by_canonical_spelling,
    canonical,
    cell_text,
    level_index,
)
from mlp_lab.data.tables.numbers import as_number
from mlp_lab.errors import UserError
from mlp_lab.formatting import typed, typed_kind

SEPARATORS = (";", "|", "\n", ",")
"""Signs between answers, those that are rarer within one first."""

NAMED = {"newline": "\n"}
"""What `data.separators` may call a sign."""

NOTHING_CHOSEN = tuple(sign for sign in SEPARATORS if sign.strip())
"""Cells in which nothing was chosen, as they can be seen."""

MOST_KNOWN = 10_000
"""Different answers that are remembered, those too rare for an input among them."""

FEWEST_ROWS = 10
FEWEST_ANSWERS = 3
"""Different ones, below which each must stand alone in some rows, and no other may."""
FEWEST_STRICT = 6
"""Rows below which nothing is recognised by itself."""
SEVERAL = 0.1
"""Share of the rows that give more than one answer."""
OF_THE_SET = 0.8
"""Share of the rows all of whose answers recur."""
IN_OTHER_SETS = 2 / 3
"""Share of the answers that are in different sets."""
IN_ANY_PLACE = 0.5
"""Share of the answers that come first in a cell and later in another: no "city, state"."""
TWICE = 0.01
"""Share of the rows that may name an answer twice, as courses of events do."""
MOST_LETTERS = 60
"""Of an answer on average; beyond, it is prose."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """Distinct cells: what they hold, and in how many rows."""

    sets: list[list[str]]
    rows: list[int]

    @property
    def total(self) -> int:
        """Rows with a value."""
        return sum(self.rows)

    def share(self, some: Iterable[bool]) -> float:
        """Of the rows whose cells are some of them."""
        count = sum(rows for rows, of_them in zip(self.rows, some, strict=True) if of_them)
        return count / max(1, self.total)

    def counts(self) -> Counter[str]:
        """Rows of each answer."""
        found: Counter[str] = Counter()
        for answers, rows in zip(self.sets, self.rows, strict=True):
            found.update(dict.fromkeys(answers, rows))
        return found


def parted(text: str, separator: str) -> list[str]:
    """The answers of a cell; what is between two signs, without blanks, unless it is nothing.

    A sign alone, whichever it is, is no answer.

    >>> parted("bus; train;", ";"), parted(";", ";"), parted(";", "/")
    (['bus', 'train'], [], [])
    """
    if text.strip() in NOTHING_CHOSEN:
        return []
    pieces = f" {text} ".split(separator)  # at its ends, a sign of words has its blanks, too
    return [part for piece in pieces if (part := piece.strip())]


def separator_in(cells: Cells) -> str:
    """The sign between the answers of a column that surely holds several; nothing if it does not.

    A few answers recur in different sets of different sizes, in no fixed place, and most rows give
    no other.
    """
    if cells.numeric or cells.dated:
        return ""
    return next((sign for sign in SEPARATORS if _surely(_answered(cells, sign), sign)), "")


def _answered(cells: Cells, separator: str) -> _Answered:
    codes, found = cells.factorized
    counts = np.bincount(codes[codes >= 0], minlength=len(found)).tolist()
    whole = zip(found, counts, cells.absent, strict=True)
    kept = [(cell_text(cell), rows) for cell, rows, gone in whole if not gone]
    sets = [parted(text, separator) for text, _ in kept]
    return _Answered(sets, [rows for _, rows in kept])


def _surely(found: _Answered, separator: str) -> bool:
    sizes = {len(answers) for answers in found.sets}
    if max(sizes, default=0) < 2 or len(sizes) < 2 or found.total < FEWEST_STRICT:
        return False
    counts = found.counts()
    recurring = {answer for answer, rows in counts.items() if rows > 1}
    if not 2 <= len(recurring) <= MOST_ANSWERS:
        return False
    if len(recurring) < FEWEST_ANSWERS or found.total < FEWEST_ROWS:
        alone = {answers[0] for answers in found.sets if len(answers) == 1}
        if not counts.keys() == recurring == alone & recurring:
            return False
    if separator == "," and all(as_number(answer) is not None for answer in counts):
        small = all(answer.isdigit() and len(answer) <= 2 for answer in counts)
        if not small or max(sizes) < 3:  # 1,5 may be a number
            return False
    several = found.share(len(answers) > 1 for answers in found.sets)
    known = found.share(recurring.issuperset(answers) for answers in found.sets)
    twice = found.share(len({*answers}) < len(answers) for answers in found.sets)
    letters = float(np.mean([len(answer) for answer in recurring]))
    if several < SEVERAL or known < OF_THE_SET or twice > TWICE or letters > MOST_LETTERS:
        return False
    sets, first, later = _places(found)
    varied = sum(sets[answer] > 1 for answer in recurring) >= IN_OTHER_SETS * len(recurring)
    return varied and len(recurring & first & later) >= IN_ANY_PLACE * len(recurring)


def _places(found: _Answered) -> tuple[Counter[str], set[str], set[str]]:
    """In how many different sets each answer is; which come first in a cell, and which later."""
    sets = Counter(
        answer for own in {frozenset(answers) for answers in found.sets} for answer in own
    )
    first = {answers[0] for answers in found.sets if answers}
    return sets, first, {answer for answers in found.sets for answer in answers[1:]}


def several_answers(plain: Column, cells: Cells, sign: str | None, least: float) -> Column:
    """A column of several answers; its levels are the most frequent ones.

    `sign` as `data.separators` says it, if it does; `least` is `data.min_frequency`.

    Raises:
        UserError: no cell holds several, and none was said.
    """
    separator = _sign(cells) if sign is None else said_sign(sign)
    if not separator:
        raise UserError(
            f"data.types.{plain.name}=multiple needs cells with several answers, as a;b: no cell"
            " of it has ; | or , and data.separators says which sign it is"
        )
    counts = _answered(cells, separator).counts()
    for answer in _no_answers(counts, cells.missing):
        del counts[answer]
    order = sorted(counts, key=lambda answer: (-counts[answer], answer))
    levels = sorted(order[:MOST_ANSWERS], key=_by_size)
    others = sorted(order[MOST_ANSWERS:MOST_KNOWN])
    return replace(
        plain,
        kind="multiple",
        levels=levels,
        others=others,
        separator=separator,
        min_frequency=least,
    )


def said_sign(sign: str) -> str:
    """A sign as `data.separators` says it; blanks that part a word from the answers belong to it.

    >>> said_sign(" ; "), said_sign(" and ")
    (';', ' and ')
    """
    bare = sign.strip(" ")
    if bare in NAMED:
        return NAMED[bare]
    before = " " if sign[:1] == " " and bare[:1].isalnum() else ""
    after = " " if sign[-1:] == " " and bare[-1:].isalnum() else ""
    return f"{before}{bare}{after}"


def _by_size(text: str) -> tuple[bool, float, str]:
    """Numbers by size and before words."""
    number = as_number(text)
    return number is None, number or 0.0, text


def _sign(cells: Cells) -> str:
    """The sign that surely is between answers, else the one in the most rows; perhaps none."""
    if found := separator_in(cells):
        return found
    rows = {sign: _answered(cells, sign) for sign in SEPARATORS}
    shares = {
        sign: own.share(len(answers) > 1 for answers in own.sets) for sign, own in rows.items()
    }
    best = max(SEPARATORS, key=lambda sign: shares[sign])
    return best if shares[best] else ""


def sets_of(cells: Cells, column: Column) -> list[float]:
    """The set of answers of each distinct cell, as a number; NaN if all mean no answer."""
    return [math.nan if said is None else set_of(said.values()) for said in _said(cells, column)]


def names_of_sets(cells: Cells, column: Column) -> list[str | None]:
    """One name for each set of answers, by distinct cell, in whatever order; None if it has none.

    >>> column = Column(name="m", kind="multiple", levels=["bus", "car"], separator=";")
    >>> names_of_sets(Cells(pd.Series(["car; bus", "bus;car", ";"])), column)
    ['bus;car', 'bus;car', ';']
    """
    found: list[str | None] = []
    for said in _said(cells, column):
        texts = {column.levels[i] if i >= 0 else text for text, i in (said or {}).items()}
        name = column.separator.join(sorted(texts, key=_by_size))
        found.append(None if said is None else name or nothing_chosen(column.separator))
    return found


def in_one_order(texts: Sequence[str | None]) -> list[str | None]:
    r"""Cells of a column, None for no value; where it surely holds several answers, in one order.

    >>> in_one_order([*["b;a", "a;b;c", "c;a", "b", "c;b"] * 2, None])[:3]
    ['a;b', 'a;b;c', 'a;c']
    >>> in_one_order([*["b\na", "a\nb\nc", "c\na", "b", "c\nb"] * 2, ";"])[-1]
    ';'
    """
    sign = separator_in(Cells(pd.Series(texts, dtype=object)))
    if not sign:
        return list(texts)
    sets = {text: sorted({*parted(text, sign)}, key=_by_size) for text in {*texts} if text}
    return [text and (sign.join(sets[text]) or nothing_chosen(sign)) for text in texts]


def _said(cells: Cells, column: Column) -> Iterator[Mapping[str, int] | None]:
    """The answers of each distinct cell and their levels; None if all mean no answer.

    Another program may have written another sign: it is taken where all answers are known then.
    """
    exact: Mapping[str, int] = level_index(column)
    loose = by_canonical_spelling(exact)

    def place(answer: str) -> int:
        return exact.get(answer, loose.get(canonical(answer), int(UNSEEN)))

    def known(answers: Sequence[str]) -> bool:
        return len(answers) > 1 and all(place(answer) != UNSEEN for answer in answers)

    for text in map(cell_text, cells.factorized[1]):
        answers = parted(text, column.separator)
        if len(answers) == 1 and place(answers[0]) == UNSEEN:
            others = (parted(text, sign) for sign in SEPARATORS)
            answers = next(filter(known, others), answers)
        gone = _no_answers(answers, cells.missing)
        said = {answer: place(answer) for answer in answers if answer not in gone}
        yield None if answers and not said else said


def _no_answers(answers: Iterable[str], missing: Collection[str]) -> set[str]:
    """Those of a cell, or of all cells, that mean none."""
    codes = {canonical(code) for code in missing}
    return {answer for answer in answers if canonical(answer) in codes} if codes else set()


def in_words(column: Column, cells: Cells, *, declared: bool) -> Iterator[str]:
    """What the data report says of a column of several answers."""
    name, separator = column.name, column.separator
    none = next((word for word in MISSING_WORDS if word and word in column.levels), None)
    if none is not None:
        yield (
            f"{name}: {none} is read as an answer; {typed('data.missing_in', none, column=name)}"
            " reads it as no value"
        )
    if column.others:
        count = len(column.levels) + len(column.others)
        yield f"{name} has {count} different answers: the {MOST_ANSWERS} most frequent are inputs"
    texts = map(cell_text, cells.values.cells)
    shown = next((text for text in texts if len(parted(text, separator)) > 1), None)
    if shown is None:
        yield f"{name}: no cell holds several answers with {separator!r} between them"
    if declared or shown is None:
        return
    yield (
        f"{name} holds several answers in a cell, as {shown!r}: each is an input;"
        f" {typed_kind(name, 'category')} reads whole cells as categories"
    )


def of_target(name: str, cells: Cells) -> Iterator[str]:
    """What to say of a target whose cells hold several answers."""
    if separator_in(cells):
        yield (
            f"{name} holds several answers in a cell, of which each combination is a class; a"
            " column of its own for each answer, all of them named by data.target, makes labels"
        )


def hint(cells: Cells) -> str:
    """What to say of words that are no levels, if their cells may hold several answers."""
    if cells.numeric or cells.dated:
        return ""
    for sign in (";", "|"):
        found = _answered(cells, sign)
        if found.share(len(answers) > 1 for answers in found.sets) >= SEVERAL:
            setting = typed_kind(cells.name, "multiple")
            return f"; {setting} if its cells hold several answers with {sign} between them"
    return ""


def joined_lists(series: pd.Series, separator: str) -> pd.Series:
    """Cells that are lists of texts as texts; without a `separator`, with one that none holds.

    Other cells, and columns with other lists, as of measurements, stay as they are.
    """
    cells = with_lists(series)
    if cells is None:
        return series
    return as_texts(series, cells, separator or free_sign(cells) or SEPARATORS[0])


def with_lists(series: pd.Series) -> list[object] | None:
    """The cells of a column, those that are lists as lists of texts; None where no such list is."""
    if series.dtype != object or not any(map(_is_list, series)):
        return None
    if not all(isinstance(one, str) for cell in series if _is_list(cell) for one in cell):
        return None
    return [list(map(cell_text, cell)) if _is_list(cell) else cell for cell in series]


def free_sign(cells: Iterable[object], first: str = "") -> str:
    """A sign that no answer of lists holds, `first` if it is one; nothing where all are held."""
    held = {text for cell in cells if isinstance(cell, list) for text in cell}
    signs = (sign for sign in (first, *SEPARATORS) if sign)
    return next((sign for sign in signs if not any(sign in text for text in held)), "")


def as_texts(series: pd.Series, cells: Iterable[object], separator: str) -> pd.Series:
    """A column whose lists are texts; an empty list is a cell in which nothing was chosen."""
    none = nothing_chosen(separator)
    texts = [separator.join(cell) or none if isinstance(cell, list) else cell for cell in cells]
    return pd.Series(texts, index=series.index, name=series.name, dtype=object)


def nothing_chosen(separator: str) -> str:
    r"""A cell in which nothing was chosen: the sign alone, or one that is no blank and no line.

    >>> nothing_chosen("/"), nothing_chosen("\n")
    ('/', ';')
    """
    return separator if separator.strip() else NOTHING_CHOSEN[0]


def _is_list(cell: object) -> bool:
    return isinstance(cell, list | tuple | set | frozenset | np.ndarray)
