"""The compiled kernel before the first stack that needs it: once for a machine, in seconds."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from mlp_lab.engine.stack import compiles_first, takes_kernel
from mlp_lab.runs.member import shared_settings
from mlp_lab.terminal import Screen, StatusLine

if TYPE_CHECKING:
    import torch

    from mlp_lab.runs.member import Run

WORDS = "compiling the kernel for this machine, which is done once: some seconds"


def await_kernel(run: Run, device: torch.device, console: Screen, *, quiet: bool) -> None:
    """Compile the kernel if a run's network takes it and it is not there yet.

    So the time is in no budget, and a terminal says what is waited for.

    Raises:
        UserError: it is asked for, and cannot be had.
    """
    config = run.job.config
    if config.devices > 1:  # torch's alone
        return
    shared = shared_settings(config, run.prepared.objective, device)
    if not compiles_first(shared, config.optimizer.name):
        return
    with closing(StatusLine(console, quiet=quiet)) as line:
        if line.live:
            line.write(WORDS)
        takes_kernel(shared, config.optimizer.name)
