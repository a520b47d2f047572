"""A sampler's state may hold what it is made of, and call nothing else."""

import pickle
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from optuna.trial import FrozenTrial

from mlp_lab.errors import UserError
from mlp_lab.sweep.pickle_check import STATE, require_harmless


def trial(state: bytes, parts: int = 1) -> FrozenTrial:
    """A trial that keeps a sampler's state in some parts, as Optuna cuts it."""
    text = state.hex()
    size = -(-len(text) // parts)
    attributes = {f"{STATE}{i}": text[i * size : (i + 1) * size] for i in range(parts)}
    return cast(FrozenTrial, SimpleNamespace(number=7, system_attrs=attributes))


def test_numbers_are_harmless() -> None:
    """Also in parts; so is a trial without one."""
    state = pickle.dumps({"mean": np.zeros(2), "sigma": np.float64(1)})
    without = cast(FrozenTrial, SimpleNamespace(number=0, system_attrs={}))
    require_harmless([without, trial(state), trial(state, 3)], "journal")


@pytest.mark.parametrize("call", [print, eval, __import__])
def test_a_state_that_would_call_something(call: object) -> None:
    """Named with its trial; nothing is called."""
    state = pickle.dumps(call)
    with pytest.raises(UserError, match=r"journal is not to be trusted: .* trial 7: it would call"):
        require_harmless([trial(state)], "journal")
