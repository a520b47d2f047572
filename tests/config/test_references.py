"""What references of a configuration grow to."""

import pytest

from mlp_lab.config.references import LARGEST, require_small
from mlp_lab.errors import UserError


def chain(length: int, times: int) -> dict[str, object]:
    """Each text is the next one, so many times."""
    texts = {f"a{n}": f"${{.a{n + 1}}}" * times for n in range(length)}
    return {"x": {**texts, f"a{length}": "0123456789"}}


def test_references_that_stay_small() -> None:
    """Nor do those that lead nowhere, or in a circle, which OmegaConf finds."""
    require_small(chain(3, 9))
    require_small({"a": "${b}", "b": "${a}", "c": ["${d.e}", {"f": "${c}"}], "g": "${run:${a}}"})


@pytest.mark.parametrize("times", [2, 9])
def test_references_that_grow(times: int) -> None:
    """The first that is too large is named."""
    with pytest.raises(UserError, match=rf"^x\.a\d+ must be of at most {LARGEST:,} characters"):
        require_small(chain(60, times))


def test_lists_of_lists() -> None:
    """References may stand for lists."""
    lists = {f"a{n}": [f"${{a{n + 1}}}"] * 9 for n in range(9)}
    with pytest.raises(UserError, match=r"^a\d.* must be of at most"):
        require_small(lists)


def test_what_nobody_follows() -> None:
    """References that are too many after each other, or within each other."""
    with pytest.raises(UserError, match=r"^x\.a\d+ must be at most 100 references away"):
        require_small(chain(5000, 1))
    with pytest.raises(UserError, match=r"^a must not hold a reference within another"):
        require_small({"a": "${b.${c}}"})
