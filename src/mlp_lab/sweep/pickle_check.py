"""What Optuna's CMA-ES keeps in a journal is pickled, and a pickle may call anything.

So it is read here first, where nothing may be called but what such a state is made of.
"""

import io
import pickle
from collections.abc import Sequence

from optuna.trial import FrozenTrial

from mlp_lab.errors import UserError

STATE = "cma:optimizer:"
MADE_OF = {
    ("cmaes._cma", "CMA"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
}
BROKEN = (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError)


class Reader(pickle.Unpickler):
    """Knows nothing but `MADE_OF`."""

    def find_class(self, module: str, name: str) -> object:
        """Look up a name of a pickle; a UserError if it has no place in a sampler's state."""
        if (module, name) not in MADE_OF:
            raise UserError(f"it would call {module}.{name}")
        return super().find_class(module, name)


def require_harmless(trials: Sequence[FrozenTrial], journal: str) -> None:
    """Raise a UserError unless the sampler's states in a journal are what they should be."""
    for trial in trials:
        parts = [key for key in trial.system_attrs if key.startswith(STATE)]
        text = "".join(trial.system_attrs[f"{STATE}{i}"] for i in range(len(parts)))
        try:
            if parts:
                Reader(io.BytesIO(bytes.fromhex(text))).load()
        except BROKEN as error:
            where = f"the state of cmaes in trial {trial.number}"
            raise UserError(f"{journal} is not to be trusted: {where}: {error}") from error
