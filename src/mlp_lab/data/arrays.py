"""Types of NumPy arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Mask = NDArray[np.bool_]
Array = NDArray[np.floating[Any]]
"""Numbers of any precision, as a network's `dtype` has it."""
