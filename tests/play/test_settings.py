"""Words of a page: what may be set, and what becomes of the others."""

import pytest

from mlp_lab.errors import UserError
from mlp_lab.play.settings import (
    BEGINNING,
    ENGINE,
    FROM_THE_PAGE,
    POINTS,
    Settings,
    begun,
    checked,
    checked_words,
    command,
)


def test_a_setting_takes_the_place_of_its_former_value() -> None:
    """And a new one comes behind the others."""
    start = Settings(("data=xor", "optimizer.lr=0.1", "seed=1"))
    assert start.setting("optimizer.lr", "0.2").words == ("data=xor", "optimizer.lr=0.2", "seed=1")
    assert start.setting("batch_size", "8").words[-1] == "batch_size=8"


def test_another_choice_of_a_group_begins_with_its_own_numbers() -> None:
    """What every network has stays: a rate of Adam says nothing of one for SGD."""
    start = Settings(("optimizer=adam", "optimizer.lr=0.1", "optimizer.beta1=0.5", "seed=1"))
    assert start.setting("optimizer", "sgd").words == ("optimizer=sgd", "seed=1")
    wide = Settings(("model=deep", "model.width=5", "model.dropout=0.1"))
    assert wide.setting("model", "shallow").words == ("model=shallow", "model.width=5")


def test_one_word_may_have_several_values() -> None:
    """Up to six networks, lists of widths among them."""
    found = Settings.of(["data=xor", "model.width=[4,4],8"])
    assert (found.key, found.values) == ("model.width", ("[4,4]", "8"))
    assert [words[-1] for words in found.variants] == ["model.width=[4,4]", "model.width=8"]
    assert found.labels == ["model.width=[4,4]", "model.width=8"]
    assert found.alone().words == ("data=xor", "model.width=[4,4]")
    assert found.setting("seed", "3").key == "model.width"
    assert found.setting("model.width", "2") == Settings(("data=xor", "model.width=2"))
    assert Settings.of(["model.width=[4,4]"]).key is None
    assert Settings.of(["seed=1", "data=xor", "seed=2"]).words == ("seed=2", "data=xor")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["seed=1,2", "epochs=1,2"], "one setting can have several values, got seed=1,2 and"),
        (["epochs=1,2"], "epochs cannot be compared: networks side by side train equally long"),
        (["seed=1,1"], "seed must be 2 to 6 different values, got"),
        (["seed=1,2,3,4,5,6,7"], "seed must be 2 to 6 different values, got"),
    ],
)
def test_comparisons_that_cannot_be(words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Settings.of(words)


def test_what_computes_is_said_unless_words_say_it() -> None:
    assert Settings(("seed=1",)).variants == [(*ENGINE, "seed=1")]
    assert Settings(("kernel=native",)).variants == [("device=cpu", "kernel=native")]


def test_a_formula_brings_its_data_along() -> None:
    """Rows and noise of the same data stay; those of other data, and their loss, do not."""
    start = Settings(("data=moons", "data.noise=0.3", "loss=bce", "seed=1"))
    found = start.of_formula("sin(3 x)")
    assert found.words == ("data=function", "data.rows=200", "data.formula=sin(3 x)", "seed=1")
    again = found.setting("data.noise", "0.2").of_formula("x^2")
    assert again.words == (
        *("data=function", "data.rows=200", "data.formula=x^2", "seed=1", "data.noise=0.2"),
    )
    assert command(again.words).startswith("python train.py data=function data.rows=200 'data.for")
    assert checked("data.formula", "y =  sin(3  x)") == ("data.formula", "sin(3 x)")
    assert checked_words(["data.formula=y = 2x"]) == ["data.formula=2x"]
    compared = Settings(("data=moons",), "data.noise", ("0", "1")).of_formula("x")
    assert compared.key is None
    assert Settings(("data=moons",), "seed", ("0", "1")).of_formula("x").key == "seed"


def test_depth_repeats_the_last_layer() -> None:
    start = Settings(("model.depth=2", "model.width=[4,8]"))
    assert start.of_depth(3, [4, 8]).words == ("model.depth=3", "model.width=[4,8,8]")
    assert start.of_depth(1, [4, 8]).words == ("model.depth=1", "model.width=4")
    assert start.of_depth(0, [4, 8]).words == ("model.depth=0", "model.width=4")


def test_a_command_says_each_setting_once() -> None:
    assert command(["seed=1", "epochs=9", "epochs=3"]) == "python train.py seed=1 epochs=3"
    assert command(["model.width=[4,8]"]) == "python train.py 'model.width=[4,8]'"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("optimizer.rl", "1", "a page cannot set 'optimizer.rl': did you mean 'optimizer.lr'?"),
        ("data.formula", "os.getcwd()", "data.formula must be a formula of x, got 'os.getcwd()'"),
        ("data.formula", "${oc.env:HOME} x", "data.formula must be a formula of x, got"),
        ("data.path", "/etc/passwd", "a page cannot set 'data.path'"),
        ("resume", "outputs", "a page cannot set 'resume'"),
        ("hydra.run.dir", "x", "a page cannot set 'hydra.run.dir'"),
        ("data", "table", "data=table is chosen on the command line, which names its file"),
        ("seed", "${oc.env:HOME}", "seed must be a number, a name or a list of them, got"),
        ("seed", "1 seed=2", "seed must be a number, a name or a list of them, got"),
        ("seed", "", "seed must be a number, a name or a list of them, got ''"),
        ("seed", "1" * 99, "seed must be a number, a name or a list of them, got"),
    ],
)
def test_what_a_page_cannot_set(key: str, value: str, message: str) -> None:
    """Nothing that names a file, and nothing that Hydra would look up."""
    with pytest.raises(UserError) as caught:
        checked(key, value)
    assert str(caught.value).startswith(message)


def test_no_key_of_a_page_names_a_file() -> None:
    assert checked("optimizer.lr", "1e-3") == ("optimizer.lr", "1e-3")
    assert not [key for key in FROM_THE_PAGE if "path" in key or "dir" in key or "device" in key]


def test_a_page_begins_with_a_network_that_can_be_drawn() -> None:
    """What the command line says takes its place; an experiment says everything."""
    assert begun([]) == [*POINTS, *BEGINNING]
    found = begun(["data=sine", "model=shallow", "optimizer.lr=0.1,0.2"])
    assert found[:3] == ["model.width=8", "model.activation=tanh", "optimizer=adam"]
    assert "model.depth=2" not in found
    assert found[-3:] == ["data=sine", "model=shallow", "optimizer.lr=0.1,0.2"]
    assert "model.width=8" not in begun(["model.width=3"])
    assert "model.depth=2" in begun(["model.width=3"])
    assert begun(["experiment=spirals"]) == ["experiment=spirals"]


def test_batches_of_at_most_so_many_rows() -> None:
    start = Settings(("data=xor", "batch_size=16", "seed=1"))
    assert start.of_batch(16) == start
    assert start.of_batch(5).words == ("data=xor", "batch_size=5", "seed=1")
    for words in (("batch_size=full",), ("seed=1",)):
        assert Settings(words).of_batch(5) == Settings(words)
