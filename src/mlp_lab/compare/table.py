"""The runs as summary.csv, and the ranking as a table for LaTeX."""

import csv
import io
from collections.abc import Sequence

from mlp_lab.compare.conclusion import numbers_of, verdict_on
from mlp_lab.compare.ranking import Ranking
from mlp_lab.compare.records import RunRecord, named
from mlp_lab.compare.settings import REPLICATES, swept_keys
from mlp_lab.compare.values import value_of
from mlp_lab.formatting import LATEX_LETTERS

TABLE = "summary.csv"

LATEX = str.maketrans(LATEX_LETTERS | {"[": "{[}", "]": "{]}"})
"""Brackets, too: at the start of a row one would begin the height of the last one."""


def csv_table(records: Sequence[RunRecord]) -> str:
    """summary.csv: a row for each run; the test rows are left out on purpose."""
    keys = sorted(swept_keys(records), key=lambda key: key in REPLICATES)
    names = list(dict.fromkeys(name for r in records for name in r.result.get("train", {})))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    scores = [f"{part}_{name}" for part in ("val", "train") for name in names]
    facts = ["epochs_run", "best_epoch", "parameters", "seconds"]
    writer.writerow(["folder", *keys, *scores, *facts, "status", "verdict"])
    for name, record in zip(named(records), records, strict=True):
        result = record.result
        row: list[object] = [name, *(value_of(record, key) for key in keys)]
        for part in ("val", "train"):
            row += [result.get(part, {}).get(score) for score in names]
        row += [result.get(fact) for fact in facts]
        writer.writerow([*row, result.get("status", "missing"), verdict_on(record)])
    return text.getvalue()


def latex_table(ranking: Ranking) -> str:
    """The ranking as a table in the style of the booktabs package."""
    from pandas import DataFrame  # noqa: PLC0415  few tables are written

    columns = [*ranking.keys, f"val {ranking.score}", "s.e.", "runs", "parameters"]
    rows = [[*setting.values.values(), *numbers_of(setting)] for setting in ranking.settings]
    frame = DataFrame([[escaped(cell) for cell in row] for row in rows])
    layout = "l" * len(ranking.keys) + "rrrr"
    return frame.to_latex(
        index=False, header=[escaped(name) for name in columns], column_format=layout, escape=False
    )


def escaped(text: str) -> str:
    """Text as LaTeX prints it."""
    return text.translate(LATEX)
