"""How a sweep is trained: the settings of `-m`."""

from dataclasses import dataclass

from mlp_lab.errors import require, require_choice


@dataclass(kw_only=True, slots=True)
class SweepConfig:
    """How the jobs of a sweep are trained and judged; no job's own numbers depend on it.

    `dry_run`: show every job, its stack, memory and time, and train nothing. `resume`: a sweep's
    folder to go on in. `processes` train stacks side by side; null: one for each core. `memory`:
    GiB for all of them together; null: half of what is free. `members`: most networks of a stack.
    `select`: what of the validation rows ranks settings, the main metric or the loss. `latex`: a
    file for the ranking as a LaTeX table.
    """

    dry_run: bool
    resume: str | None
    processes: int | None
    memory: float | None
    members: int
    select: str
    latex: str | None

    def __post_init__(self) -> None:
        processes, memory = self.processes, self.memory
        rule = "1 or more, or null"
        require(processes is None or processes >= 1, "sweep.processes", rule, processes)
        require(memory is None or memory > 0, "sweep.memory", "positive, or null", memory)
        require(self.members >= 1, "sweep.members", "1 or more", self.members)
        require_choice(self.select, "sweep.select", ["metric", "loss"])
