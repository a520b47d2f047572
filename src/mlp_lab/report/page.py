"""report.html: one self-contained page about a run."""

import base64
import json
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from mlp_lab.data.tables.printing import DATA_REPORT
from mlp_lab.report.learning_curve import draw_learning_curve
from mlp_lab.training.console import short
from mlp_lab.training.files import write_whole
from mlp_lab.training.tracking import CURVES, read_curves

PICTURE = "learning_curve.png"
PAGE = "report.html"


def write_report(folder: Path) -> None:
    """Draw learning_curve.png and write report.html from what the folder holds."""
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    rows = read_curves(folder / CURVES)
    draw_learning_curve(rows, result["best_epoch"], folder / PICTURE)
    environment = Environment(
        loader=PackageLoader("mlp_lab.report"), autoescape=True, undefined=StrictUndefined
    )
    models = {"network": {part: result[part] for part in ("train", "val", "test")}}
    environment.filters["short"] = short
    data_report = folder / DATA_REPORT
    page = environment.get_template("run.html").render(
        result=result,
        models={**models, **result["baselines"]},
        parts=[part for part in ("test", "val", "train") if result["rows"][part]],
        intervals=result["test_intervals"],
        data_report=data_report.read_text(encoding="utf-8") if data_report.is_file() else "",
        schema=json.loads((folder / "schema.json").read_text(encoding="utf-8")),
        config=(folder / "config.yaml").read_text(encoding="utf-8"),
        picture=base64.b64encode((folder / PICTURE).read_bytes()).decode(),
        last=rows[-1],
        folder=folder,
    )
    write_whole(folder / PAGE, page)
