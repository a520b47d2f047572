"""Rank 0 and the processes that it starts."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from lab import BARE, ROOT, command, curves, train
from torch._C._distributed_c10d import HashStore
from waiting import until

import mlp_lab
from mlp_lab.errors import UserError
from mlp_lab.runs import team
from mlp_lab.runs.team import LOST, Followers, Team, _await, on_loopback, require_devices

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def of_processes(*programs: str) -> Followers:
    """Processes of some Python lines in place of ranks 1, 2, ..."""
    found = Followers(1, 0)
    for rank, program in enumerate(programs, start=1):
        found.processes[rank] = subprocess.Popen([sys.executable, "-S", "-c", program])
    return found


def test_who_has_died_is_said() -> None:
    """Neither one that has done its work, nor one that ends because another has."""
    done = of_processes("", f"raise SystemExit({LOST})")
    done.stop(30.0)
    assert done.died() == ""
    failed = of_processes("raise SystemExit(3)")
    assert (
        failed.died_within(30.0)
        == f"rank 1 (process {failed.processes[1].pid}) ended with status 3"
    )
    killed = of_processes("import time; time.sleep(99)")
    assert killed.died_within(0.0) == ""
    killed.stop(0.0)
    assert killed.died().endswith("ended with SIGKILL")
    with pytest.raises(UserError, match=r"^rank 1 \(process \d+\) ended with status 3 befo"):
        _await(failed, HashStore())


def test_a_process_that_waits_for_a_dead_one_is_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As NCCL does, which does not notice; nothing happens to one that has noticed."""
    failed, ended = of_processes("raise SystemExit(3)"), []
    failed.died_within(30.0)
    over = threading.Event()

    def end(status: int) -> None:
        ended.append(status)
        over.set()

    monkeypatch.setattr(team, "LOOKING_SECONDS", 0.0)
    monkeypatch.setattr(team, "NOTICING_SECONDS", 0.0)
    monkeypatch.setattr(os, "_exit", end)
    of_failed = Team(followers=failed, then="; resume")
    of_failed._watch(over)
    of_failed._watch(over)
    assert ended == [1]
    said = capsys.readouterr().err
    assert said.endswith("ended with status 3, and with it the training; resume\n")


def test_a_process_ends_with_its_torchrun(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While it trains; one that is done says nothing."""
    ended: list[int] = []
    parents = iter([7, 7, 1])
    monkeypatch.setattr(team, "LOOKING_SECONDS", 0.0)
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    monkeypatch.setattr(os, "_exit", ended.append)
    over = threading.Event()
    Team(then="; resume")._end_without(over, 7)
    assert ended == [1]
    said = capsys.readouterr().err
    assert said == "torchrun (process 7) has ended, and with it the training; resume\n"
    over.set()
    monkeypatch.setattr(os, "getppid", lambda: 1)
    Team()._end_without(over, 1)
    Team()._end_without(over, 7)
    assert ended == [1]


def test_devices_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """GPUs are counted; processes of a CPU only bounded."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    require_devices(CUDA, 2)
    with pytest.raises(UserError, match=r"^devices must be at most the 2 GPUs of this machine, or"):
        require_devices(CUDA, 3)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    require_devices(CPU, 16)
    with pytest.raises(UserError, match=r"^devices must be at most 16 with 2 cores, got 17"):
        require_devices(CPU, 17)


def test_gloo_listens_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a choice of one's own stays."""
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)
    with on_loopback():
        assert os.environ.get("GLOO_SOCKET_IFNAME") in ("lo", "lo0", None)
    assert "GLOO_SOCKET_IFNAME" not in os.environ
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "eth7")
    with on_loopback():
        assert os.environ["GLOO_SOCKET_IFNAME"] == "eth7"


WORDS = ("data=iris", "model=shallow", "model.dropout=0.3", "dtype=float64", "device=cpu", *BARE)


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    """One goes on where two have stopped, to the same curve."""
    one = train(tmp_path / "one", *WORDS, "epochs=3")
    two = train(tmp_path / "two", *WORDS, "epochs=2", "devices=2")
    train(two, f"resume={two}", "epochs=3", "devices=1", "quiet=true")
    losses = [torch.tensor([list(row.values()) for row in curves(run)]) for run in (one, two)]
    assert losses[0].allclose(losses[1], rtol=1e-9, atol=1e-12)
    assert json.loads((two / "result.json").read_text())["environment"].get("devices") is None


@pytest.mark.slow
def test_python_and_four_processes() -> None:
    """The same curve; a sweep is refused."""
    words = ("model=shallow", "dtype=float64", "epochs=2", "device=cpu")
    found = [mlp_lab.train("iris", *words, devices=devices).curves for devices in (1, 4)]
    kept = [curve.drop(columns=["seconds"]).to_numpy() for curve in found]
    assert abs(kept[0] - kept[1]).max() < 1e-9
    with pytest.raises(UserError, match=r"^devices=2 share one network out, and a sweep trains"):
        mlp_lab.sweep("iris", lr=[0.1, 0.2], devices=2)


@pytest.mark.slow
def test_a_killed_rank_ends_all_and_the_run_goes_on(tmp_path: Path) -> None:
    """One line says which."""
    words = [*WORDS, "epochs=100000", "devices=2", "hydra.run.dir=run"]
    program = [sys.executable, str(ROOT / "train.py"), *words]
    process = subprocess.Popen(program, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    written = tmp_path / "run" / "curves.csv"
    until(lambda: written.is_file() and len(written.read_text().splitlines()) > 3)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.is_file():
        process.kill()
        pytest.skip("this system does not say which processes a process has started")
    (rank,) = map(int, children.read_text().split())
    os.kill(rank, signal.SIGKILL)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 1
    assert said.startswith(f"rank 1 (process {rank}) ended with SIGKILL, and with it the training")
    assert len(said.splitlines()) == 1
    epochs = len(written.read_text().splitlines()) + 3
    done = command(["resume=run", f"epochs={epochs}", "devices=2"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(curves(tmp_path / "run")) == epochs


@pytest.mark.slow
def test_torchrun(tmp_path: Path) -> None:
    """It starts the processes, and only rank 0 writes and prints."""
    one = train(tmp_path / "one", *WORDS, "epochs=2")
    program = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    words = [*WORDS, "epochs=2", "hydra.run.dir=two"]
    done = subprocess.run(
        [*program, str(ROOT / "train.py"), *words], cwd=tmp_path, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == b""
    losses = [
        torch.tensor([list(row.values()) for row in curves(run)]) for run in (one, tmp_path / "two")
    ]
    assert losses[0].allclose(losses[1], rtol=1e-9, atol=1e-12)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


@contextmanager
def two_machines(folder: Path, *words: str) -> Iterator[list[subprocess.Popen[str]]]:
    """The two commands of the documentation, on this one machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    page = (ROOT / "docs" / "scale.md").read_text()
    lines = [line for line in page.splitlines() if line.startswith("    torchrun --nnodes 2")]
    agents = []
    for line in lines:
        at = line.replace("first.example.org:29500", f"127.0.0.1:{port}")
        program, _ = at.split(" train.py ")
        _, *options = shlex.split(program)
        command = [sys.executable, "-m", "torch.distributed.run", *options, str(ROOT / "train.py")]
        pipe = subprocess.PIPE
        agents.append(
            subprocess.Popen([*command, *words], cwd=folder, stdout=pipe, stderr=pipe, text=True)
        )
    try:
        yield agents
    finally:
        for agent in agents:
            agent.terminate()  # and what it has started with it
        for agent in agents:
            try:
                agent.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                agent.kill()
                agent.communicate()


@pytest.mark.slow
def test_two_agents_of_torchrun(tmp_path: Path) -> None:
    """As on two machines: the loss curve of one process, and the first of them writes it."""
    one = train(tmp_path / "one", *WORDS, "epochs=2")
    with two_machines(tmp_path, *WORDS, "epochs=2", "hydra.run.dir=two", "quiet=false") as agents:
        said = [agent.communicate(timeout=240) for agent in agents]
    assert [agent.returncode for agent in agents] == [0, 0], said
    assert "kernel torch on 2 devices" in said[0][0]
    assert said[1][0] == ""
    losses = [
        torch.tensor([list(row.values()) for row in curves(run)]) for run in (one, tmp_path / "two")
    ]
    assert losses[0].allclose(losses[1], rtol=1e-9, atol=1e-12)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


@pytest.mark.slow
@pytest.mark.parametrize(("of", "killed"), [("agent", 0), ("process", 0), ("process", 1)])
def test_what_is_killed_of_one_agent_ends_the_other(of: str, killed: int, tmp_path: Path) -> None:
    """Both end, and where rank 0 is left its line says how to go on, as it does."""
    written = tmp_path / "run" / "curves.csv"
    with two_machines(tmp_path, *WORDS, "epochs=100000", "hydra.run.dir=run") as agents:
        until(lambda: written.is_file() and len(written.read_text().splitlines()) > 3)
        agent = agents[killed]
        children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children")
        if not children.is_file():
            pytest.skip("this system does not say which processes a process has started")
        (process,) = map(int, children.read_text().split())
        os.kill(process if of == "process" else agent.pid, signal.SIGKILL)
        said = [each.communicate(timeout=240)[1] for each in agents]
    assert agents[1 - killed].returncode == 1
    if of == "process":
        assert f"exitcode  : -9 (pid: {process})" in said[killed]
    if (of, killed) != ("process", 0):
        begin = "another rank has" if killed else f"torchrun (process {agent.pid}) has"
        (line,) = [each for each in said[0].splitlines() if each.startswith(begin)]
        assert line.endswith("resume=run")
    epochs = len(written.read_text().splitlines()) + 3
    done = command(["resume=run", f"epochs={epochs}", "devices=1"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(curves(tmp_path / "run")) == epochs
