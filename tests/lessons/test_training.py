"""Stacks in processes of their own: what comes back, and what becomes of those that fail."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from given import bench
from lab import stack_of, values_of

from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError
from mlp_lab.lessons.study import Trial, grid
from mlp_lab.lessons.training import Change

WORDS = ["data=iris", "model=shallow", "epochs=4", "dtype=float64", "model.width=3"]


def first_weight(stack: Stack) -> Mapping[str, torch.Tensor]:
    """A probe."""
    return {"first": stack.network.layers.weights[0][:, 0, 0]}


def test_a_probe_is_asked_before_and_after_each_epoch() -> None:
    """And for each network apart."""
    (found,) = bench().train(grid(WORDS, range(2)), probe=first_weight)
    for seed, network in enumerate(found):
        weights = network.outcome.probes["first"]
        assert weights.shape == (5,)
        config = read(Config, values_of(*WORDS, seed=seed), "")
        assert weights[0] == float(stack_of(config).network.layers.weights[0][0, 0, 0])
        assert weights[-1] == network.outcome.layers[0][0][0, 0]


def ones(stack: Stack) -> None:
    """A change of weights."""
    stack.network.layers.flat_weights.fill_(1)


def test_a_change_is_made_before_the_first_step() -> None:
    (found,) = bench().train(grid(WORDS, range(2)), probe=first_weight, change=ones)
    for network in found:
        assert network.outcome.probes["first"][0] == 1
        assert network.outcome.probes["first"][-1] != 1


def kill(stack: Stack) -> None:
    """As the system does where memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail(stack: Stack) -> None:
    """An error of our own making."""
    raise RuntimeError("no such luck")


def refuse(stack: Stack) -> None:
    """An error of the user's."""
    raise UserError("epochs must be 1 or more, got 0")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            kill,
            r"one of the processes \(process \d+\) ended with SIGKILL: is there enough memory\?",
        ),
        (fail, "RuntimeError: no such luck"),
        (refuse, "epochs must be 1 or more, got 0"),
    ],
)
def test_a_stack_that_cannot_be_trained_ends_the_lesson_in_one_line(
    change: Change, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        bench().train([Trial({}, WORDS)], change=change)
    assert re.fullmatch(message, str(caught.value))


LONG = """
import sys
from given import bench
from mlp_lab.lessons.study import Trial
words = ["data=digits", "epochs=1000000"]
b = bench()
b._shown = lambda text: print(text, flush=True)
try:
    b.train([Trial({}, [*words, f"batch_size={n}"]) for n in (2, 3)])
except KeyboardInterrupt:
    sys.exit(9)
"""


def children(pid: int) -> list[int]:
    """Processes that it has started."""
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in done.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="asks pgrep")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 9), (signal.SIGKILL, -9)])
def test_its_processes_end_with_the_lesson(number: int, code: int) -> None:
    """At once, whether it was interrupted or killed."""
    path = os.pathsep.join(["tests", *sys.path])
    where = {**os.environ, "PYTHONPATH": path, "PYTHONFAULTHANDLER": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", LONG], stdout=subprocess.PIPE, env=where
    ) as lesson:
        assert lesson.stdout is not None
        assert lesson.stdout.readline().startswith(b"2 networks")
        deadline = time.monotonic() + 240
        while len(workers := children(lesson.pid)) < min(2, os.cpu_count() or 1):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(1)  # so that they train
        lesson.send_signal(number)
        try:
            assert lesson.wait(240) == code
        finally:
            lesson.send_signal(signal.SIGABRT)  # one that hangs says where
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline + 90
        time.sleep(0.1)
