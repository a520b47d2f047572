"""The live page's engine, as a page drives it over its pipe: `python benchmarks/play.py`.

The page's own drawing is left out: this one says at once that it has drawn a frame.
"""

import json
import statistics
import time
from multiprocessing.connection import Connection

from race import QUICK, machine

from mlp_lab.commands.composing import composed
from mlp_lab.play.engine import COMMAND
from mlp_lab.play.frames import unpack
from mlp_lab.play.process import start
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


def main() -> None:
    """Measure one engine."""
    live = start(begun(WORDS), composed)
    try:
        ask(live.pipe, "hello")
        until_state(live.pipe, running=False)
        full_speed(live.pipe)
        pauses(live.pipe)
        print(machine())
    finally:
        live.end()


if __name__ == "__main__":
    main()
