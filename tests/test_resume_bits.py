"""A run that was interrupted and went on is the run that was not: the same bits."""

import errno
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
import torch
from lab import (
    BARE,
    PATIENCE,
    TRAIN,
    TRAIN_WORDS,
    clean_environment,
    command,
    comparable,
    curves,
    refused,
    train,
    written,
)
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from mlp_lab.config.messages import explain
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import Interrupted, UserError
from mlp_lab.runs import member
from mlp_lab.runs import run as run_module
from mlp_lab.runs.checkpoint import CheckpointTimer
from mlp_lab.runs.interruption import StopRequest
from mlp_lab.runs.lock import alone_in
from mlp_lab.tracking.curves import CurveFile, Row

RECIPES = {
    "adam, dropout, plateau": [
        *("data=wine", "model=shallow", "model.dropout=0.3", "optimizer.lr=0.02", "epochs=12"),
        *("schedule=plateau", "schedule.patience=0", "schedule.threshold=0.2"),
        *("averaging.kind=ema", "averaging.decay=0.9"),
    ],
    "heavy ball, one cycle": [
        *("data=moons", "data.rows=150", "model.depth=2", "optimizer=heavy_ball", "epochs=9"),
        *("schedule=one_cycle", "optimizer.clip_norm=1"),
    ],
    "ensemble of embedded numbers": [
        *("data=wine", "model=shallow", "model.embedding=both", "ensemble=3", "epochs=6"),
        *("optimizer=adamw", "model.dropout=0.2"),
    ],
    "batch normalisation, averaged": [
        *("data=wine", "model=deep", "model.width=8", "model.normalisation=batch", "epochs=6"),
        *("optimizer.lr=0.01", "batch_size=11", "averaging.kind=ema", "averaging.decay=0.8"),
    ],
    "full batch, regression": [
        *("data=diabetes", "model=shallow", "optimizer=rmsprop", "optimizer.centered=true"),
        *("batch_size=full", "epochs=7", "dtype=float64", "data.val_fraction=0"),
        *("averaging.kind=swa", "averaging.start=0.3"),
    ],
}


def interrupt_in(epoch: int, monkeypatch: pytest.MonkeyPatch, number: int = signal.SIGINT) -> None:
    """Send this process a signal while it trains that epoch, counted from 1, and only once."""
    plain: Callable[[Stack], Tensor] = Stack.train_epoch

    def interrupted(stack: Stack) -> Tensor:
        if stack.epoch == epoch - 1:
            os.kill(os.getpid(), number)
        return plain(stack)

    monkeypatch.setattr(Stack, "train_epoch", interrupted)


def state_of(folder: Path) -> tuple[dict[str, Tensor], dict[str, object]]:
    """Tensors and counters of a checkpoint, without the time it took."""
    path = folder / "checkpoint.safetensors"
    with safe_open(path, framework="pt") as file:
        state: dict[str, object] = json.loads(file.metadata()["state"])
    for progress in cast(list[dict[str, object]], state["progress"]):
        progress.pop("seconds")
        cast(dict[str, object], progress["origin"]).pop("overrides")
    return load_file(path), state


def assert_same_bits(one: Path, other: Path) -> None:
    """Curves, network, checkpoint, results: equal but for times and the command line."""
    assert curves(one) == curves(other)
    assert (one / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()
    assert (one / "schema.json").read_bytes() == (other / "schema.json").read_bytes()
    (tensors, state), (others, other_state) = state_of(one), state_of(other)
    assert state == other_state
    assert tensors.keys() == others.keys()
    assert all(torch.equal(tensors[name], others[name]) for name in tensors)
    results = [json.loads((folder / "result.json").read_text()) for folder in (one, other)]
    assert comparable(results[0]) == comparable(results[1])


@pytest.mark.parametrize(
    ("recipe", "number"), list(zip(RECIPES, 3 * (signal.SIGINT, signal.SIGTERM), strict=False))
)
def test_interrupted_and_resumed(
    recipe: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C or SIGTERM in two epochs, resumed after each: as if nothing had happened."""
    overrides = [*RECIPES[recipe], *BARE]
    whole = train(tmp_path / "whole", *overrides)
    epochs, run = len(curves(whole)), tmp_path / "run"
    before = signal.getsignal(number)
    for epoch, arguments in ((3, overrides), (5, [f"resume={run}", "quiet=true"])):
        with monkeypatch.context() as patch:
            interrupt_in(epoch, patch, number)
            with pytest.raises(Interrupted) as caught:
                train(run, *arguments)
        assert str(caught.value) == (
            f"stopped after epoch {epoch} of {epochs}; resume with: python train.py resume={run}"
        )
        assert len(curves(run)) == epoch
        assert "result.json" not in written(run)
    assert signal.getsignal(number) == before
    train(run, f"resume={run}")
    assert_same_bits(whole, run)


def test_a_signal_in_the_last_epoch_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is complete then, and says so."""
    interrupt_in(4, monkeypatch)
    run = train(tmp_path, "data=iris", "epochs=4", *BARE)
    assert json.loads((run / "result.json").read_text())["status"] == "completed"


@pytest.mark.parametrize("broken", ["build_stack", "claim", "open_tracker", "train_epoch", "save"])
def test_killed_before_its_first_checkpoint(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To resume, or where nothing is to be resumed to begin anew: one of them works."""
    overrides = ("data=iris", "model.dropout=0.2", "epochs=3", *BARE[:2])
    whole = train(tmp_path / "whole", *overrides)
    places: dict[str, object] = {
        "build_stack": run_module,
        "claim": run_module,
        "open_tracker": member,
        "train_epoch": Stack,
        "save": CheckpointTimer,
    }

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(places[broken], broken, killed)
        with pytest.raises(KeyboardInterrupt):
            train(run, *overrides)
    if broken in ("build_stack", "claim"):
        train(run, *overrides)
    else:
        assert refused(*overrides, folder=run).endswith(f"resume={run}")
        train(run, f"resume={run}")
    assert_same_bits(whole, run)
    assert len(list(run.glob("events.out.tfevents.*"))) == 1


def test_a_second_signal_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the epoch's end; the run can go on from its last checkpoint."""
    overrides = ("data=iris", "epochs=6", *BARE, "tracking.checkpoint_share=1")
    whole = train(tmp_path / "whole", *overrides)
    run, plain = tmp_path / "run", Stack.train_epoch

    def twice(stack: Stack) -> Tensor:
        means = plain(stack)
        if stack.epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        return means

    with monkeypatch.context() as patch:
        patch.setattr(Stack, "train_epoch", twice)
        with pytest.raises(KeyboardInterrupt):
            train(run, *overrides)
    train(run, f"resume={run}")
    assert_same_bits(whole, run)


def test_more_epochs_are_the_longer_run(tmp_path: Path) -> None:
    """With a constant rate, 4 epochs and then up to 9 are 9 epochs."""
    overrides = ("data=iris", "model.dropout=0.2", *BARE)
    longer = train(tmp_path / "longer", *overrides, "epochs=9")
    run = train(tmp_path / "run", *overrides, "epochs=4")
    assert len(curves(run)) == 4
    train(run, f"resume={run}", "epochs=9")
    assert_same_bits(longer, run)
    assert "epochs: 9\n" in (run / "config.yaml").read_text()


def test_a_setting_typed_again_is_named_once(tmp_path: Path) -> None:
    """In what result.json keeps, and so in the commands that the report and the verdict give."""
    run = tmp_path / "run"
    train(run, "data=iris", "epochs=1", "model.width=4", *BARE)
    train(run, f"resume={run}", "epochs=2")
    overrides = json.loads((run / "result.json").read_text())["overrides"]
    assert [word for word in overrides if word.startswith("epochs")] == ["epochs=2"]
    assert overrides[:2] == ["data=iris", "model.width=4"]


def test_stopped_early_then_resumed_without_the_stop(tmp_path: Path) -> None:
    """`stop` may change: what was cut off by patience goes on as the run without patience."""
    overrides = ("data=iris", "optimizer.lr=0.1", "epochs=12", *BARE)
    whole = train(tmp_path / "whole", *overrides)
    run = train(tmp_path / "run", *overrides, "stop.patience=1")
    result = json.loads((run / "result.json").read_text())
    assert result["status"] == "stopped"
    assert result["reason"] == "no better loss for 1 epochs"
    assert result["epochs_run"] == len(curves(run)) < 12
    train(run, f"resume={run}", "stop.patience=null")
    assert_same_bits(whole, run)


def test_the_same_config_twice(tmp_path: Path) -> None:
    """Equal configs give equal runs, to the bit."""
    overrides = ("data=digits", "epochs=2", "model.dropout=0.1", *BARE)
    assert_same_bits(train(tmp_path / "a", *overrides), train(tmp_path / "b", *overrides))


def test_a_line_cut_short_by_a_crash(tmp_path: Path) -> None:
    """What curves.csv says beyond the checkpoint is written anew."""
    overrides = ("data=iris", *BARE)
    longer = train(tmp_path / "longer", *overrides, "epochs=6")
    run = train(tmp_path / "run", *overrides, "epochs=4")
    with (run / "curves.csv").open("a") as file:
        file.write("5,0.1,0.1,0.1,0.1,0.001,9\n6,0.3")
    train(run, f"resume={run}", "epochs=6")
    assert_same_bits(longer, run)


def rows_in(path: Path) -> int:
    """Epochs of a curves.csv that may not be there yet."""
    return max(0, path.read_text().count("\n") - 1) if path.is_file() else 0


def start(folder: Path, *overrides: str) -> subprocess.Popen[str]:
    """A long run in a process of its own, once it has trained some epochs."""
    process = subprocess.Popen(
        [*TRAIN, *overrides],
        cwd=folder,
        env=clean_environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    path = folder / "run" / "curves.csv"
    until = time.monotonic() + 240
    while not rows_in(path) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    assert rows_in(path), process.communicate()
    return process


LONG = ["data=iris", "epochs=100000", "hydra.run.dir=run", "tracking.checkpoint_share=1", *BARE]


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    """SIGKILL leaves a checkpoint that a run goes on from, to the bits of one never killed."""
    process = start(tmp_path, *LONG)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    run = tmp_path / "run"
    _, state = state_of(run)
    done = state["epoch"]
    assert isinstance(done, int)
    epochs = f"epochs={done + 3}"
    train(run, f"resume={run}", epochs)
    whole = train(tmp_path / "whole", "data=iris", "tracking.checkpoint_share=1", *BARE, epochs)
    assert_same_bits(whole, run)


def test_a_terminated_run_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM: exit status 130, and the command that it names works when it is pasted."""
    process = start(tmp_path, *LONG)
    process.terminate()
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    asked, answer = errors.splitlines()
    assert asked == "finishing this epoch; press Ctrl-C again to stop now"
    said, _, go_on = answer.partition(f"; resume with: {TRAIN_WORDS} ")
    done = len(curves(tmp_path / "run"))
    assert said == f"stopped after epoch {done} of 100000"
    assert go_on == "resume=run"
    monkeypatch.chdir(tmp_path)
    train(Path("run"), go_on, f"epochs={done + 1}")
    assert len(curves(tmp_path / "run")) == done + 1
    assert {".hydra/config.yaml", "result.json"} <= written(tmp_path / "run")
    assert {path.name for path in tmp_path.iterdir()} == {"run"}


@pytest.mark.parametrize("left", [None, ""])
def test_a_run_killed_before_its_results_gets_them(tmp_path: Path, left: str | None) -> None:
    """Its last checkpoint is there, and nothing to train; a power cut may leave an empty file."""
    recipe = ["data=wine", "model=shallow", "epochs=4", "quiet=true"]
    whole = train(tmp_path / "whole", *recipe, *BARE[1:])
    cut = train(tmp_path / "cut", *recipe, *BARE[1:])
    for name in ("result.json", "model.safetensors", "schema.json"):
        (cut / name).unlink() if left is None else (cut / name).write_text(left)
    train(cut, f"resume={cut}")
    assert_same_bits(whole, cut)


def test_a_run_killed_after_its_early_stop_gets_its_results(tmp_path: Path) -> None:
    """It does not train on: it had stopped."""
    recipe = ["data=wine", "model=shallow", "epochs=50", "stop.weights_tol=9", *BARE]
    whole = train(tmp_path / "whole", *recipe)
    cut = train(tmp_path / "cut", *recipe)
    (cut / "result.json").unlink()
    train(cut, f"resume={cut}")
    assert_same_bits(whole, cut)
    with pytest.raises(UserError, match=r"moved its weights by .*: set stop.weights_tol below"):
        train(cut, f"resume={cut}")


def test_a_run_killed_before_its_page_gets_it(tmp_path: Path) -> None:
    """Its results are there, and nothing is left to train; once it has the page, it is refused."""
    recipe = ["data=iris", "model=shallow", "epochs=9", "stop.weights_tol=9"]
    whole = train(tmp_path / "whole", *recipe, *BARE)
    cut = train(tmp_path / "cut", *recipe, *BARE)
    again = [f"resume={cut}", "tracking.report=true"]
    train(cut, *again)
    assert "report.html" in written(cut)
    assert_same_bits(whole, cut)
    with pytest.raises(UserError, match=r"set stop\.weights_tol below"):
        train(cut, *again)


def test_a_run_that_failed_after_its_last_epoch_gets_its_results(tmp_path: Path) -> None:
    """As where the disk was full, and is no longer."""
    recipe = ["data=iris", "model=shallow", "epochs=2", *BARE]
    whole = train(tmp_path / "whole", *recipe)
    failed = train(tmp_path / "failed", *recipe)
    (failed / "result.json").write_text('{"status": "failed", "reason": "OSError"}')
    train(failed, f"resume={failed}")
    assert_same_bits(whole, failed)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the folder; nothing more is written, and the run can go on."""
    overrides = ("data=iris", "model=shallow", "epochs=5", *BARE)
    whole = train(tmp_path / "whole", *overrides)
    run, plain = tmp_path / "run", CurveFile.add

    def full(file: CurveFile, row: Row) -> None:
        if row["epoch"] == 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        plain(file, row)

    with monkeypatch.context() as patch:
        patch.setattr(CurveFile, "add", full)
        with pytest.raises(OSError, match="No space left on device") as caught:
            train(run, *overrides, "tracking.checkpoint_share=1")
    assert explain(caught.value) == f"cannot use {run}: No space left on device"
    assert "result.json" not in written(run)
    train(run, f"resume={run}")
    assert_same_bits(whole, run)


def test_a_stop_that_no_longer_holds_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by a run that went on without it and was killed before its next checkpoint."""
    overrides = ("data=iris", "optimizer.lr=0.1", "epochs=8", *BARE)
    whole = train(tmp_path / "whole", *overrides)
    run = train(tmp_path / "run", *overrides, "stop.patience=1")
    killed = "tracking.checkpoint_share=0"
    with monkeypatch.context() as patch:
        patch.setattr(Stack, "train_epoch", lambda stack: os.kill(os.getpid(), signal.SIGINT))
        patch.setattr(StopRequest, "handle", signal.default_int_handler)
        with pytest.raises(KeyboardInterrupt):
            train(run, f"resume={run}", "stop.patience=null", killed)
    train(run, f"resume={run}")
    assert_same_bits(whole, run)


def test_a_resumed_run_has_no_result_of_its_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it ends again."""
    folder = train(tmp_path / "run", "data=wine", "model=shallow", "epochs=2", *BARE)
    interrupt_in(4, monkeypatch)
    with pytest.raises(Interrupted):
        train(folder, f"resume={folder}", "epochs=9")
    assert "result.json" not in written(folder)


def test_curves_cut_short_are_refused(tmp_path: Path) -> None:
    """A line that a power cut left half written is no epoch."""
    folder = train(tmp_path / "run", "data=wine", "model=shallow", "epochs=5", *BARE)
    lines = (folder / "curves.csv").read_text().splitlines(keepends=True)
    (folder / "curves.csv").write_text("".join(lines[:4]) + "4,0.5")
    with pytest.raises(UserError, match="has 3 epochs, but the checkpoint is of epoch 5"):
        train(folder, f"resume={folder}", "epochs=9")


def test_one_process_in_a_folder(tmp_path: Path) -> None:
    """A second one is refused while the first trains."""
    folder = train(tmp_path / "run", "data=wine", "model=shallow", "epochs=2", *BARE)
    with alone_in(folder):
        done = command([f"resume={folder}", "epochs=9"], tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip() == "run is being trained by another process"
