"""`mlp-lab dashboard`, read over HTTP as a browser reads it."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from lab import MLP_LAB, ROOT, clean_environment, command, train

from mlp_lab.commands.dashboard import free_port, is_everywhere, one_folder, runs_in, serve
from mlp_lab.commands.main import main
from mlp_lab.errors import UserError

PATIENCE = 60
"""Seconds until TensorBoard has read a few small files."""


@contextmanager
def dashboard(
    *words: str, program: tuple[str, ...] = (*MLP_LAB, "dashboard"), ends_by: int = signal.SIGINT
) -> Iterator[tuple[str, str]]:
    """A dashboard at a free port: the line it prints, and its address; it must end cleanly."""
    process = subprocess.Popen(
        [*program, *words, "--port", "0"],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+/", line)
        assert found, process.communicate()[1]
        yield line, found.group()
        process.send_signal(ends_by)
        said, complaints = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert (process.returncode, said, complaints) == (0, "\n", "")


def fetched(address: str) -> object:
    """What it answers."""
    with urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310
        return json.load(answer)


def runs_at(address: str, count: int) -> list[str]:
    """Names of the runs, once as many as that have been read."""
    end = time.monotonic() + PATIENCE
    names: list[str] = []
    while len(names) < count and time.monotonic() < end:
        time.sleep(0.1)
        found = fetched(f"{address}data/runs")
        assert isinstance(found, list)
        names = found
    return sorted(names)


def test_a_run_under_its_own_name(iris_run: Path) -> None:
    """With its curves, its pictures, and training and validation on a chart; then Ctrl-C."""
    with dashboard(str(iris_run)) as (line, address):
        assert line == f"1 run of {iris_run} at {address} (Ctrl-C ends it)\n"
        assert runs_at(address, 1) == ["run"]
        layout = fetched(f"{address}data/plugin/custom_scalars/layout")
        assert isinstance(layout, dict)
        (category,) = layout["category"]
        charts = {chart["title"]: chart["multiline"]["tag"] for chart in category["chart"]}
        assert charts["loss"] == ["loss/train", "loss/val"]
        images = fetched(f"{address}data/plugin/images/tags")
        assert isinstance(images, dict)
        assert "pictures/confusion" in images["run"]
        losses = fetched(f"{address}data/plugin/scalars/scalars?run=run&tag=loss/train")
        assert isinstance(losses, list)
        assert [step for _, step, _ in losses] == [1, 2, 3, 4]


def test_several_folders(iris_run: Path, diabetes_run: Path) -> None:
    """Runs are told apart by their folders; kill ends it as Ctrl-C does. By the script."""
    folders = (iris_run.parent, diabetes_run.parent)
    program = (sys.executable, str(ROOT / "scripts" / "dashboard.py"))
    with dashboard(*map(str, folders), program=program, ends_by=signal.SIGTERM) as (line, address):
        assert line.startswith("2 runs of ")
        assert runs_at(address, 2) == sorted(f"{folder.name}/run" for folder in folders)


def test_the_columns_of_several_runs(tmp_path: Path) -> None:
    """The HParams tab has what any run changed, and what differs first."""
    words = ("data=iris", "epochs=1", "quiet=true", "tracking.report=false")
    train(tmp_path / "0", *words, "model.width=4")
    train(tmp_path / "1", *words, "model.width=8", "optimizer.lr=0.01")
    with dashboard(str(tmp_path)) as (_, address):
        assert runs_at(address, 2) == ["0", "1"]
        found = fetched(f"{address}data/plugin/hparams/experiment?request={{}}")
    assert isinstance(found, dict)
    columns = [column["name"] for column in found["hparamInfos"]]
    assert set(columns) == {word.partition("=")[0] for word in words} | {
        "model.width",
        "optimizer.lr",
    }
    assert columns[0] == "model.width"


def test_what_cannot_be_shown(tmp_path: Path, iris_run: Path) -> None:
    """One line that says why."""
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(iris_run / "config.yaml", bare)
    (tmp_path / "empty").mkdir()
    for name, line in (
        ("nowhere", "no such folder: 'nowhere'"),
        ("empty", "empty holds no run: there is no config.yaml in it"),
        ("bare", "bare holds nothing that TensorBoard shows: its runs were trained with"),
    ):
        done = command(["dashboard", name], tmp_path, MLP_LAB)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(line)
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--port", "70000"], "--port must be from 0 to 65535, got 70000"),
        (["--port", "x"], "mlp-lab dashboard: --port must be a whole number, got 'x' (--help"),
        (["--host", "192.0.2.1"], "cannot listen at 192.0.2.1, port 6006: "),  # of no machine
        (["--prot", "1"], "mlp-lab dashboard: unknown option --prot 1: did you mean '--port'?"),
    ],
)
def test_where_it_cannot_listen(
    words: list[str],
    line: str,
    iris_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line that names the option, its rule and its value."""
    monkeypatch.setattr(sys, "argv", ["mlp-lab", "dashboard", str(iris_run), *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(line)
    assert len(said.splitlines()) == 1


def test_a_port_that_is_taken() -> None:
    """The next one is found, unless that very one was asked for."""
    first = free_port("localhost", None)
    with socket.create_server(("localhost", first)):
        assert free_port("localhost", None) > first
        with pytest.raises(UserError, match=f"^--port {first} is taken: without it, the next"):
            free_port("localhost", first)
    assert free_port("localhost", first) == first


def test_a_tensorboard_that_lacks_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 2.20 does beside a setuptools without pkg_resources."""
    monkeypatch.setitem(sys.modules, "tensorboard.default", None)
    monkeypatch.delattr("tensorboard.default", raising=False)
    with pytest.raises(UserError, match=r"TensorBoard needs .* pip install --upgrade tensorboard$"):
        serve(tmp_path, "localhost", 0)


def test_addresses_that_stand_for_all() -> None:
    """Names are looked up by nobody here."""
    assert [is_everywhere(host) for host in ("0.0.0.0", "::", "::1", "localhost")] == [  # noqa: S104
        *(True, True, False, False)
    ]


def test_folders_are_seen_once(iris_run: Path, diabetes_run: Path) -> None:
    """A folder that lies in another needs no link of its own; nothing is written into any."""
    before = {path: set(path.iterdir()) for path in (iris_run, iris_run.parent)}
    with one_folder([iris_run, iris_run.parent, diabetes_run]) as links:
        assert {str(path.relative_to(links)) for path in links.rglob("*") if path.is_symlink()} == {
            iris_run.parent.name,
            f"{diabetes_run.parent.name}/run",
        }
    assert not links.exists()
    assert {path: set(path.iterdir()) for path in before} == before
    with one_folder([iris_run.parent]) as folder:
        assert folder == iris_run.parent
    assert runs_in(iris_run.parent) == {iris_run.resolve()}


def test_where_no_link_can_be_made(iris_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, to whom that right is not given."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refused)
    with pytest.raises(UserError, match="name one folder that holds them"), one_folder([iris_run]):
        pass
