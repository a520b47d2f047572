"""report.html: one self-contained page about a run."""

import json
from pathlib import Path

from mlp_lab.data.tables.printing import DATA_REPORT
from mlp_lab.report.html import embedded, rendered
from mlp_lab.report.learning_curve import draw_learning_curve
from mlp_lab.training.files import write_whole
from mlp_lab.training.tracking import CURVES, read_curves

PICTURE = "learning_curve.png"
PAGE = "report.html"


def write_report(folder: Path) -> None:
    """Draw learning_curve.png and write report.html from what the folder holds."""
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    rows = read_curves(folder / CURVES)
    draw_learning_curve(rows, result["best_epoch"], folder / PICTURE)
    models = {"network": {part: result[part] for part in ("train", "val", "test")}}
    data_report = folder / DATA_REPORT
    page = rendered(
        "mlp_lab.report",
        "run.html",
        result=result,
        models={**models, **result["baselines"]},
        parts=[part for part in ("test", "val", "train") if result["rows"][part]],
        intervals=result["test_intervals"],
        data_report=data_report.read_text(encoding="utf-8") if data_report.is_file() else "",
        schema=json.loads((folder / "schema.json").read_text(encoding="utf-8")),
        config=(folder / "config.yaml").read_text(encoding="utf-8"),
        picture=embedded(folder / PICTURE),
        last=rows[-1],
        folder=folder,
    )
    write_whole(folder / PAGE, page)
