"""A Slurm of one machine, started for the tests that need one and ended after them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")

CONFIGURATION = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control}
SlurmdPort={node}
AuthType=auth/none
CredType=cred/none
AuthInfo=cred_expire=5
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdSpoolDir={folder}/slurmd
StateSaveLocation={folder}/slurmctld
SlurmUser={user}
SlurmdUser={user}
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2,default_queue_depth=100
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=10
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=low Nodes={host} Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=10
PartitionName=high Nodes={host} MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""
"""Two cores; no accounting, and nobody is asked for a secret."""


def missing() -> str:
    """Why no Slurm can be started here; nothing where one can."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"there is no Slurm here: {', '.join(absent)}"
    return "" if os.geteuid() == 0 else "starting Slurm takes root"


@contextmanager
def slurm(folder: Path) -> Iterator[dict[str, str]]:
    """A cluster; the environment in which commands find it."""
    host = socket.gethostname().partition(".")[0]
    names = {"host": host, "folder": folder, "user": "root", "control": port(), "node": port()}
    (folder / "slurm.conf").write_text(CONFIGURATION.format(**names))
    (folder / "slurmctld").mkdir()
    environment = {"SLURM_CONF": str(folder / "slurm.conf")}
    daemons = [
        subprocess.Popen(
            [name, "-D"],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name in ("slurmctld", "slurmd")
    ]
    try:
        deadline = time.monotonic() + 60
        while asked("sinfo", "--noheader", "--format=%T", **environment).split()[:1] != ["idle"]:
            assert time.monotonic() < deadline, (folder / "slurmctld.log").read_text()[-2000:]
            time.sleep(0.2)
        yield environment
    finally:
        asked("scancel", "--user=root", **environment)
        time.sleep(1)
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait()


def asked(*words: str, **environment: str) -> str:
    """What a command of Slurm prints; nothing where it fails."""
    done = subprocess.run(
        words, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return done.stdout


def port() -> int:
    """One that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number: int = found.getsockname()[1]
        return number
