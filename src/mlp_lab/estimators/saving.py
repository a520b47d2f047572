"""A network that was trained in memory -> a run folder, as a command would have left it."""

from pathlib import Path

from mlp_lab.estimators.fitted import Fitted
from mlp_lab.files import to_json
from mlp_lab.report.diagnostics import report_run
from mlp_lab.report.page import write_report
from mlp_lab.runs.finish import FinishedRun
from mlp_lab.runs.folder import claim
from mlp_lab.runs.lock import alone_in
from mlp_lab.runs.results import write_results
from mlp_lab.tracking.tracker import open_tracker


def write_run(fitted: Fitted, folder: Path) -> None:
    """Write a run folder: all but checkpoints, from which nothing could go on without the rows.

    Raises:
        UserError: another run has the folder, or is training in it.
        OSError: it cannot be written.
    """
    run = fitted.run
    folder.mkdir(parents=True, exist_ok=True)
    with alone_in(folder):
        claim(folder, run.job.values)
        _track(fitted, folder)
        schema = to_json(run.dataset.schema.to_dict())
        write_results(folder, fitted.network, schema, run.prepared.objective, fitted.result)
        if fitted.config.tracking.report:
            finished = FinishedRun(fitted.termination, run.dataset, fitted.network, fitted.scored)
            tensorboard = fitted.config.tracking.tensorboard
            report_run(finished, folder, write_report, tensorboard=tensorboard)


def _track(fitted: Fitted, folder: Path) -> None:
    """Write curves.csv and TensorBoard's events."""
    job, task = fitted.run.job, fitted.run.dataset.schema.target.task
    tracker = open_tracker(fitted.config.tracking, folder, task, 0, job.overrides)
    for record, seconds in fitted.records:
        tracker.add_row(record, seconds)
    tracker.add_text("verdict", fitted.verdict.in_markdown(), fitted.epochs)
    tracker.add_best(fitted.models["network"]["val"], fitted.best_epoch)
    tracker.close()
