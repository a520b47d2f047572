"""The keywords of estimators, beside the keys of the YAML files."""

import inspect

from mlp_lab.config.groups import chosen, default_values
from mlp_lab.estimators.base import MLPEstimator
from mlp_lab.estimators.classifier import MLPClassifier
from mlp_lab.estimators.parameters import NOT_SETTINGS
from mlp_lab.estimators.settings import OF_A_FILE

NO_KEYWORDS = {
    "test_fraction": "rows to test on are the user's: they are left out of fit",
    **dict.fromkeys(("folds", "fold", "repeat"), "scikit-learn cross-validates"),
    "split_seed": "seed decides the validation rows, too",
    "train_rows": "rows are left out before fit",
    "label_noise": "an experiment on the data, which is the user's",
    "target": "of fit, as y is",
    "task": "a classifier or a regressor",
    **dict.fromkeys(("features", "drop", "drop_missing_target"), "X holds what is to be read"),
    **dict.fromkeys(("weight", "group", "time", "part"), "sample_weight, groups and X_val of fit"),
    "strata": "of the intervals of a run; mlp_lab.evaluate has it",
    "decimal": "of files",
    "quiet": "verbose",
    **dict.fromkeys(("name", "tags"), "labels of a run's folder"),
    "tracking": "what a run's folder holds",
}
"""Settings of a run on a table that an estimator has no keyword for, and why."""

IN_OPTIONS = {
    "optimizer": "optimizer_options",
    "schedule": "schedule_options",
    "averaging": "averaging_options",
    "loss": "loss_options",
}


def test_every_key_of_the_files_is_a_keyword_or_is_not_for_a_reason() -> None:
    """What not every loss, optimizer or schedule has stands in options."""
    parameters = inspect.signature(MLPEstimator).parameters
    values = default_values() | {"data": chosen("data", "table")["data"]}
    expected = set()
    for key, value in values.items():
        fields = value if isinstance(value, dict) and key != "tracking" else {key: value}
        if key in IN_OPTIONS:
            assert {key, IN_OPTIONS[key]} <= set(parameters)
            continue
        expected |= {name for name in fields if not (name == "name" and key != "name")}
    expected -= {"resume", *OF_A_FILE}
    missing = expected - set(parameters)
    assert missing == set(NO_KEYWORDS), missing ^ set(NO_KEYWORDS)
    own = set(parameters) - expected - set(NOT_SETTINGS)
    assert own == {"model", "loss", "optimizer", "lr", "weight_decay", "l1", "clip_norm"} | {
        *("schedule", "averaging")
    }


def test_a_notebook_shows_the_parameters() -> None:
    """Of the estimators, and of a class made of one, whose constructor may be its own."""

    class Own(MLPClassifier):
        def __init__(self, units: int = 8) -> None:
            super().__init__(width=units)

    assert list(inspect.signature(MLPClassifier).parameters)[:2] == ["depth", "width"]
    assert list(inspect.signature(Own).parameters) == ["units"]
    assert Own(units=4).width == 4
