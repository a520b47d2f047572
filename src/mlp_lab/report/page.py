"""report.html: one self-contained page about a run, and the pictures in it."""

import shlex
from pathlib import Path
from typing import Any, cast

from mlp_lab.data.tables.printing import DATA_REPORT
from mlp_lab.drawing import missing_letters_named
from mlp_lab.files import write_whole
from mlp_lab.program import train_words
from mlp_lab.report.about import about_run, read_config, source_of
from mlp_lab.report.charts import script
from mlp_lab.report.data_section import HEADINGS as DATA_HEADINGS
from mlp_lab.report.data_section import data_section
from mlp_lab.report.figures import caption, draw, heading
from mlp_lab.report.headline import PART, headlines
from mlp_lab.report.html import embedded, template
from mlp_lab.report.learning_curve import curve_picture, draw_learning_curve
from mlp_lab.report.pictures import MOST_TARGETS, read_pictures
from mlp_lab.report.tried import HEADINGS, tried
from mlp_lab.runs.calibration import calibration_in_words
from mlp_lab.runs.folder import PAGE, RESULT, SCHEMA
from mlp_lab.runs.result_file import interval_in_words, read_result, with_single
from mlp_lab.stored import read_json, read_text
from mlp_lab.tracking.curves import CURVES, read_curves

CURVE = "learning_curve"
TEMPLATE = ("mlp_lab.report", "run.html")


def write_report(folder: Path) -> None:
    """Draw the pictures and write report.html, from what the folder holds."""
    result = read_result(folder / RESULT)
    rows = read_curves(folder / CURVES)
    schema = cast(dict[str, Any], read_json(folder / SCHEMA, megabytes=64))  # written just now
    targets = [entry["column"]["name"] for entry in schema.get("targets") or [schema["target"]]]
    with missing_letters_named(folder / PAGE):
        curve_text = draw_learning_curve(rows, result, folder / f"{CURVE}.png")
        pictures = [
            (
                heading(picture, several=len(targets) > 1),
                embedded(folder / f"{name}.png"),
                alt_text,
                caption(picture),
            )
            for name, picture in read_pictures(folder).items()
            for alt_text in [draw(picture, folder / f"{name}.png")]
        ]
    config, settings = read_config(folder)
    models = {"network": {part: result[part] for part in ("train", "val", "test")}}
    data_report = folder / DATA_REPORT
    again = [*train_words(), "--config-dir", str(folder), "--config-name", "config"]
    page = template(*TEMPLATE).render(
        result=result,
        findings=[result["verdict"], *result["verdict"]["notes"]],
        models=with_single({**models, **result["baselines"]}, result.get("single_network")),
        parts=[part for part in ("test", "val", "train") if result["rows"][part]],
        intervals=result["test_intervals"],
        resampled=result.get("resampled", []),
        of_targets=result.get("targets", {}),
        undrawn=max(0, len(targets) - MOST_TARGETS),
        data_report=data_section(read_text(data_report, megabytes=64))
        if data_report.is_file()
        else None,
        data_headings=DATA_HEADINGS,
        part_names=PART,
        target=", ".join(targets),
        schema=schema,
        about=about_run(settings, result, schema),
        data=source_of(settings["data"]),
        config=config,
        curve=curve_picture(rows, result, embedded(folder / f"{CURVE}.png"), curve_text),
        numbers=headlines(result),
        pictures=pictures,
        calibration=calibration_in_words(result),
        interval=interval_in_words(result),
        tried=tried(result),
        tried_headings=HEADINGS,
        first=shlex.join([*train_words(), *result["overrides"]]),
        again=shlex.join(again),
        folder=folder,
        charts_script=script(),
    )
    write_whole(folder / PAGE, page)
