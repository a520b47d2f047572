"""A checked job -> its run, with pictures and pages: the part of `train` that needs torch."""

from mlp_lab.report.diagnostics import report_run
from mlp_lab.report.drawer import Drawer
from mlp_lab.runs.job import Job
from mlp_lab.runs.prepared_data import PreparedData
from mlp_lab.runs.progress import Progress
from mlp_lab.runs.run import run
from mlp_lab.verdict.judge import Judge


def train_and_report(
    job: Job, prepared: PreparedData, progress: Progress, drawer: Drawer | None
) -> None:
    """Train a job's network; draw its page if there is somebody to draw it.

    Raises:
        UserError: it cannot be trained, or it diverged; then its files are there all the same.
    """
    finished = run(job, prepared, progress, Judge())
    if drawer is not None:
        report_run(finished, job.folder, drawer.draw, tensorboard=job.config.tracking.tensorboard)
    finished.termination.raise_if_diverged(job.folder)
