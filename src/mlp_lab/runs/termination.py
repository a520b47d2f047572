"""How a run ended."""

from dataclasses import dataclass
from pathlib import Path

from mlp_lab.engine.records import Divergence
from mlp_lab.errors import UserError


@dataclass(frozen=True, slots=True)
class Termination:
    """How a run ended: completed, stopped (for a reason) or diverged (somewhere)."""

    status: str
    reason: str = ""
    divergence: Divergence | None = None

    def raise_if_diverged(self, folder: Path) -> None:
        """Say where a run diverged; its files are in `folder`.

        Raises:
            UserError: it did.
        """
        if self.divergence is not None:
            raise UserError(f"{self.divergence} ({folder})")


def describe_termination(
    termination: Termination, best_epoch: int, epochs_run: int
) -> dict[str, object]:
    """The first lines of result.json."""
    described: dict[str, object] = {"status": termination.status}
    if termination.reason:
        described["reason"] = termination.reason
    if termination.divergence is not None:
        where = termination.divergence
        described["diverged"] = {"epoch": where.epoch, "step": where.step, "lr": where.lr}
    return {**described, "epochs_run": epochs_run, "best_epoch": best_epoch}
