"""A network that was trained in memory -> a run folder, as a command would have left it."""

from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from mlp_lab.data.tables.printing import give_report
from mlp_lab.estimators.fitted import Fitted
from mlp_lab.report.diagnostics import report_run
from mlp_lab.report.page import write_report
from mlp_lab.runs.folder import PAGE, claim
from mlp_lab.runs.job import labels_of
from mlp_lab.runs.lock import alone_in
from mlp_lab.runs.results import write_results
from mlp_lab.tracking.tracker import open_tracker


def write_run(fitted: Fitted, folder: Path, *, report: bool | None = None) -> None:
    """Write a run folder: all but checkpoints, from which nothing could go on without the rows.

    `report`: whether with pictures and a page; by default as `tracking.report` says.

    Raises:
        UserError: another run has the folder, or is training in it; or a pickled network has no
            rows.
        OSError: it cannot be written.
    """
    fitted.require_rows()
    run = fitted.run
    folder.mkdir(parents=True, exist_ok=True)
    with alone_in(folder):
        claim(folder, run.job.values)
        if run.prepared.overview is not None:
            give_report(run.prepared.overview, folder, quiet=True)
        _track(fitted, folder)
        schema = fitted.shared.datasets.schema(run)
        objective, kept = fitted.predictor.objective, fitted.predictor.validation
        write_results(folder, fitted.network, schema, objective, fitted.result(), validation=kept)
        if fitted.config.tracking.report if report is None else report:
            tensorboard = fitted.config.tracking.tensorboard
            report_run(fitted.finished, folder, write_report, tensorboard=tensorboard)


class Page:
    """report.html of a network, as a notebook shows it."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        """In a frame of its own, so that neither page styles the other."""
        style = "width: 100%; height: 40em; border: 1px solid #ccc"
        return f'<iframe title="report" style="{style}" srcdoc="{escape(self.html)}"></iframe>'


def report_page(fitted: Fitted) -> Page:
    """The page that `write_run` would write."""
    with TemporaryDirectory(prefix="mlp_lab_") as folder:
        place = Path(folder) / "run"
        write_run(fitted, place, report=True)
        return Page((place / PAGE).read_text(encoding="utf-8"))


def _track(fitted: Fitted, folder: Path) -> None:
    """Write curves.csv and TensorBoard's events."""
    job, task = fitted.run.job, fitted.run.dataset.schema.target.task
    labels = labels_of(fitted.config)
    tracker = open_tracker(
        *(fitted.config.tracking, folder, task, 0, job.overrides),
        labels=labels,
        monitor=fitted.config.stop.monitor,
    )
    for record, seconds in fitted.records:
        tracker.add_row(record, seconds)
    tracker.add_text("verdict", fitted.verdict.in_markdown(), fitted.epochs)
    tracker.add_best(fitted.models["network"]["val"], fitted.best_epoch)
    tracker.close()
