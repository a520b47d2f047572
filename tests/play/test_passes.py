"""Both passes of a row of a page are what `mlp-lab trace` says of it."""

from typing import cast

import pytest
import torch
from played import Heard, session

from mlp_lab.errors import UserError
from mlp_lab.play.passes import passes

Steps = list[dict[str, object]]


def test_the_loss_is_that_of_the_row() -> None:
    """Of the network as it is now; rows of every part can be gone through."""
    own = session("data=sine", "data.rows=40", "loss=mse")
    own.train_epoch()
    own.take_step()
    for part in ("train", "val", "test"):
        found = passes(own, 0, part, 1)
        row = getattr(own.lineup.trials[0].run.dataset, part).at(torch.tensor([1]))
        y = own.lineup.stacks[0].network.pre_activation(row.inputs[None])
        by_name = {step["name"]: step for step in cast(Steps, found["steps"])}
        loss = float((y.detach() - row.targets) ** 2)
        assert by_name["L"]["value"] == pytest.approx(loss, rel=1e-4)
        assert (found["epoch"], found["step"]) == (1, 1)
        assert found["x"] == pytest.approx(row.inputs[0].tolist())


def test_a_page_asks_for_a_row() -> None:
    """The network in focus; what cannot be is refused in a line."""
    heard = Heard(("model.width=2,4",))
    heard.ask("focus", number=1)
    heard.ask("passes", value="train", number=0)
    (message,) = heard.messages
    assert message["kind"] == "passes"
    assert "4 relu" in cast(list[str], message["lines"])[0]
    last = len(heard.engine.session.lineup.trials[0].run.dataset.train) - 1
    assert (
        heard.refusal("passes", value="train", number=99) == f"row must be from 0 to {last}, got 99"
    )
    assert heard.refusal("passes", value="train", number=-1).startswith("row must be from 0")
    assert heard.refusal("passes", value="all", number=0).startswith("unknown part 'all'")


def test_what_cannot_be_gone_through() -> None:
    """Too many numbers to be read, and numbers that are none."""
    with pytest.raises(UserError, match="weights must be 1,000 at most to be gone through, got "):
        passes(session("model.depth=2", "model.width=40"), 0, "train", 0)
    own = session("data=sine", "data.rows=40", "loss=mse")
    own.lineup.stacks[0].network.layers.flat.fill_(float("inf"))
    with pytest.raises(UserError, match=r"is not finite: weights have become too large"):
        passes(own, 0, "train", 0)


def test_a_row_that_the_network_is_certain_of() -> None:
    """Its loss is a number, and the slope by a y of 1 is none."""
    own = session()
    for bias in own.lineup.stacks[0].network.layers.biases:
        bias.fill_(60.0)
    own.lineup.stacks[0].network.layers.weights[-1].fill_(0.0)
    with pytest.raises(UserError, match="dL/dy is not finite: the network is so certain"):
        passes(own, 0, "train", 0)
