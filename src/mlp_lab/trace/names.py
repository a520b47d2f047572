"""What the entries of a network are called: Omega_0[1, 2], and theta_12 where the course has it."""

from collections.abc import Sequence
from itertools import pairwise

MOST_DIGITS = 9
"""Inputs or units that one digit can count."""


def course_names(sizes: Sequence[int]) -> dict[str, tuple[str, int, int]]:
    """Name in the course -> tensor, row and column, of a network with one hidden layer and output.

    h_j = a(theta_0j + sum over i of theta_ij x_i), y = phi_0 + sum over j of phi_j h_j. Empty for
    any other network, and for one that single digits cannot count.
    """
    if len(sizes) != 3 or sizes[2] != 1 or max(sizes) > MOST_DIGITS:
        return {}
    inputs, units, _ = sizes
    names = {f"theta_0{j + 1}": ("beta_0", 0, j) for j in range(units)}
    for i in range(inputs):
        names |= {f"theta_{i + 1}{j + 1}": ("Omega_0", i, j) for j in range(units)}
    names["phi_0"] = ("beta_1", 0, 0)
    return names | {f"phi_{j + 1}": ("Omega_1", j, 0) for j in range(units)}


def entry_name(sizes: Sequence[int], tensor: str, row: int, column: int) -> str:
    """An entry as the course names it, else by tensor and place, which count from 1."""
    for name, place in course_names(sizes).items():
        if place == (tensor, row, column):
            return name
    at = f"{column + 1}" if tensor.startswith("beta") else f"{row + 1}, {column + 1}"
    return f"{tensor}[{at}]"


def tensor_shapes(sizes: Sequence[int]) -> dict[str, tuple[int, int]]:
    """Omega_k and beta_k -> (rows, columns); a bias is one row."""
    shapes = {}
    for k, (inputs, outputs) in enumerate(pairwise(sizes)):
        shapes[f"Omega_{k}"] = (inputs, outputs)
        shapes[f"beta_{k}"] = (1, outputs)
    return shapes
