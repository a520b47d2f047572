"""What every rank does but the first: its part of each step, until rank 0 says that it is over."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from mlp_lab.engine.fit import fit
from mlp_lab.engine.ranks import RankLost
from mlp_lab.runs.hand_over import device_of, taken_over
from mlp_lab.runs.team import LOOKING_SECONDS, LOST, joined
from mlp_lab.runs.torchrun import Place, from_torchrun


def train_along(place: Place) -> None:
    """Train along with rank 0, and write nothing; the process ends as the training does.

    Rank 0 alone decides what Ctrl-C means, and says what went wrong.

    Raises:
        UserError: this machine lacks what the training needs.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_without, args=(os.getppid(), place.rank), daemon=True).start()
    ranks = joined(place)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        text, tensors = ranks.take()
        stack = taken_over(text, tensors, device_of(text, place.local), ranks)
        for _ in fit(stack):
            pass
        if not ranks.ended:
            ranks.goes_on()
    except RankLost:
        time.sleep(2 * LOOKING_SECONDS)  # where rank 0 is gone, the thread says so
        sys.exit(LOST)
    finally:
        ranks.close()


def end_without(parent: int, rank: int) -> None:
    """End this process once the one that started it is gone; rank 1 says which that was."""
    while os.getppid() == parent:
        time.sleep(LOOKING_SECONDS)
    if rank == 1 and not from_torchrun():
        print(f"rank 0 (process {parent}) has ended, and with it the training", file=sys.stderr)
    os._exit(LOST)
