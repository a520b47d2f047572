"""A ranking on the terminal."""

from collections.abc import Sequence
from typing import Literal

from rich.table import Table

from mlp_lab.compare.conclusion import (
    baselines,
    cautions,
    command_of,
    headings_of,
    numbers_of,
    plus_minus,
    scores_on_test_rows,
    significance,
    standing,
    verdicts_on,
)
from mlp_lab.compare.ranking import Ranking
from mlp_lab.compare.records import RunRecord, not_compared
from mlp_lab.compare.values import as_number
from mlp_lab.formatting import four_digits
from mlp_lab.terminal import Screen, plain_table

SHOWN = 10
"""Settings, or failed jobs, that the terminal names."""

DISPENSABLE = ("runs", "parameters", "verdict", "± se")
"""Columns that a narrow terminal does without, one after the other; summary.csv has them."""

LONGEST = 8
"""Letters of a number that tables show as it is."""


def print_summary(screen: Screen, records: Sequence[RunRecord], ranking: Ranking) -> None:
    """The first settings, how sure that order is, and the command that trains the best one."""
    dispensable = (*DISPENSABLE, f"minus\n{ranking.baseline}")
    for count in range(len(dispensable) + 1):
        table = ranking_table(ranking, dispensable[:count])
        if screen.fits(table):
            break
    screen.print(table)
    if len(ranking.settings) > SHOWN:
        screen.say(f"and {len(ranking.settings) - SHOWN} more settings")
    failed = not_compared(records)
    if failed:
        screen.say(f"{len(failed)} of {len(records)} runs are not compared:")
    for name, record in failed[:SHOWN]:
        screen.say(f"  {name}: {record.reason}")
    if len(failed) > SHOWN:
        screen.say(f"  and {len(failed) - SHOWN} more")
    best, score = ranking.best, ranking.score
    tests = scores_on_test_rows(best, score)
    test = f", test {plus_minus(score, tests)}" if tests else ""
    reached = f"val {score} {plus_minus(score, list(best.scores.values()))}{test}"
    screen.say(f"best: {best.label}: {reached}" if best.label else f"best: {reached}")
    for words in cautions(ranking):
        screen.say(words)
    if ranking.baseline is not None:
        screen.say(f"baselines: val {score}: {baselines(ranking)}")
    screen.say(significance(ranking))
    screen.print(command_of(ranking), soft_wrap=True)


def ranking_table(ranking: Ranking, left_out: Sequence[str]) -> Table:
    """The first settings, a row for each; headings are broken where keys have a dot."""
    settings = ranking.settings[:SHOWN]
    columns = [("", [str(place + 1) for place in range(len(settings))])]
    columns += [
        (key.replace(".", ".\n", 1), [in_brief(setting.values[key]) for setting in settings])
        for key in ranking.keys
    ]
    names = headings_of(ranking, f"val {ranking.score}", "± se")
    names = [name if name == "± se" else name.replace(" ", "\n", 1) for name in names]
    rows = (numbers_of(ranking, setting) for setting in settings)
    columns += zip(names, map(list, zip(*rows, strict=True)), strict=True)
    columns.append(("verdict", list(map(verdicts_on, settings))))
    columns.append((" ", [standing(ranking, place) for place in range(len(settings))]))
    table, kept = plain_table(), [column for column in columns if column[0] not in left_out]
    for heading, _ in kept:
        justify: Literal["left", "right"] = "right" if heading in names else "left"
        table.add_column(heading, justify=justify, no_wrap=True, vertical="bottom")
    for cells in zip(*(cells for _, cells in kept), strict=True):
        table.add_row(*cells)
    return table


def in_brief(value: str) -> str:
    """A value as a table has room for it.

    >>> in_brief("0.001"), in_brief("0.0123456789"), in_brief("leaky_relu")
    ('0.001', '0.01235', 'leaky_relu')
    """
    number = as_number(value)
    return value if number is None or len(value) <= LONGEST else four_digits(number)
