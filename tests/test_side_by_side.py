"""The same function on many items, by several processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from squaring import killed_by_three, leaving_at_three, own_process, refusing_three, squared

from mlp_lab.errors import UserError
from mlp_lab.side_by_side import as_they_end, in_order

Way = Callable[[Callable[[int], int], range, int], Iterator[tuple[int, int]]]
"""How a function is computed on items."""


def counted(most: int, read: list[int]) -> Iterator[int]:
    """Numbers, which are noted as they are read."""
    for number in range(most):
        read.append(number)
        yield number


@pytest.mark.parametrize("processes", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 20])
def test_results_are_in_order(processes: int, count: int) -> None:
    """Also where there are fewer items than processes."""
    found = list(in_order(squared, range(count), processes))
    assert found == [(number, number * number) for number in range(count)]
    assert multiprocessing.active_children() == []


def test_one_process_is_this_one() -> None:
    """It reads no item ahead; several read some, but not all."""
    for processes, most in ((1, 1), (2, 5)):
        read: list[int] = []
        results = in_order(squared, counted(50, read), processes)
        next(results)
        assert len(read) <= most
        results.close()  # type: ignore[attr-defined]
    assert {found for _, found in in_order(own_process, range(3), 1)} == {os.getpid()}
    assert len({found for _, found in in_order(own_process, range(8), 2)} - {os.getpid()}) == 2


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_what_goes_wrong_does_so_in_its_place(processes: int) -> None:
    """What comes before is there; an item that cannot be read ends them alike."""

    def numbers() -> Iterator[int]:
        yield from range(5)
        raise UserError("no more")

    for function, most, said in ((refusing_three, 3, "3 is refused"), (squared, 5, "no more")):
        results = in_order(function, numbers(), processes)
        found: list[int] = []
        with pytest.raises(UserError, match=said):
            found.extend(result for _, result in results)
        results = in_order(function, numbers(), processes)
        assert [next(results)[1] for _ in range(most)] == [number**2 for number in range(most)]
        with pytest.raises(UserError, match=said):
            next(results)
        assert multiprocessing.active_children() == []


@pytest.mark.parametrize("processes", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 9])
def test_results_as_they_end(processes: int, count: int) -> None:
    """Of each item by its place, from other processes; the quicker one is there before."""
    items = [*range(count)][::-1]
    found = list(as_they_end(squared, items, processes))
    assert sorted(found) == [(place, number**2) for place, number in enumerate(items)]
    if processes == 1:
        assert found == sorted(found)
    assert os.getpid() not in dict(as_they_end(own_process, items, processes)).values()
    with pytest.raises(UserError, match="3 is refused"):
        list(as_they_end(refusing_three, [3], processes))
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
@pytest.mark.parametrize("way", [in_order, as_they_end])
def test_a_process_that_dies(way: Way) -> None:
    """Ends all with a line that says which and how."""
    with pytest.raises(UserError, match=r"process \d+\) ended with SIGKILL: is there enough mem"):
        list(way(killed_by_three, range(9), 2))
    with pytest.raises(UserError, match=r"process \d+\) ended with status 7$"):
        list(way(leaving_at_three, range(9), 2))
    assert multiprocessing.active_children() == []


HALF_SENT = """
import os, pickle, signal, sys
sys.path.insert(0, sys.argv[1])
from squaring import length
from mlp_lab.side_by_side import _Pool

with _Pool(length, 2) as pool:
    for worker in pool.idle():
        print(worker.process.pid, flush=True)
    whole = pickle.dumps(bytes(10**6))
    for worker in pool.idle():
        os.write(worker.connection.fileno(), len(whole).to_bytes(4, "big") + whole[:1000])
    print("sent", flush=True)
    signal.pause()
"""

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from squaring import own_process
from mlp_lab.side_by_side import in_order
for _, found in in_order(own_process, range(10**6), 2):
    print(found, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_nobody_is_left_behind() -> None:
    """Processes end when the one that began them is killed."""
    own = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert own.stdout is not None
    others = {int(own.stdout.readline()) for _ in range(8)} - {own.pid}
    own.kill()
    own.communicate()
    assert others
    for _ in range(600):
        if not any(is_running(pid) for pid in others):
            return
        time.sleep(0.1)
    raise AssertionError(f"{others} are still there")


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_nobody_waits_for_half_an_item() -> None:
    """Of a command that was killed while it sent one: its pipe alone would not tell."""
    own = subprocess.Popen(
        [sys.executable, "-c", HALF_SENT, str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert own.stdout is not None
    others = {int(own.stdout.readline()) for _ in range(2)}
    assert own.stdout.readline() == "sent\n"
    own.kill()
    own.communicate()
    for _ in range(600):
        if not any(is_running(pid) for pid in others):
            return
        time.sleep(0.1)
    raise AssertionError(f"{others} are still there")


def is_running(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not (status.exists() and "State:\tZ" in status.read_text())


def test_ctrl_c_is_for_the_command() -> None:
    """The first process hears it and ends the others."""
    results = in_order(own_process, range(1000), 2)
    others = {next(results)[1] for _ in range(4)}
    for pid in others:
        os.kill(pid, signal.SIGINT)
    assert next(results)[1] in others
    results.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []
