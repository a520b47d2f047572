"""The live page's engine, as a page drives it over its pipe: `python benchmarks/play.py`.

The page's own drawing is left out: this one says at once that it has drawn a frame. With a
number, as `python benchmarks/play.py 30`, it trains so many minutes on, and prints the engine's
memory.
"""

import json
import os
import statistics
import time
from multiprocessing.connection import Connection
from pathlib import Path

from race import QUICK, machine, words

from mlp_lab.commands.composing import composed
from mlp_lab.play.engine import COMMAND
from mlp_lab.play.frames import unpack
from mlp_lab.play.process import Live, start
from mlp_lab.play.settings import begun

SECONDS, ROUNDS = (0.2, 1) if QUICK else (5.0, 20)

WORDS = ["epochs=20000"]
"""What a page begins with: two spirals, two layers of eight units, batches of 16."""


def ask(pipe: Connection, do: str, **more: object) -> None:
    """Send a command."""
    pipe.send_bytes(COMMAND + json.dumps({"do": do, **more}).encode())


def hear(pipe: Connection) -> tuple[dict[str, object], int]:
    """A message or the header of a frame, and its bytes; a frame is said to be drawn."""
    content = pipe.recv_bytes()
    if content[:1] == b"t":
        return json.loads(content[1:]), len(content)
    header = unpack(content[1:])[0]
    if "frame" in header:
        ask(pipe, "seen", number=header["frame"])
    return header, len(content)


def until_state(pipe: Connection, running: bool) -> None:
    """Hear everything up to the message that it runs, or does not."""
    while hear(pipe)[0].get("running") is not running:
        pass


def full_speed(pipe: Connection) -> None:
    """Epochs and frames a second, and the size of a frame."""
    ask(pipe, "play")
    until_state(pipe, running=True)
    started, frames = time.perf_counter(), []
    while time.perf_counter() - started < SECONDS:
        found, size = hear(pipe)
        if "frame" in found:
            frames.append((time.perf_counter(), int(str(found["epoch"])), size))
    (first, begin, _), (last, end, _) = frames[0], frames[-1]
    print(f"epochs a second, with pictures   {(end - begin) / (last - first):8.0f}")
    print(f"frames a second                  {(len(frames) - 1) / (last - first):8.1f}")
    median = statistics.median([size for *_, size in frames])
    print(f"KB a frame                       {median / 1000:8.1f}")
    ask(pipe, "pause")
    until_state(pipe, running=False)


def pauses(pipe: Connection) -> None:
    """Milliseconds from Pause to its answer, at full speed."""
    taken = []
    for _ in range(ROUNDS):
        ask(pipe, "play")
        until_state(pipe, running=True)
        hear(pipe)
        asked = time.perf_counter()
        ask(pipe, "pause")
        until_state(pipe, running=False)
        taken.append(1000 * (time.perf_counter() - asked))
    print(
        f"ms from Pause to its answer      {statistics.median(taken):8.1f}, most {max(taken):.1f}"
    )


def at_length(live: Live, minutes: float) -> None:
    """Megabytes of the engine's process, minute by minute at full speed; its end begins again."""
    step = 0.05 if QUICK else 60.0
    ask(live.pipe, "play")
    started = time.perf_counter()
    for turn in range(round(minutes * 60 / step) + 1):
        while time.perf_counter() - started < turn * step:
            found, _ = hear(live.pipe)
            if found.get("running") is False and found.get("why"):  # all epochs are trained
                ask(live.pipe, "restart")
                ask(live.pipe, "play")
        pages = int(Path(f"/proc/{live.process.pid}/statm").read_text().split()[1])
        megabytes = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        print(f"MB of the engine after {turn * step / 60:5.1f} min  {megabytes:8.1f}", flush=True)


def main() -> None:
    """Measure one engine."""
    live = start(begun(WORDS), composed)
    try:
        ask(live.pipe, "hello")
        until_state(live.pipe, running=False)
        full_speed(live.pipe)
        pauses(live.pipe)
        minutes = 0.01 if QUICK else float(words()[0]) if words() else 0.0
        if minutes:
            at_length(live, minutes)
        print(machine())
    finally:
        live.end()


if __name__ == "__main__":
    main()
