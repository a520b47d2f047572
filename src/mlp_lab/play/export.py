"""The network in view as a folder of a run, packed: what `train` leaves, by the same code."""

from __future__ import annotations

import io
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from mlp_lab.data.tables.printing import give_report
from mlp_lab.errors import UserError
from mlp_lab.files import write_whole
from mlp_lab.play.session import Session
from mlp_lab.play.settings import command, table_of
from mlp_lab.report.diagnostics import report_run
from mlp_lab.report.drawer import page_writer
from mlp_lab.runs.checkpoint import save_member
from mlp_lab.runs.finish import FinishedRun, finish
from mlp_lab.runs.folder import CHECKPOINT, LOG, claim
from mlp_lab.runs.job import Job, section
from mlp_lab.runs.member import Run
from mlp_lab.runs.progress import Origin
from mlp_lab.runs.termination import Termination


def zipped_run(session: Session, number: int) -> tuple[str, bytes]:
    """A network's run where it stands: the name of a ZIP file, and its content.

    A table that the page was given lies beside the run's folder, whose config.yaml names it so.

    Raises:
        UserError: no epoch has been trained, or one has only begun.
    """
    if not session.epoch:
        raise UserError("there is no run to export yet: train an epoch")
    if session.step:
        raise UserError(f"epoch {session.epoch + 1} has only begun: train the rest of it first")
    table = table_of(session.settings.words)
    content = io.BytesIO()
    with TemporaryDirectory() as place, ZipFile(content, "w", ZIP_DEFLATED) as packed:
        folder = Path(f"run-{session.epoch}-epochs")
        job = _job(session, number, folder)
        with chdir(place):  # commands that its files say are those of whoever unpacks it
            folder.mkdir()
            write_run(session, number, job)
            for path in sorted(folder.rglob("*")):
                packed.write(path)
        if table is not None:
            packed.write(table, table.name)
    return f"{folder.name}.zip", content.getvalue()


def write_run(session: Session, number: int, job: Job) -> FinishedRun:
    """Write all that `train` would have written of a network by now, into its empty folder."""
    trial = session.lineup.trials[number]
    stack, position = session.lineup.stacks[trial.stack], session.lineup.position(trial)
    folder, prepared = job.folder, trial.run.prepared
    progress = replace(trial.run.progress, origin=Origin.of(job, prepared))
    run = Run(job, prepared, trial.run.dataset, progress)
    planned = job.config.epochs == session.epoch
    left = Termination("stopped", "exported from a live page")
    run.termination = run.ended(session.epoch) or (Termination("completed") if planned else left)
    claim(folder, job.values)
    if prepared.overview is not None:
        give_report(prepared.overview, folder, quiet=True)
    save_member(folder / CHECKPOINT, stack, position, progress)
    run.open(0)
    try:
        assert run.tracker is not None
        for row in trial.rows[1 : session.epoch + 1]:
            run.tracker.write(row)
        finished = finish(run, stack, position, session.common, session.judge)
    finally:
        run.close()
    said = ["from a live page", command(job.overrides), session.command(number)[1]]
    write_whole(folder / LOG, "".join(f"{line}\n" for line in said if line))
    report_run(finished, folder, page_writer(), tensorboard=job.config.tracking.tensorboard)
    return finished


def _job(session: Session, number: int, folder: Path) -> Job:
    """What a command would have trained; a table that the page was given lies beside it."""
    words = session.command_words(number)
    config, values = session.compose(words)
    table = table_of(words)
    if table is not None:
        values = {**values, "data": {**section(values, "data"), "path": table.name}}
        words = [word.replace(str(table), table.name) for word in words]
    return Job(config, values, folder, words)
