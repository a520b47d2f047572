"""summary.html: one page about a sweep, that needs nothing beside it."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
from mlp_lab.compare.figures import blank_axes, draw
from mlp_lab.compare.headline import headlines
from mlp_lab.compare.ranking import Ranking
from mlp_lab.compare.records import RunRecord, not_compared
from mlp_lab.compare.terminal import in_brief
from mlp_lab.compare.values import value_of
from mlp_lab.drawing import missing_letters_named
from mlp_lab.files import write_whole
from mlp_lab.report.about import called, read_config, rows_of, source_of
from mlp_lab.report.charts import script
from mlp_lab.report.html import embedded, template

PAGE = "summary.html"
TEMPLATE = ("mlp_lab.compare", "summary.html")


def write_page(
    records: Sequence[RunRecord], ranking: Ranking, folder: Path, again: Sequence[str]
) -> None:
    """Draw the figures and write the page; `again` are the words of the command that made it."""
    first = ranking.best.first_finished
    config, settings = read_config(first.folder)
    tests = scores_on_test_rows(ranking.best, ranking.score)
    with missing_letters_named(folder / PAGE):
        pictures = [(drawn, embedded(drawn.path)) for drawn in draw(ranking, folder)]
    page = template(*TEMPLATE).render(
        folder=folder.name,
        data=source_of(settings["data"]),
        ranking=ranking,
        headings=headings_of(ranking, f"validation {ranking.score}", "standard error"),
        rows=rows(ranking),
        cautions=cautions(ranking),
        significance=significance(ranking),
        verdict=verdicts_on(ranking.best),
        numbers=headlines(ranking),
        val=plus_minus(ranking.score, list(ranking.best.scores.values())),
        test=plus_minus(ranking.score, tests) if tests else "",
        command=command_of(ranking),
        about=about(records, ranking, settings, first.result),
        pictures=pictures,
        failed=failures(records, ranking),
        runs=len(records),
        again=shlex.join(again),
        config=config,
        environment=first.result["environment"],
        charts_script=script(),
    )
    write_whole(folder / PAGE, page, wait=False)


def load_libraries() -> None:
    """Load what a page needs, ahead of it."""
    template(*TEMPLATE)
    blank_axes(1, 1)


def rows(ranking: Ranking) -> list[dict[str, object]]:
    """The table of settings: standing, cells and verdict of each."""
    return [
        {
            "standing": standing(ranking, place),
            "cells": [*map(in_brief, setting.values.values()), *numbers_of(ranking, setting)],
            "verdict": verdicts_on(setting),
        }
        for place, setting in enumerate(ranking.settings)
    ]


def about(
    records: Sequence[RunRecord],
    ranking: Ranking,
    settings: Mapping[str, Any],
    result: Mapping[str, Any],
) -> dict[str, str]:
    """What was trained on what: heading -> words; rows and loss are those of one run's result."""

    def counted(keys: Sequence[str]) -> str:
        counts = {key: len({value_of(record, key) for record in records}) for key in keys}
        return ", ".join(f"{key} ({count} values)" for key, count in counts.items())

    def of_all(key: str) -> bool:
        return len({value_of(record, key) for record in records}) == 1

    found = {
        **{key: words for key, words in called(settings).items() if of_all(key)},
        "data": source_of(settings["data"]),
        "rows": rows_of(result),
        "output, loss": f"{result['output']}, {result['loss']}",
        "compared": counted(ranking.keys),
        "repeated over": counted(ranking.replicates),
        "verdict on the best": verdicts_on(ranking.best),
        f"baselines, validation {ranking.score}": baselines(ranking),
    }
    return {heading: words for heading, words in found.items() if words}


def failures(records: Sequence[RunRecord], ranking: Ranking) -> list[tuple[str, str, str]]:
    """Folder, settings and reason of every run that is not compared."""
    keys = [*ranking.keys, *ranking.replicates]
    return [
        (name, " ".join(f"{key}={value_of(record, key)}" for key in keys), record.reason)
        for name, record in not_compared(records)
    ]
