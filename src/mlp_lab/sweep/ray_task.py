"""The process in which a machine of Ray trains a chunk of a sweep, as its actor has started it."""

import os
import sys
import threading
from pathlib import Path
from shutil import rmtree

from mlp_lab.runs.importing import import_parts
from mlp_lab.sweep.task import TaskRequest, listening, train_chunk


def main(here: str, sweep: str, chunk: str, own: str, *imported: str) -> None:
    """What the process does; `own`: a folder that nobody needs once the actor is gone."""
    os.chdir(here)
    for path in imported:
        import_parts(Path(path))
    with listening() as asked:
        threading.Thread(target=_end_with_input, args=[asked], daemon=True).start()
        train_chunk(Path(sweep), int(chunk), asked, lambda: None)
    if own and asked.deserted:
        rmtree(own, ignore_errors=True)


def _end_with_input(asked: TaskRequest) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # no lock of sys.stdin's is held while workers fork
        pass
    asked.made = asked.deserted = True


if __name__ == "__main__":
    main(*sys.argv[1:])
