"""Names of other programs lead to ours, on the command line and from Python."""

import re

import pytest
from lab import refused

from mlp_lab import MLPClassifier
from mlp_lab.config.groups import choices, default_values
from mlp_lab.config.schema import GROUPS, OF_THE_COMMAND
from mlp_lab.config.synonyms import (
    EXPLAINED,
    MENTIONED,
    ON_A_COMMAND_LINE,
    SYNONYMS,
    WITHIN,
    explained,
    own_key,
)
from mlp_lab.errors import UserError, plain_name
from mlp_lab.estimators.settings import values_of


@pytest.mark.parametrize("key", sorted({*SYNONYMS.values(), *EXPLAINED}))
def test_they_lead_to_keys(key: str) -> None:
    """That there are, and which are themselves no synonyms."""
    group, _, name = key.partition(".")
    values = default_values()
    assert group in (*values, *OF_THE_COMMAND)
    of_few = ("path", "target", "rows", "missing", "weight")  # of tables and generated rows
    if key not in [*(f"data.{field}" for field in of_few), "optimizer.rho"]:
        assert not name or name in values[group]  # type: ignore[operator]
    assert key not in SYNONYMS
    assert group not in GROUPS or choices(group)


def test_each_name_has_one_answer() -> None:
    """Names that differ in signs and capitals are one; none is a key's own."""
    names = [plain_name(name) for name in (*SYNONYMS, *MENTIONED, *ON_A_COMMAND_LINE)]
    assert len(names) == len(set(names))
    assert not {*MENTIONED, *ON_A_COMMAND_LINE} & {*default_values(), *OF_THE_COMMAND}


@pytest.mark.parametrize(
    ("words", "key", "own"),
    [
        (["optimizer=momentum"], "optimizer.momentum", "optimizer.alpha"),
        (["optimizer=momentum"], "momentum", "optimizer.alpha"),
        ([], "l2", "optimizer.weight_decay"),
        ([], "optimizer.l2", "optimizer.weight_decay"),
        ([], "alpha", "optimizer.weight_decay"),
        ([], "learning_rate", "optimizer.lr"),
        (["optimizer=sgd"], "optimizer.learning_rate", "optimizer.lr"),
        ([], "model.learning_rate", "optimizer.lr"),
        ([], "learning_rate_init", "optimizer.lr"),
        ([], "hidden_layers", "model.depth"),
        ([], "model.layers", "model.depth"),
        ([], "hidden_layer_sizes", "model.width"),
        ([], "batch", "batch_size"),
        ([], "n_epochs", "epochs"),
        ([], "max_iter", "epochs"),
        ([], "early_stopping", "stop.patience"),
        ([], "verbose", "quiet"),
        ([], "data.test_size", "data.test_fraction"),
        ([], "learningRate", "optimizer.lr"),
        ([], "regularizationRate", "optimizer.weight_decay"),
        ([], "kernel_initializer", "model.init"),
        ([], "batch_norm", "model.normalisation"),
        ([], "data.random_state", "data.split_seed"),
        ([], "random_state", "seed"),
        (["optimizer=rmsprop"], "optimizer.alpha", "optimizer.rho"),
        (["data=moons"], "data.n_samples", "data.rows"),
    ],
)
def test_on_the_command_line(words: list[str], key: str, own: str) -> None:
    assert refused(*words, f"{key}=1") == f"unknown key {key!r}: here it is {explained(own)}"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("optimizer.alpha", "only optimizer=momentum has it"),
        ("optimizer.momentum", "only optimizer=heavy_ball|nesterov|rmsprop has it"),
        ("momentum", "only optimizer=heavy_ball|nesterov|rmsprop has optimizer.momentum"),
        ("gamma", "only loss=focal has loss.gamma"),
        ("width", "did you mean model.width?"),
        ("model.wdth", "did you mean 'model.width'?"),
        ("nme", "did you mean 'name'?"),
        ("wdth", "did you mean 'model.width'?"),
        ("weigth_decay", "did you mean 'optimizer.weight_decay'?"),
        ("learnig_rate", "did you mean 'optimizer.lr'?"),
        ("shuffle", "training rows are put into a new order"),
        ("model.bias", "every layer has biases"),
        ("data.train_fraction", "the training rows are what data.test_fraction and"),
        ("optimizer.betas", "they are two keys"),
        ("callbacks", "there are none"),
        ("output_dir", "the folder of a run is hydra.run.dir=FOLDER"),
        ("n_seeds", "several seeds are a sweep"),
        ("data.n_samples", "only data=circles|"),
    ],
)
def test_what_is_better_said_otherwise(key: str, words: str) -> None:
    """A key of another choice or group, or one that was mistyped."""
    assert refused(f"{key}=1").startswith(f"unknown key {key!r}: {words}")


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("learning_rate", "lr"),
        ("hidden_layer_sizes", "width"),
        ("max_iter", "epochs"),
        ("early_stopping", "patience"),
        ("l2", "weight_decay"),
    ],
)
def test_from_python(name: str, own: str) -> None:
    """By keyword, so that the answer is one, too."""
    with pytest.raises(UserError, match=f"^unknown key '{name}': here it is '{own}'"):
        values_of({name: 1}, {"name": "iris"})


def test_a_groups_own_word_from_python() -> None:
    """Momentum is alpha there."""
    with pytest.raises(UserError, match=r"here it is 'optimizer\.alpha'"):
        values_of({"optimizer": "momentum", "momentum": 0.9}, {"name": "iris"})
    assert own_key("optimizer.momentum", ["alpha"]) == WITHIN["optimizer.momentum"]
    assert own_key("optimizer.momentum", ["lr"]) == ""
    assert own_key("lr", ["lr"]) == ""


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"learning_rate": 1}, "unknown key 'learning_rate': here it is 'lr'"),
        ({"alpha": 1}, "unknown key 'alpha': here it is 'weight_decay', the L2 penalty"),
        ({"momentum": 1}, "only optimizer=heavy_ball|nesterov|rmsprop has it, as optimizer_opt"),
        ({"lrr": 1}, "unknown key 'lrr': did you mean 'lr'?"),
    ],
)
def test_keywords_of_estimators(keywords: dict[str, int], words: str) -> None:
    """A TypeError, as Python's own is, which names ours."""
    with pytest.raises(TypeError, match=f"^MLPClassifier: .*{re.escape(words)}"):
        MLPClassifier(**keywords)  # type: ignore[arg-type]
