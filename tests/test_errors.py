"""What a user did wrong, in one line."""

import pytest

from mlp_lab.errors import UserError, nearest, require, require_choice


def test_names_in_another_case_are_near() -> None:
    """Short ones too."""
    assert nearest("AGE", ["y", "age"]) == ": did you mean 'age'?"
    assert nearest("ages", ["y", "age"]) == ": did you mean 'age'?"
    assert nearest("zzz", ["y", "age"]) == ""
    assert nearest("ages", ["y", "age"], "data.") == ": did you mean 'data.age'?"
    assert nearest("age", []) == ""


@pytest.mark.parametrize(
    ("word", "choices", "name"),
    [
        ("gpu", ["auto", "cpu", "cuda"], "cuda"),
        ("cross_entropy", ["bce", "cce", "mse"], "cce"),
        ("BCEWithLogits", ["bce", "cce"], "bce"),
        ("mean-squared-error", ["mae", "mse"], "mse"),
        ("swish", ["relu", "silu"], "silu"),
        ("MSELoss", ["mae", "mse"], "mse"),
        ("linear", ["deep", "perceptron"], "perceptron"),
        ("logistic", ["deep", "perceptron"], "perceptron"),
        ("logistic", ["relu", "sigmoid"], "sigmoid"),
        ("mnist", ["digits", "moons"], "digits"),
        ("accuracy", ["loss", "metric"], "metric"),
        ("ReduceLROnPlateau", ["cosine", "plateau"], "plateau"),
    ],
)
def test_what_others_call_a_choice_is_near(word: str, choices: list[str], name: str) -> None:
    """Only where it is one of the choices."""
    assert nearest(word, choices) == f": did you mean {name!r}?"
    assert name not in nearest(word, ["zzz"])


@pytest.mark.parametrize(("word", "name"), [("train_size", "batch_size"), ("trials", "threads")])
def test_what_has_little_in_common_is_not_near(word: str, name: str) -> None:
    """A wrong hint is worse than none."""
    assert nearest(word, [name]) == ""


def test_a_rule_that_holds_is_silent() -> None:
    """And one that does not names the key, the rule and the value as YAML has it."""
    require(True, "epochs", "1 or more", 1)
    with pytest.raises(UserError, match=r"^stop\.seconds must be positive, got null$"):
        require(False, "stop.seconds", "positive", None)


def test_a_choice_that_is_none_lists_them() -> None:
    """In alphabetical order, whatever the order of the table; a name in another case is another."""
    choices = {"sgd": 1, "adam": 2}
    require_choice("adam", "optimizer", choices)
    for name in ("Adam", "adm"):
        with pytest.raises(UserError) as caught:
            require_choice(name, "optimizer", choices)
        assert str(caught.value) == (
            f"unknown optimizer {name!r}: did you mean 'adam'? (adam, sgd)"
        )
