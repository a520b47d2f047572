"""A session is the engine: its numbers are the command's, whatever way is taken to them."""

import shlex
from pathlib import Path

import pytest
from lab import train
from played import compose, losses, session, settings

from mlp_lab.config.overrides import readable
from mlp_lab.errors import UserError
from mlp_lab.play.session import Session
from mlp_lab.tracking.curves import CURVES, read_curves


@pytest.mark.parametrize(
    "words", [["optimizer.lr=0.05"], ["data=function", "data.rows=60", "data.formula=sin(3 x) / 2"]]
)
def test_the_command_trains_the_same_network_to_the_same_numbers(
    words: list[str], tmp_path: Path
) -> None:
    """Epochs, single steps and going back change nothing of it."""
    found = session(*words)
    for _ in range(3):
        found.train_epoch()
    found.back_to(1)
    while found.epoch < 4:
        found.take_step()
    line, unlike = found.command(0)
    assert unlike == ""
    assert " epochs=4 " in line
    words = list(map(readable, shlex.split(line)[2:]))  # as the command reads them
    folder = train(tmp_path / "run", *words, "quiet=true", "tracking.report=false")
    rows = read_curves(folder / CURVES)
    assert [row["train_loss"] for row in rows] == losses(found)[1:]
    own = found.lineup.trials[0].rows
    assert [row["val_loss"] for row in rows] == [row["val_loss"] for row in own[1:]]


def test_the_command_trains_on_a_table_that_was_given(tmp_path: Path) -> None:
    """In the folder of that file it is the page's network, as of points that were drawn."""
    rows = [f"{k % 7 / 3},{k % 5 / 2},{'AB'[k % 7 > k % 5]}" for k in range(60)]
    path = tmp_path / "points.csv"
    path.write_text("\n".join(["x1,x2,class", *rows, ""]))
    found = Session(settings().of_table(path, "class"), compose)
    for _ in range(3):
        found.train_epoch()
    words = list(map(readable, shlex.split(found.command(0)[0])[2:]))
    folder = train(tmp_path / "run", *words, "quiet=true", "tracking.report=false")
    curves = read_curves(folder / CURVES)
    assert [row["train_loss"] for row in curves] == losses(found)[1:]


def test_back_to_an_epoch_that_was_let_go() -> None:
    """It is trained again from the last kept one, to the same numbers."""
    found = session("epochs=9")
    for _ in range(9):
        found.train_epoch()
    before = losses(found)
    found.history.moments = {0: found.history.moments[0]}
    found.back_to(5)
    assert (found.epoch, found.last) == (5, 9)
    assert losses(found) == before
    while found.train_epoch():
        pass
    assert losses(found) == before


def test_back_to_an_epoch_beyond_the_end_of_training() -> None:
    """Fewer epochs are planned by now; later ones stay in sight all the same."""
    found = session()
    for _ in range(5):
        found.train_epoch()
    before = losses(found)
    found.change(found.settings.setting("epochs", "2"))
    found.history.moments = {0: found.history.moments[0]}
    assert found.trained_again(4) == 4
    found.back_to(4)
    assert (found.epoch, found.last) == (4, 5)
    assert losses(found) == before
    assert not found.train_epoch()


def test_epochs_after_going_back_are_there_until_another_is_trained() -> None:
    """The future stays in sight while nothing takes its place."""
    found = session()
    for _ in range(3):
        found.train_epoch()
    found.back_to(1)
    assert (found.epoch, found.last) == (1, 3)
    found.train_epoch()
    assert (found.epoch, found.last) == (2, 2)
    with pytest.raises(UserError, match="epoch must be from 0 to 2, got 3"):
        found.back_to(3)


def test_a_rate_changes_while_it_trains() -> None:
    """The weights stay; the command that would train so is none, and that is said."""
    found = session("optimizer.lr=0.05")
    found.train_epoch()
    weights = found.lineup.stacks[0].network.layers.flat.clone()
    assert found.change(found.settings.setting("optimizer.lr", "0.5"))
    assert bool((found.lineup.stacks[0].network.layers.flat == weights).all())
    found.train_epoch()
    assert found.lineup.trials[0].rows[-1]["lr"] == 0.5
    assert found.command(0)[1].startswith("settings were changed after epoch 1; the command")
    found.back_to(0)
    found.train_epoch()
    assert found.command(0)[1] == ""


def test_another_network_begins_again() -> None:
    found = session()
    found.train_epoch()
    assert not found.change(found.settings.setting("model.width", "5"))
    assert (found.epoch, found.last) == (0, 0)
    assert found.lineup.stacks[0].network.member_sizes == [[2, 5, 1]]


def test_a_setting_that_cannot_be_changes_nothing() -> None:
    """Neither where networks could train on by it nor where they begin again."""
    found = session()
    found.train_epoch()
    for key in ("optimizer.lr", "model.width"):
        with pytest.raises(UserError, match=f"{key} must be "):
            found.change(found.settings.setting(key, "-1"))
    assert found.epoch == 1
    assert found.train_epoch()


def test_steps_end_in_an_epoch() -> None:
    """Of 26 rows in batches of 8 the fourth step is the last."""
    found, whole = session(), session()
    steps = max(found.lineup.stacks[0].batches.steps)
    for step in range(1, steps):
        found.take_step()
        assert (found.epoch, found.step) == (0, step)
    assert found.command(0)[1].startswith(f"{steps - 1} step")
    found.take_step()
    whole.train_epoch()
    assert (found.epoch, found.step) == (1, 0)
    assert losses(found) == losses(whole)


def test_it_ends_with_its_last_epoch() -> None:
    """More epochs let it go on."""
    found = session("epochs=1")
    assert found.train_epoch()
    assert not found.train_epoch()
    assert found.ended == "all of 1 epoch trained: set epochs to train on"
    assert found.change(found.settings.setting("epochs", "2"))
    assert found.train_epoch()


def test_a_network_that_diverges_says_so() -> None:
    """Its neighbour goes on."""
    found = session("optimizer=sgd", "loss=mse", "data=diabetes", "optimizer.lr=0.01,10000")
    for _ in range(6):
        found.train_epoch()
    calm, wild = found.lineup.trials
    assert calm.run.progress.diverged is None
    assert wild.run.progress.diverged is not None
    assert len(calm.rows) == 7


def test_members_are_the_networks_that_each_would_be_alone() -> None:
    """Up to rounding."""
    both = session("dtype=float64", "optimizer.lr=0.01,0.1")
    alone = session("dtype=float64", "optimizer.lr=0.1")
    for _ in range(3):
        both.train_epoch()
        alone.train_epoch()
    assert losses(both, 1) == pytest.approx(losses(alone), rel=1e-9)


def test_more_epochs_are_no_other_training() -> None:
    """Unless the schedule is a share of them."""
    found = session("epochs=2")
    found.train_epoch()
    found.change(found.settings.setting("epochs", "5"))
    found.train_epoch()
    assert found.command(0)[1] == ""
    planned = session("schedule=cosine")
    planned.train_epoch()
    line, unlike = planned.command(0)
    assert " epochs=6 " in line
    assert unlike.startswith("what an epoch does depends on how many are planned")


def test_weights_set_by_hand_are_those_that_it_begins_with() -> None:
    """Training goes on from them, going back leads to them; a restart draws the weights anew."""
    found = session("data=sine", "data.rows=40")
    drawn = found.lineup.stacks[0].network.layers.flat.clone()
    found.train_epoch()
    learnt = found.lineup.stacks[0].network.layers.flat.clone()
    found.set_weight(0, "Omega_1", (2, 0), 0.25)
    now = found.lineup.stacks[0].network.layers
    assert (found.epoch, found.last) == (0, 0)
    assert float(now.weights[1][0, 2, 0]) == 0.25
    assert int((now.flat != learnt).sum()) == 1
    (before,) = losses(found)
    found.set_weight(0, "beta_1", (0, 0), 9.0)
    (after,) = losses(found)
    assert after > before
    found.train_epoch()
    assert found.command(0)[1] == "its first weights were set by hand; the command draws them"
    found.back_to(0)
    assert float(found.lineup.stacks[0].network.layers.biases[1][0, 0, 0]) == 9.0
    found.restart()
    assert bool((found.lineup.stacks[0].network.layers.flat == drawn).all())
    assert found.command(0)[1] == ""


def test_weights_of_one_network_of_several() -> None:
    """Others keep theirs; padded places cannot be set."""
    found = session("model.width=2,4")
    others = losses(found, 1)
    found.set_weight(0, "beta_0", (0, 1), 3.0)
    assert losses(found, 1) == others
    assert "by hand" in found.command(0)[1]
    assert found.command(1)[1] == ""
    for name, place, value, message in (
        ("beta_0", (0, 2), 1.0, r"beta_0 must be in 1 rows and 2 columns, from 0, got \[0, 2\]"),
        ("beta_0", (-1, 0), 1.0, "beta_0 must be in 1 rows"),
        ("Omega_9", (0, 0), 1.0, "unknown weight 'Omega_9'"),
        ("Omega_0", (0, 0), 1e4, "Omega_0 must be from -1000 to 1000, got 10000.0"),
    ):
        with pytest.raises(UserError, match=message):
            found.set_weight(0, name, place, value)
