"""The runs as summary.csv, and the ranking as a table for LaTeX."""

import csv
import io
from collections.abc import Sequence

from mlp_lab.compare.against_baseline import difference
from mlp_lab.compare.conclusion import headings_of, numbers_of, standing, verdict_on, verdicts_on
from mlp_lab.compare.ranking import Ranking
from mlp_lab.compare.records import RunRecord, named
from mlp_lab.compare.settings import REPLICATES, swept_keys
from mlp_lab.compare.values import value_of
from mlp_lab.formatting import LATEX_LETTERS

TABLE, SETTINGS = "summary.csv", "settings.csv"

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


def settings_table(ranking: Ranking) -> str:
    """settings.csv: a row for each setting, from best to worst by the validation rows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns: dict[str, None] = {}
    rows = [setting_row(ranking, place) for place in range(len(ranking.settings))]
    for row in rows:
        columns |= dict.fromkeys(row)
    writer.writerow(columns)
    writer.writerows([row.get(name) for name in columns] for row in rows)
    return text.getvalue()


def setting_row(ranking: Ranking, place: int) -> dict[str, object]:
    """What is known of a setting, by column: numbers as they are, None where there is none."""
    setting, baseline = ranking.settings[place], ranking.baseline
    ahead = difference(setting, baseline)
    return {
        **setting.values,
        f"val_{ranking.score}": setting.mean if setting.scores else None,
        f"val_{ranking.score}_se": setting.error,
        **(
            {}
            if baseline is None
            else {
                f"minus_{baseline}": None if ahead is None else ahead.mean,
                f"minus_{baseline}_se": None if ahead is None else ahead.error,
            }
        ),
        "runs": len(setting.scores),
        "parameters": setting.parameters,
        "verdict": verdicts_on(setting),
        "standing": standing(ranking, place),
    }


def latex_table(ranking: Ranking) -> str:
    """The ranking as a table in the style of the booktabs package."""
    from pandas import DataFrame  # noqa: PLC0415  few tables are written

    headings = headings_of(ranking, f"val {ranking.score}", "s.e.")
    columns = [*ranking.keys, *headings]
    rows = [
        [*setting.values.values(), *numbers_of(ranking, setting)] for setting in ranking.settings
    ]
    frame = DataFrame([[escaped(cell) for cell in row] for row in rows])
    layout = "l" * len(ranking.keys) + "r" * len(headings)
    return frame.to_latex(
        index=False, header=[escaped(name) for name in columns], column_format=layout, escape=False
    )


def escaped(text: str) -> str:
    """Text as LaTeX prints it."""
    return text.translate(LATEX)
