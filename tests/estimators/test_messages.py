"""What is told in keywords."""

import pytest

from mlp_lab.errors import UserError
from mlp_lab.estimators.messages import in_keywords, naming_keywords
from mlp_lab.estimators.settings import keys


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("epochs=null, but stop.patience is null", "epochs=None, but patience is None"),
        ("say it by data.levels.grade=[…], or", "say it by levels={'grade': […]}, or"),
        ("data.drop_missing_target=true leaves", "drop_missing_target=True leaves"),
        ("unknown model.activation 'rleu'", "unknown activation 'rleu'"),
        ("optimizer.beta is no key, 'null'", "optimizer.beta is no key, 'null'"),
        ("no such file: 'data/model.lr'", "no such file: 'data/model.lr'"),
    ],
)
def test_keys_are_keywords(message: str, said: str) -> None:
    assert in_keywords(message, keys()) == said


def test_what_was_typed_as_a_key_is_named_by_it() -> None:
    message = "model.depth is 3, stop.patience 4"
    assert in_keywords(message, keys(), ["model.width"]) == "model.depth is 3, patience 4"
    assert in_keywords(message, {"depth"}) == "depth is 3, stop.patience 4"


def test_errors_keep_their_kind() -> None:
    class OwnError(UserError):
        """Of a kind."""

    with pytest.raises(OwnError, match=r"^lr must be"), naming_keywords(keys()):
        raise OwnError("optimizer.lr must be positive")
