"""A checked job -> its run, with pictures and pages: the part of `train` that needs torch."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from mlp_lab.errors import Interrupted
from mlp_lab.program import asked_to_end, resume_command
from mlp_lab.report.diagnostics import report_run
from mlp_lab.report.drawer import Drawer
from mlp_lab.runs.folder import PAGE, RESULT
from mlp_lab.runs.job import Job
from mlp_lab.runs.prepared_data import PreparedData
from mlp_lab.runs.progress import Progress
from mlp_lab.runs.run import run
from mlp_lab.verdict.history import earlier_runs
from mlp_lab.verdict.judge import Judge


@contextmanager
def told_what_is_missing(folder: Path, *, resumable: bool) -> Iterator[None]:
    """Say what a run lacks, and how to get it, where its report is not waited for.

    Raises:
        Interrupted: Ctrl-C or SIGTERM.
    """
    try:
        yield
    except BaseException as error:
        lacks_page = (folder / RESULT).is_file() and not (folder / PAGE).is_file()
        if not (asked_to_end(error) and lacks_page):
            raise
        how = f"; draw it with: {resume_command(folder)}" if resumable else ""
        raise Interrupted(f"{folder} has its results, but no {PAGE}{how}") from None


def train_and_report(
    job: Job, prepared: PreparedData, progress: Progress, drawer: Drawer | None
) -> None:
    """Train a job's network; draw its page if there is somebody to draw it.

    Raises:
        UserError: it cannot be trained, or it diverged; then its files are there all the same.
        Interrupted: somebody asked it to end.
    """
    resumable = job.config.budget is None
    missing = told_what_is_missing(job.folder, resumable=resumable)
    with nullcontext() if drawer is None else missing:
        finished = run(job, prepared, progress, Judge(earlier_runs))
        if drawer is not None:
            tensorboard = job.config.tracking.tensorboard
            report_run(finished, job.folder, drawer.draw, tensorboard=tensorboard)
    finished.termination.raise_if_diverged(job.folder)
