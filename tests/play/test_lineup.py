"""Settings -> stacks, and which settings change while networks train."""

from pathlib import Path

import pytest
from played import compose, session

from mlp_lab.errors import UserError
from mlp_lab.play.lineup import begin, can_go_on, line_up
from mlp_lab.play.settings import Settings
from mlp_lab.runs.prepared_data import PreparedDataCache


def test_networks_that_can_share_a_stack_do() -> None:
    """Rates in one; another rule of the optimizer needs its own."""
    one = session("optimizer.lr=0.1,0.01,0.001").lineup
    assert [len(stack.ids) for stack in one.stacks] == [3]
    assert [trial.config.optimizer.lr for trial in one.trials] == [0.1, 0.01, 0.001]
    two = session("optimizer=adam,sgd").lineup
    assert [len(stack.ids) for stack in two.stacks] == [1, 1]
    assert [trial.config.optimizer.name for trial in two.trials] == ["adam", "sgd"]


@pytest.mark.parametrize(
    ("word", "goes_on"),
    [
        ("optimizer.lr=0.5", True),
        ("optimizer.weight_decay=0.1", True),
        ("batch_size=4", True),
        ("model.dropout=0.2", True),
        ("epochs=9", True),
        ("stop.patience=2", True),
        ("optimizer=sgd", False),
        ("optimizer.amsgrad=true", False),
        ("model.width=4", False),
        ("data.noise=0.3", False),
        ("seed=1", False),
        ("loss=mse", False),
        ("schedule=cosine", False),
    ],
)
def test_what_changes_while_networks_train(word: str, goes_on: bool) -> None:
    """What leaves weights, rows and the optimizer's rule alone."""
    old = compose(["data=spirals", "model=shallow", "optimizer=adam"])[0]
    new = compose(["data=spirals", "model=shallow", "optimizer=adam", word])[0]
    assert can_go_on(old, new) == goes_on


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("data.rows=30000", "data.rows must be 20,000 at most on a page, got 30000"),
        ("model.width=1000", "weights must be 200,000 at most, got "),
        ("epochs=30000", "epochs must be 20,000 at most on a page, got 30000"),
        ("epochs=null", "epochs=null trains until patience ends it, but stop.patience is null"),
        ("device=cuda", "device must be cpu on a page, got cuda"),
        ("ensemble=2", "ensemble must be 1 on a page, got 2: compare seeds"),
        ("optimizer.lr=-1", "optimizer.lr must be positive, got -1.0"),
        ("model.activation=rleu", "unknown model.activation 'rleu': did you mean 'relu'?"),
    ],
)
def test_what_is_refused(word: str, message: str) -> None:
    """By the line of the command, or since a page is no place for it."""
    words = ("data=spirals", "model=deep", "model.depth=3", word)
    with pytest.raises(UserError) as caught:
        line_up(Settings(words), compose, PreparedDataCache())
    assert str(caught.value).startswith(message)


def test_a_batch_that_nobody_asked_for_is_no_larger_than_the_rows(tmp_path: Path) -> None:
    """One that is typed stays, and is refused as the command refuses it."""
    path = tmp_path / "few.csv"
    path.write_text("x,y\n" + "".join(f"{k},{k * 0.5 + 1}\n" for k in range(10)))
    table = ["data=table", f"data.path={path}", "data.target=y", "data.task=regression"]
    rows = next(word for word in begin(table, compose) if word.startswith("batch_size="))
    assert rows == "batch_size=6"
    lineup = line_up(Settings.of(begin(table, compose)), compose, PreparedDataCache())
    assert lineup.trials[0].run.prepared.rows["train"] == 6
    typed = [*table, "batch_size=9"]
    assert begin(typed, compose)[-1] == "batch_size=9"
    with pytest.raises(UserError, match="batch_size must be at most the 6 training rows, got 9"):
        line_up(Settings.of(begin(typed, compose)), compose, PreparedDataCache())
    assert "batch_size=16" in begin([], compose)
    assert "batch_size=4" in begin(["data=sine", "data.train_rows=4,40"], compose)


def test_gradient_descent_begins_with_all_rows() -> None:
    """It has no batches, and nobody asked for any."""
    assert "batch_size=full" in begin(["optimizer=gd"], compose)
    assert "batch_size=full" in begin(["optimizer=gd,sgd"], compose)
    assert begin(["experiment=spirals"], compose) == ["experiment=spirals"]
