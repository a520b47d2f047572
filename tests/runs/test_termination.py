"""How a run ended, as result.json begins."""

from pathlib import Path

import pytest

from mlp_lab.engine.records import Divergence
from mlp_lab.errors import UserError
from mlp_lab.runs.termination import Termination, describe_termination

WHERE = Divergence(epoch=3, step=2, lr=0.5)


@pytest.mark.parametrize(
    ("termination", "first"),
    [
        (Termination("completed"), {"status": "completed"}),
        (Termination("stopped", "why"), {"status": "stopped", "reason": "why"}),
        (
            Termination("diverged", divergence=WHERE),
            {"status": "diverged", "diverged": {"epoch": 3, "step": 2, "lr": 0.5}},
        ),
    ],
)
def test_it_is_described(termination: Termination, first: dict[str, object]) -> None:
    """By no key that has nothing to say, in the order of the file."""
    described = describe_termination(termination, 4, 9)
    assert list(described.items()) == [*first.items(), ("epochs_run", 9), ("best_epoch", 4)]


def test_only_a_divergence_is_an_error() -> None:
    """It says where, and where its files are."""
    for termination in (Termination("completed"), Termination("stopped", "why")):
        termination.raise_if_diverged(Path("run"))
    with pytest.raises(UserError) as caught:
        Termination("diverged", divergence=WHERE).raise_if_diverged(Path("a/run"))
    line = str(caught.value)
    assert line.startswith("diverged: ")
    assert "epoch 3, step 2" in line
    assert line.endswith("(a/run)")
