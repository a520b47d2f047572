"""How a run ended, as result.json begins."""

from pathlib import Path

import pytest

from mlp_lab.engine.records import Divergence
from mlp_lab.errors import UserError
from mlp_lab.runs.termination import Ending, describe_ending

WHERE = Divergence(epoch=3, step=2, lr=0.5)


@pytest.mark.parametrize(
    ("ending", "first"),
    [
        (Ending("completed"), {"status": "completed"}),
        (Ending("stopped", "why"), {"status": "stopped", "reason": "why"}),
        (
            Ending("diverged", divergence=WHERE),
            {"status": "diverged", "diverged": {"epoch": 3, "step": 2, "lr": 0.5}},
        ),
    ],
)
def test_it_is_described(ending: Ending, first: dict[str, object]) -> None:
    """By no key that has nothing to say, in the order of the file."""
    described = describe_ending(ending, 4, 9)
    assert list(described.items()) == [*first.items(), ("epochs_run", 9), ("best_epoch", 4)]


def test_only_a_divergence_is_an_error() -> None:
    """It says where, and where its files are."""
    for ending in (Ending("completed"), Ending("stopped", "why")):
        ending.raise_if_diverged(Path("run"))
    with pytest.raises(UserError) as caught:
        Ending("diverged", divergence=WHERE).raise_if_diverged(Path("a/run"))
    line = str(caught.value)
    assert line.startswith("diverged: ")
    assert "epoch 3, step 2" in line
    assert line.endswith("(a/run)")
