"""What this machine or the run folder refuses, before anything is trained."""

import math
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from lab import BARE, configure, curves, refused, stack_of_runs, train, written

from mlp_lab.engine.cuda import cuda_possible
from mlp_lab.errors import UserError
from mlp_lab.network.architecture import training_bytes
from mlp_lab.runs import preflight
from mlp_lab.runs.preflight import require_machine, require_memory, why_ended
from mlp_lab.runs.prepared_data import prepare_data

RESUME_KEYS = (
    "epochs, quiet, device, devices, kernel, threads, stop, tracking, calibration, name, tags"
)


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["epochs=2"], "resume={run} has finished its 2 epochs: set epochs to more than 2"),
        (
            ["optimizer.lr=0.1"],
            "optimizer.lr cannot change when a run is resumed: resume={run} keeps its config.yaml,"
            f" save for {RESUME_KEYS}",
        ),
        (
            ["epochs=5", "seed=1"],
            f"seed cannot change when a run is resumed: resume={{run}} keeps its config.yaml,"
            f" save for {RESUME_KEYS}",
        ),
        (
            ["optimizer=sgd"],
            "optimizer cannot change when a run is resumed: resume={run} keeps its config.yaml,"
            f" save for {RESUME_KEYS}",
        ),
    ],
)
def test_a_run_that_cannot_go_on(overrides: list[str], line: str, tmp_path: Path) -> None:
    """A finished one, or one that is asked to become another."""
    run = train(tmp_path / "run", "data=iris", "epochs=2", *BARE)
    before = {name: (run / name).read_bytes() for name in written(run)}
    assert refused(f"resume={run}", *overrides, folder=run) == line.format(run=run)
    assert {name: (run / name).read_bytes() for name in written(run)} == before


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    """Also one without a checkpoint, and one whose checkpoint is of another network."""
    line = refused(f"resume={tmp_path}", folder=tmp_path)
    assert line == f"{tmp_path} is not a run folder: it has no config.yaml"
    run = train(tmp_path / "run", "data=iris", "epochs=1", *BARE)
    other = train(tmp_path / "other", "data=wine", "epochs=1", *BARE)
    shutil.copy(other / "checkpoint.safetensors", run)
    line = refused(f"resume={run}", "epochs=3", folder=run)
    assert line.endswith(": the rows of data=iris have changed since it began: train a new run")
    (run / "checkpoint.safetensors").write_bytes(b"broken")
    line = refused(f"resume={run}", "epochs=3", folder=run)
    assert line.startswith(f"{run}/checkpoint.safetensors is damaged, or of another version: ")
    (run / "checkpoint.safetensors").unlink()
    line = refused(f"resume={run}", "epochs=3", folder=run)
    assert line.startswith(f"{run} has no checkpoint.safetensors to resume from: ")


def test_a_run_whose_settings_were_edited(tmp_path: Path) -> None:
    """Its curves would be of two runs; what may change when it goes on may be edited, too."""
    run = train(tmp_path / "run", "data=iris", "epochs=2", *BARE)
    kept = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(kept.replace("lr: 0.001", "lr: 0.1"))
    line = refused(f"resume={run}", "epochs=3", folder=run)
    assert line.startswith(f"resume={run}: its config.yaml is not what it began with: undo the ")
    (run / "config.yaml").write_text(kept.replace("epochs: 2", "epochs: 3"))
    train(run, f"resume={run}")
    assert len(curves(run)) == 3


def test_a_run_whose_rows_have_changed(tmp_path: Path) -> None:
    """The file may move, but not hold something else."""
    rows = ["x,y"] + [f"{i * i % 11},{i % 7}" for i in range(50)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(rows))
    words = ("data=table", f"data.path={table}", "data.target=y", "data.task=regression")
    run = train(tmp_path / "run", *words, "epochs=2", *BARE)
    table.write_text("\n".join([*rows[:-1], "49,100"]))
    line = refused(f"resume={run}", "epochs=3", folder=run)
    assert line == (
        f"resume={run}: the rows of data.path={table} have changed since it began: train a new run"
    )
    table.unlink()
    moved = tmp_path / "moved.csv"
    moved.write_text("\n".join(rows))
    kept = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(kept.replace(str(table), str(moved)))
    train(run, f"resume={run}", "epochs=3")


def test_a_network_deeper_than_the_machine_can_hold() -> None:
    """Its layers are as wide as usual."""
    line = refused("data=iris", "model.depth=100000", "model.width=1000")
    assert line.startswith("model.depth=100000 makes "), line
    assert line.endswith(": use a smaller model.depth"), line


def test_a_network_too_deep_to_step() -> None:
    """However narrow it is."""
    line = refused("data=iris", "model.depth=100000", "model.width=1", "batch_size=1")
    assert line == "model.depth must be at most 1,000 to be trained, got 100000"


def test_a_network_larger_than_the_machine() -> None:
    """Refused by the key that makes it so, before anything is allocated."""
    line = refused("data=iris", "model.width=10000000")
    assert re.fullmatch(
        r"model\.width=10000000 makes 200,000,[\d,]+ parameters, which take [\d,]+ GiB to train;"
        r" this machine has \d+: use a smaller model\.width",
        line,
    ), line


def stands(folder: Path, *overrides: str, epoch: int = 4, **changes: float) -> str:
    """Why a run that stands after an epoch would end at once."""
    _, runs = stack_of_runs(folder, ["data=iris", "epochs=9", *overrides])
    progress = runs[0].progress
    progress.watch.waited, progress.seconds = 3, 2.0
    for name, value in changes.items():
        setattr(progress, name, value)
    return why_ended(runs[0].job.config, epoch, progress)


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("epochs=4", "epochs to more than 4"),
        ("epochs=3", "epochs to more than 4"),
        ("stop.patience=3", "stop.patience above 3, or to null"),
        ("stop.patience=2", "stop.patience above 3, or to null"),
        ("stop.seconds=2", "stop.seconds above that, or to null"),
        ("stop.weights_tol=0.5", "stop.weights_tol below that, or to null"),
    ],
)
def test_why_a_run_has_ended(setting: str, key: str, tmp_path: Path) -> None:
    """What to set so that it trains on is in the line."""
    assert stands(tmp_path, setting, change=0.5).endswith(f": set {key}")


@pytest.mark.parametrize(
    "setting", ["epochs=5", "stop.patience=4", "stop.seconds=2.1", "stop.weights_tol=0.49"]
)
def test_what_it_was_told_trains_it_on(setting: str, tmp_path: Path) -> None:
    """Just beyond each limit."""
    assert stands(tmp_path, setting, change=0.5) == ""


def test_no_epoch_has_moved_weights_yet(tmp_path: Path) -> None:
    """Before the first one no tolerance is met."""
    assert stands(tmp_path, "stop.weights_tol=9", epoch=0, change=math.inf) == ""


@pytest.mark.parametrize(
    ("build", "driver", "possible"),
    [
        ("2.9.0", True, True),
        ("2.9.0+cu128", True, True),
        ("2.9.0+cu128", False, False),
        ("2.9.0+cpu", True, False),
        ("2.9.0+rocm6.4", False, True),
    ],
)
def test_cuda(build: str, driver: bool, possible: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver, and a torch that can use it; AMD's has another."""

    def load(name: str) -> None:
        if not driver:
            raise OSError

    monkeypatch.setattr("mlp_lab.engine.cuda.version", lambda name: build)
    monkeypatch.setattr("ctypes.CDLL", load)
    assert cuda_possible() == possible
    config = configure("data=iris", "device=cuda")
    if possible:
        require_machine(config)
        return
    with pytest.raises(UserError, match=r"^device=cuda, but "):
        require_machine(config)


@pytest.mark.parametrize("there", [True, False])
def test_autocast_needs_a_gpu(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read."""
    monkeypatch.setattr(sys.modules[require_machine.__module__], "cuda_possible", lambda: there)
    config = configure("data=iris", "autocast=bfloat16")
    if there:
        require_machine(config)
        return
    with pytest.raises(UserError, match=r"^autocast=bfloat16 needs a CUDA device, and here is non"):
        require_machine(config)


@pytest.mark.parametrize(("cores", "fits"), [(1, False), (2, True), (None, False)])
def test_threads(cores: int | None, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than cores; where nobody knows, there is one."""
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    config = configure("data=iris", "threads=2")
    if fits:
        require_machine(config)
        return
    with pytest.raises(UserError, match=r"^threads must be at most the 1 cores, got 2"):
        require_machine(config)


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_memory(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the byte; what may be trained on a GPU is not refused for the machine's sake."""
    config = configure("data=iris", "model=shallow", f"device={device}")
    data = prepare_data(config).summary
    sizes = data.sizes(config)
    needed = training_bytes(sizes, 32, config.dtype)
    monkeypatch.setattr(preflight, "cuda_possible", lambda: True)
    for installed in (needed, needed - 1):
        monkeypatch.setattr(preflight, "installed_memory", lambda size=installed: float(size))
        if installed == needed or device == "auto":
            require_memory(config, data)
            continue
        with pytest.raises(UserError, match=r"^model\.width="):
            require_memory(config, data)


def test_all_rows_at_once_take_more() -> None:
    """`full` is a batch of them all."""
    config = configure("data=iris")
    many = replace(prepare_data(config).summary, rows={"train": 10**12, "val": 0, "test": 0})
    with pytest.raises(UserError, match=r"GiB to train"):
        require_memory(configure("data=iris", "batch_size=full"), many)
    require_memory(config, many)


@pytest.mark.parametrize("words", ["embedding_size=900000", "bins=1000000 embedding_size=256"])
def test_an_embedding_too_large(words: str) -> None:
    """What takes the memory is named, and not the layers behind it."""
    settings = [f"model.{word}" for word in words.split()]
    config = configure("data=iris", "model=deep", "model.embedding=piecewise", *settings)
    with pytest.raises(UserError, match=r"^with the embedding of 4 numbers .* fewer model\.bins"):
        require_memory(config, prepare_data(config).summary)
