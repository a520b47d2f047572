"""Keywords, keys and words: one configuration."""

import inspect

import numpy as np
import pytest

from mlp_lab.commands.composing import compose
from mlp_lab.config.groups import chosen, default_values
from mlp_lab.errors import UserError
from mlp_lab.estimators.base import MLPEstimator
from mlp_lab.estimators.parameters import NOT_SETTINGS
from mlp_lab.estimators.settings import (
    config_of,
    from_words,
    key_of,
    keys,
    options,
    plain,
    swept_by_words,
    values_of,
)

IRIS = chosen("data", "iris")["data"]


@pytest.mark.parametrize(
    "words",
    [
        ["model=shallow", "optimizer=sgd", "optimizer.lr=0.05"],
        ["optimizer=gd"],
        ["model.depth=2", "model.width=[8,4]", "seed=3", "stop.patience=4"],
        ["schedule=plateau", "schedule.patience=3", "optimizer.eps=1e-6"],
        ["loss=focal", "loss.gamma=1"],
        ["loss.label_smoothing=0.1"],
    ],
)
def test_words_give_what_the_command_line_gives(words: list[str]) -> None:
    values = values_of(from_words(words), IRIS)  # type: ignore[arg-type]
    assert config_of(values) == compose(["data=iris", *words])


TABLE = chosen("data", "table")["data"]


@pytest.mark.parametrize(
    ("word", "levels"),
    [
        ("data.levels={trust:[low,high]}", {"trust": ["low", "high"]}),
        ("data.levels={trust: [low, high], b:[1,2]}", {"trust": ["low", "high"], "b": [1, 2]}),
        ("data.levels.trust=[low,high]", {"trust": ["low", "high"]}),
        ("+data.levels.a.b=[low,high]", {"a.b": ["low", "high"]}),
    ],
)
def test_settings_by_column(word: str, levels: dict[str, object]) -> None:
    """As the command line has them, a name with a dot included; the defaults stay as they are."""
    values = values_of(from_words([word]), TABLE)  # type: ignore[arg-type]
    assert values["data"]["levels"] == levels  # type: ignore[index]
    assert values_of({}, TABLE)["data"]["levels"] == {}  # type: ignore[arg-type,index]


def test_a_swept_setting_by_column() -> None:
    """Commas inside braces part nothing."""
    swept = swept_by_words(["data.levels={a:[low,high],b:[x,y]}", "seed=0,1"])
    assert swept == {"data.levels": {"a": ["low", "high"], "b": ["x", "y"]}, "seed": [0, 1]}


def test_keywords_are_the_keys_of_the_files() -> None:
    """Every parameter of an estimator is a setting, with the default that its file has."""
    values = default_values() | {"data": chosen("data", "table")["data"]}
    for name, parameter in inspect.signature(MLPEstimator).parameters.items():
        if name in NOT_SETTINGS or parameter.default is None:
            continue
        section, _, field = keys()[name].rpartition(".") if name != "loss" else ("loss", "", "name")
        found = values[section] if section and name != "optimizer" else values
        if name in ("optimizer", "schedule"):
            found, field = values[name], "name"
        assert isinstance(found, dict)
        assert found[field] == parameter.default, name


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"widht": 3}, "unknown key 'widht': did you mean 'width'?"),
        ({"model.depht": 3}, "unknown key 'model.depht': did you mean 'model.depth'?"),
        ({"nothing.depth": 3}, "unknown key 'nothing.depth'"),
        ({"lr": -1}, "optimizer.lr must be positive, got -1"),
        ({"optimizer": "adm"}, "unknown optimizer 'adm': did you mean 'adam'?"),
        ({"momentum": 0.9}, "unknown key 'optimizer.momentum'"),
        ({"width": "a"}, "model.width must be a whole number or a list, got 'a'"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said.replace("?", r"\?")):
        config_of(values_of(settings, IRIS))  # type: ignore[arg-type]


def test_words_that_are_none() -> None:
    with pytest.raises(UserError, match="written as key=value, or as keywords, got 'deep'"):
        from_words(["deep"])


def test_numbers_of_numpy_are_numbers() -> None:
    assert plain({"a": (np.float32(0.5), np.arange(2))}) == {"a": [0.5, [0, 1]]}


def test_settings_of_generated_data_are_keywords() -> None:
    spirals = chosen("data", "spirals")["data"]
    config = config_of(values_of({"turns": 2.5}, spirals))  # type: ignore[arg-type]
    assert config == compose(["data=spirals", "data.turns=2.5"])


def test_numbers_of_losses_are_keywords() -> None:
    """But for gamma, which a schedule has, too."""
    assert key_of("delta") == "loss.delta"
    assert key_of("quantile") == "loss.quantile"
    assert key_of("label_smoothing") == "loss.label_smoothing"
    assert key_of("loss.gamma") == "loss.gamma"
    assert key_of("gamma") == "schedule.gamma"


def test_options_are_a_mapping() -> None:
    assert options({"beta1": 0.8}, "optimizer") == {"optimizer.beta1": 0.8}
    with pytest.raises(UserError, match="optimizer_options must be a mapping"):
        options([1], "optimizer")  # type: ignore[arg-type]


def test_a_keyword_has_one_meaning() -> None:
    assert (key_of("patience"), key_of("momentum"), key_of("data.target")) == (
        "stop.patience",
        "optimizer.momentum",
        "data.target",
    )


def test_no_epochs_are_no_limit() -> None:
    """By keyword and by word; of any other setting, None is its default."""
    for given in ({"epochs": None}, from_words(["epochs=null"])):
        values = values_of({**given, "lr": None}, {})
        assert values["epochs"] is None
        assert values["optimizer"] == values_of({}, {})["optimizer"]
