"""A model card of a run: README.md with the front matter that Hugging Face reads.

Everything in it is what the run's own files say; folders of this machine are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from mlp_lab.data.columns import Column
from mlp_lab.data.schema import Schema
from mlp_lab.errors import UserError
from mlp_lab.formatting import one_line, score_written
from mlp_lab.metrics.epoch import main_metric
from mlp_lab.plain import read_as
from mlp_lab.predictor import load
from mlp_lab.report.about import about_run, read_config, rows_of
from mlp_lab.runs.calibration import calibration_in_words
from mlp_lab.runs.folder import RESULT, SCHEMA
from mlp_lab.runs.result_file import ENDED, interval_in_words, read_result
from mlp_lab.stored import read_json

CARD = "README.md"

SHOWN = 12
"""Levels of a column that are named."""


def card_of(folder: Path) -> str:
    """The text of a run's card.

    Raises:
        UserError: the folder holds no finished run, or a file of it is damaged.
    """
    schema = load(folder).schema
    result = read_result(folder / RESULT)
    if result["status"] not in ENDED:
        raise UserError(f"{folder} holds no finished run: {result.get('reason', 'it failed')}")
    described = read_as(dict[str, object], read_json(folder / SCHEMA, megabytes=64))
    about = about_run(read_config(folder)[1], result, described)
    about["data"] = Path(about["data"]).name
    name = folder.resolve().name
    matter = yaml.safe_dump(
        front_matter(name, about["data"], schema, result), sort_keys=False, allow_unicode=True
    )
    parts = [
        [f"---\n{matter}---", "", f"# {plain(schema.target.name)}, predicted by {plain(name)}"],
        _about(about),
        _scores(result),
        _verdict(result),
        _columns(schema),
        _use(schema),
        _limits(schema, result),
    ]
    return "\n".join(line for part in parts for line in (*part, "")).rstrip() + "\n"


def front_matter(
    name: str, data: str, schema: Schema, result: Mapping[str, Any]
) -> dict[str, object]:
    """What Hugging Face lists a model by: library, task, and scores on the test rows."""
    regression = schema.target.task == "regression"
    task = "tabular-regression" if regression else "tabular-classification"
    part = _best_part(result)
    scores = [
        {"type": score, "value": value, "name": f"{score} ({part} rows)"}
        for score, value in result[part].items()
        if value is not None
    ]
    found = {"task": {"type": task}, "dataset": {"name": data, "type": "tabular"}}
    return {
        "library_name": "mlp_lab",
        "pipeline_tag": task,
        "tags": ["tabular", "mlp", "pytorch"],
        "metrics": [main_metric(result["train"])],
        "model-index": [{"name": name, "results": [{**found, "metrics": scores}]}],
    }


def _best_part(result: Mapping[str, Any]) -> str:
    """The rows that tell most of a network: those that it has not seen."""
    return next(part for part in ("test", "val", "train") if result["rows"][part])


def plain(text: str) -> str:
    """Text in which Markdown finds nothing to do."""
    shown = one_line(text)
    for sign in "\\`*_[]<>|#":
        shown = shown.replace(sign, f"\\{sign}")
    return shown


def _table(*rows: list[str]) -> Iterator[str]:
    """The first row is the heading."""
    for number, row in enumerate(rows):
        yield f"| {' | '.join(row)} |"
        if number == 0:
            yield f"|{'---|' * len(row)}"


def _about(about: Mapping[str, str]) -> Iterator[str]:
    yield "## What it is"
    yield ""
    yield from _table(["", ""], *([plain(key), plain(words)] for key, words in about.items()))


def _scores(result: Mapping[str, Any]) -> Iterator[str]:
    """The network beside its baselines, on the rows that it has not seen."""
    part = _best_part(result)
    models = {"network": result, **result["baselines"]}
    names = list(result[part])
    yield f"## Scores on the {part} rows"
    yield ""
    rows = [
        [plain(model), *(score_written(name, scores.get(part, {}).get(name)) for name in names)]
        for model, scores in models.items()
    ]
    yield from _table(["", *map(plain, names)], *rows)
    intervals = result["test_intervals"] if part == "test" else {}
    found = [
        f"{plain(name)} {score_written(name, low)} to {score_written(name, high)}"
        for name, (low, high) in intervals.items()
        if low != high
    ]
    if found:
        yield ""
        how = result.get("resampled") or ["95 % intervals: a bootstrap over the test rows"]
        said = plain(how[0].partition(": ")[2])
        yield f"95 % intervals of the network's, by {said}: {', '.join(found)}."
        for line in how[1:]:
            yield f"{plain(line[:1].upper() + line[1:])}."
    for words in filter(None, (calibration_in_words(result), interval_in_words(result))):
        yield ""
        yield f"{plain(words[0].upper() + words[1:])}."


def _verdict(result: Mapping[str, Any]) -> Iterator[str]:
    verdict = result["verdict"]
    yield "## How the training went"
    yield ""
    for finding in (verdict, *verdict["notes"]):
        yield f"- {plain(finding['words'])}"


def _columns(schema: Schema) -> Iterator[str]:
    yield "## Columns"
    yield ""
    rows = [[plain(e.column.name), e.column.kind, plain(_holds(e.column))] for e in schema.inputs]
    yield from _table(["column", "kind", "holds"], *rows)
    yield ""
    for one in schema.target.each:
        what = f"one of {_levels(one.classes)}" if one.classes else "a number in its own units"
        yield f"Predicted: {plain(one.name)}, {plain(what)}."


def _holds(column: Column) -> str:
    return (
        _levels(column.levels) if column.levels else {"date": "dates"}.get(column.kind, "numbers")
    )


def _levels(levels: list[str]) -> str:
    more = f" and {len(levels) - SHOWN} more" if len(levels) > SHOWN else ""
    return ", ".join(levels[:SHOWN]) + more


def _use(schema: Schema) -> Iterator[str]:
    yield "## Use"
    yield ""
    yield "```python"
    yield "import mlp_lab"
    yield ""
    yield 'run = mlp_lab.load("the folder of this file")'
    yield "run.predict(df)  # a DataFrame with the columns above, in any order and among others"
    yield "```"


def _limits(schema: Schema, result: Mapping[str, Any]) -> Iterator[str]:
    yield "## Limits"
    yield ""
    yield f"- It learnt from one table ({rows_of(result)} rows), and knows nothing of others."
    if any(entry.column.kind in ("binary", "category", "multiple") for entry in schema.inputs):
        yield "- A level that no training row had is predicted as what is none of the levels."
    if any(entry.column.kind == "numeric" for entry in schema.inputs):
        yield "- Beyond the numbers of the training rows it extrapolates, and does not say so."
    if schema.target.task != "regression":
        yield "- Probabilities are as well calibrated as the scores say, on rows like these."
    if not result["rows"]["test"]:
        yield "- There were no test rows: the scores are of rows that chose its weights."
    yield "- For which groups of people it errs more was not examined."
