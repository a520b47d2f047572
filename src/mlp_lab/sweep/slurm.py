"""Slurm as the queue of a sweep: submitit writes what it is given, squeue says what it has."""

import hashlib
import os
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from shutil import which

from mlp_lab.errors import UserError
from mlp_lab.files import make_folder
from mlp_lab.formatting import one_line
from mlp_lab.program import IMPORTED
from mlp_lab.runs.importing import import_parts
from mlp_lab.stored import read_bytes
from mlp_lab.sweep.chunks import CLUSTER
from mlp_lab.sweep.engines import CANCELLED, ENDED, INTERRUPTED, QUEUED, RUNNING, telling_line
from mlp_lab.sweep.slurm_config import SlurmConfig
from mlp_lab.sweep.task import listening, train_chunk

LOGS = "slurm"
"""Folder of submitit's files, in that of the sweep's tasks."""

PATIENCE = 60
"""Seconds after which a command of Slurm is not waited for any longer."""

STATES_OF_SLURM = {
    **dict.fromkeys(("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT"), QUEUED),
    **dict.fromkeys(("BOOT_FAIL", "COMPLETED", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY"), ENDED),
    **dict.fromkeys(("TIMEOUT", "DEADLINE", "PREEMPTED"), INTERRUPTED),
    **dict.fromkeys(("CANCELLED", "REVOKED"), CANCELLED),
}
"""Its words for states -> ours; with any other a task runs, or is about to begin or to end."""

ENDING = 65536
"""Bytes at the end of a log in which its last line is looked for."""


class SlurmQueue:
    """The tasks of one sweep: a job array, and single jobs where some are submitted again."""

    title = "Slurm"
    outlives = True

    def __init__(self, sweep: Path, settings: SlurmConfig) -> None:
        """`sweep`: its folder, which the nodes see, too."""
        self._sweep = sweep
        self._settings = settings
        self._logs = sweep.absolute() / CLUSTER / LOGS
        self.name = f"mlp_lab-{hashlib.sha256(str(sweep.resolve()).encode()).hexdigest()[:8]}"
        """Of its jobs, by which no other job is taken for one of them."""

    def submit(self, chunks: Sequence[int]) -> list[str]:
        """Hand chunks to sbatch.

        Raises:
            UserError: there is no Slurm, or it refuses them.
        """
        import submitit  # noqa: PLC0415  an extra
        from submitit.core.utils import FailedJobError, FailedSubmissionError  # noqa: PLC0415

        for command in ("sbatch", "srun", "squeue", "scancel"):
            if which(command) is None:
                raise UserError(f"sweep.engine=slurm needs Slurm here: there is no {command}")
        place = self._logs / secrets.token_hex(8)  # where nobody can have planted a link to a log
        make_folder(place, below=self._sweep.absolute())
        executor = submitit.SlurmExecutor(place, python=self._settings.python)
        executor.update_parameters(**self._parameters())
        count = len(chunks)
        places = [str(Path.cwd())] * count, [str(self._sweep)] * count
        try:
            with redirect_stderr(StringIO()):  # sbatch's own lines, which a refusal quotes
                jobs = executor.map_array(run_task, *places, list(chunks), [[*IMPORTED]] * count)
        except (FailedJobError, FailedSubmissionError) as error:
            raise UserError(f"Slurm refuses the sweep: {refusal(str(error))}") from error
        return [str(job.job_id) for job in jobs]

    def _parameters(self) -> dict[str, object]:
        """What submitit is told."""
        settings = self._settings
        memory = settings.memory
        return {
            **settings.words,
            "job_name": self.name,
            "time": settings.minutes,
            "cpus_per_task": settings.cpus_per_task,
            "mem": None if memory is None else f"{max(1, int(memory * 1024))}M",
            "array_parallelism": settings.array_parallelism,
            "setup": settings.setup or None,
            "wckey": None,
            "additional_parameters": {"requeue": True, **settings.options},
        }

    def states(self) -> Mapping[str, str] | None:
        """What squeue says of the sweep's jobs, which asks no accounting."""
        form = ("--states=all", "--array", "--noheader", "--format=%i|%T")
        try:
            said = called("squeue", "--me", f"--name={self.name}", *form)
        except (OSError, subprocess.SubprocessError):
            return None
        pairs = (line.partition("|") for line in said.splitlines())
        return {name.strip(): STATES_OF_SLURM.get(word.strip(), RUNNING) for name, _, word in pairs}

    def cancel(self, tasks: Sequence[str]) -> None:
        """Let Slurm end them: SIGTERM, then SIGKILL after its KillWait, 30 seconds."""
        if tasks:
            with suppress(OSError, subprocess.SubprocessError):
                called("scancel", *tasks)

    def last_words(self, task: str) -> str:
        """Of its log: the last line that names an error, else the last."""
        content = b""
        for path in self._logs.glob(f"*/{task}_0_log.err"):
            with suppress(OSError, UserError):
                content = read_bytes(path, megabytes=64)[-ENDING:]
        return telling_line(content.decode(errors="replace"))


def called(*words: str) -> str:
    """What a command of Slurm prints.

    Raises:
        OSError, subprocess.SubprocessError: there is none, or it fails, or does not end.
    """
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=PATIENCE)  # noqa: S603
    return done.stdout


def refusal(text: str) -> str:
    """What sbatch said, out of all that submitit says of it."""
    lines = [line.partition("error:")[2].strip() for line in text.splitlines() if "error:" in line]
    said = [line for line in lines if line and not line.endswith("sleeping and retrying")]
    return one_line(" ".join(said) or text)


def run_task(here: str, sweep: str, chunk: int, imported: Sequence[str]) -> None:
    """What a job of Slurm calls: train a chunk, from the working directory of its sweep."""
    os.chdir(here)
    for path in imported:
        import_parts(Path(path))
    with listening() as asked:
        train_chunk(Path(sweep), chunk, asked, requeue)


def requeue() -> None:
    """Put the job that this process is of into its queue again; where it cannot be, it ends."""
    with suppress(OSError, subprocess.SubprocessError):
        called("scontrol", "requeue", os.environ["SLURM_JOB_ID"])
