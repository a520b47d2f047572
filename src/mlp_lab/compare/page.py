"""summary.html: one page about a sweep, that needs nothing beside it."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlp_lab.compare.figures import draw
from mlp_lab.compare.ranking import Ranking, value_of
from mlp_lab.compare.records import RunRecord, named
from mlp_lab.compare.summary import (
    command_of,
    facts_of,
    marked,
    plus_minus,
    shown,
    test_scores,
    verdict,
    verdicts_on,
)
from mlp_lab.files import write_whole
from mlp_lab.formatting import four_digits
from mlp_lab.report.about import read_config, rows_of, source_of
from mlp_lab.report.html import embedded, render

PAGE = "summary.html"


def write_page(
    records: Sequence[RunRecord], ranking: Ranking, folder: Path, again: Sequence[str]
) -> None:
    """Draw the figures and write the page; `again` are the words of the command that made it."""
    folder.mkdir(exist_ok=True)
    first = next(run for run in ranking.best.runs if not run.reason)
    config, settings = read_config(first.folder)
    tests = test_scores(ranking.best, ranking.score)
    page = render(
        "mlp_lab.compare",
        "summary.html",
        folder=folder.name,
        data=source_of(settings["data"]),
        ranking=ranking,
        rows=rows(ranking),
        verdict=verdict(ranking),
        val=plus_minus(list(ranking.best.scores.values())),
        test=plus_minus(tests) if tests else "",
        command=command_of(ranking),
        about=about(records, ranking, settings, first.result),
        pictures=[(drawn, embedded(drawn.path)) for drawn in draw(ranking, folder)],
        failed=failures(records, ranking),
        runs=len(records),
        again=shlex.join(again),
        config=config,
        environment=first.result["environment"],
    )
    write_whole(folder / PAGE, page, wait=False)


def rows(ranking: Ranking) -> list[dict[str, object]]:
    """Of the table of settings."""
    return [
        {
            "standing": marked(ranking, place),
            "cells": [*map(shown, setting.values.values()), *facts_of(setting)],
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
    compared = [f"{key} ({_count(records, key)} values)" for key in ranking.keys]
    repeated = [f"{key} ({_count(records, key)} values)" for key in ranking.replicates]
    found = {
        "data": source_of(settings["data"]),
        "rows": rows_of(result),
        "output, loss": f"{result['output']}, {result['loss']}",
        "compared": ", ".join(compared),
        "repeated over": ", ".join(repeated),
        "verdict on the chosen": verdicts_on(ranking.best),
        f"baselines, validation {ranking.score}": baselines(ranking),
    }
    return {heading: words for heading, words in found.items() if words}


def _count(records: Sequence[RunRecord], key: str) -> int:
    return len({value_of(record, key) for record in records})


def baselines(ranking: Ranking) -> str:
    """Their mean scores on the rows that the chosen setting was judged by."""
    runs = [run.result["baselines"] for run in ranking.best.runs if not run.reason]
    means = {
        name: sum(found[name]["val"][ranking.score] for found in runs) / len(runs)
        for name in runs[0]
    }
    return ", ".join(f"{name} {four_digits(value)}" for name, value in means.items())


def failures(records: Sequence[RunRecord], ranking: Ranking) -> list[tuple[str, str, str]]:
    """Folder, settings and reason of every run that is not compared."""
    keys = [*ranking.keys, *ranking.replicates]
    return [
        (
            name,
            " ".join(f"{key}={value_of(record, key)}" for key in keys),
            record.reason,
        )
        for name, record in zip(named(records), records, strict=True)
        if record.reason
    ]
