"""What a sweep found: its jobs ranked, and those that failed."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mlp_lab.compare.records import RunRecord, flat, read_run, reason_of
from mlp_lab.compare.summary import summarise
from mlp_lab.config.messages import explain
from mlp_lab.errors import JOBS_FAILED, DiskFull, Interrupted, UserError
from mlp_lab.files import is_full
from mlp_lab.program import asked_to_end
from mlp_lab.runs.folder import CONFIG
from mlp_lab.sweep.manifest import Manifest
from mlp_lab.sweep.outcome import Trained
from mlp_lab.sweep.running import SweepCommand
from mlp_lab.terminal import Screen

BROKEN = ("failed", "diverged")


def sum_up(command: SweepCommand, manifest: Manifest, trained: Sequence[Trained]) -> None:
    """Say what a sweep found, and which of its jobs failed.

    Nothing is said of one that was only planned, or that is left to a cluster.

    Raises:
        UserError: some did.
    """
    left = command.settings.detach and any(each.outcome.open for each in trained)
    if command.settings.dry_run or left:
        return
    by_number = {each.job.number: each for each in trained}
    earlier = _earlier(manifest, by_number, command.folder)
    records = earlier | {number: _record(each) for number, each in by_number.items()}
    failed = {n: each.outcome.reason for n, each in by_number.items() if each.outcome.reason}
    screen = Screen()
    named = not command.quiet  # by the summary
    with _told_what_is_missing(command):
        try:
            summarise(
                [records[number] for number in sorted(records)],
                command.folder,
                None if command.quiet else screen,
                select=command.settings.select,
                again=command.words,
                pictures=command.pictures,
                latex=None if command.settings.latex is None else Path(command.settings.latex),
            )
        except UserError as error:
            print(f"no ranking: {error}", file=sys.stderr)
            named = False
    if not named:
        for number, reason in failed.items():
            print(f"job {number}: {reason}", file=sys.stderr)
    if not command.quiet:
        screen.print(str(command.folder), soft_wrap=True)
    broken = any(record.result.get("status") in BROKEN for record in earlier.values())
    if failed or (command.searching and broken):
        raise UserError(JOBS_FAILED)


@contextmanager
def _told_what_is_missing(command: SweepCommand) -> Iterator[None]:
    """Say how to get a summary that was not waited for, or that there is no room for.

    Raises:
        Interrupted: Ctrl-C or SIGTERM.
        DiskFull: it cannot be written.
    """
    missing = f"all jobs have ended, but the summary of {command.folder} is not whole"
    try:
        yield
    except BaseException as error:
        if asked_to_end(error):
            raise Interrupted(f"{missing}; {command.how_to_resume}") from None
        if is_full(error):
            raise DiskFull(
                f"{missing}: {explain(error)}; make room, then {command.how_to_resume}"
            ) from error
        raise


def _earlier(
    manifest: Manifest, trained: Mapping[int, Trained], folder: Path
) -> dict[int, RunRecord]:
    """Points of another command, and trials of a search that were trained before."""
    return {
        number: read_run(folder / job.folder)
        for number, job in manifest.jobs.items()
        if number not in trained and (folder / job.folder / CONFIG).is_file()
    }


def _record(trained: Trained) -> RunRecord:
    job, outcome = trained.job.job, trained.outcome
    return RunRecord(
        job.folder,
        flat(job.values),
        {**outcome.result, "overrides": list(job.overrides)},
        reason_of(outcome.result) if outcome.result else outcome.reason,
    )
