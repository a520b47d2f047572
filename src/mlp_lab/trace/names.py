"""What the entries of a network are called: Omega_0[1, 2], and theta_12 where the course has it."""

from collections.abc import Sequence
from itertools import pairwise

MOST_DIGITS = 9
"""Inputs or units that one digit can count."""

VECTORS = ("beta", "gain", "shift")
"""How names begin of what a layer has for each unit, and not for each row."""

LETTERS_OF_LAYERS = {1: ("theta", "phi"), 2: ("theta", "psi", "phi")}
"""What the course calls the parameters of each layer, by the number of hidden layers."""


def course_names(
    sizes: Sequence[int], parts: Sequence[int] = ()
) -> dict[str, tuple[str, int, int]]:
    """Name in the course -> tensor, row and column, of one or two hidden layers and one output.

    With one, h_j = a(theta_0j + sum over i of theta_ij x_i), y = phi_0 + sum over j of phi_j h_j.
    With two, h'_k = a(psi_0k + sum over j of psi_jk h_j), y = phi_0 + sum over k of phi_k h'_k.
    Empty for any other network, for one that single digits cannot count, and for gated units, of
    which `parts` says so: pre-activations of a unit of each hidden layer, all 1 by default.
    """
    letters = LETTERS_OF_LAYERS.get(len(sizes) - 2)
    if letters is None or sizes[-1] != 1 or max(sizes) > MOST_DIGITS or max(parts, default=1) > 1:
        return {}
    names: dict[str, tuple[str, int, int]] = {}
    for k, (letter, (inputs, outputs)) in enumerate(zip(letters, pairwise(sizes), strict=True)):
        units = {j: "" if letter == "phi" else f"{j + 1}" for j in range(outputs)}
        names |= {f"{letter}_0{unit}": (f"beta_{k}", 0, j) for j, unit in units.items()}
        for i in range(inputs):
            own = {f"{letter}_{i + 1}{unit}": (f"Omega_{k}", i, j) for j, unit in units.items()}
            names |= own
    return names


def entry_name(
    sizes: Sequence[int], tensor: str, row: int, column: int, parts: Sequence[int] = ()
) -> str:
    """An entry as the course names it, else by tensor and place, which count from 1."""
    for name, place in course_names(sizes, parts).items():
        if place == (tensor, row, column):
            return name
    return entry_by_place(tensor, row, column)


def entry_by_place(tensor: str, row: int, column: int) -> str:
    """An entry of a tensor by its place, which counts from 1; a vector has one number."""
    at = f"{column + 1}" if tensor.startswith(VECTORS) else f"{row + 1}, {column + 1}"
    return f"{tensor}[{at}]"


def tensor_shapes(sizes: Sequence[int], parts: Sequence[int] = ()) -> dict[str, tuple[int, int]]:
    """Omega_k and beta_k -> (rows, columns); a bias is one row, a gated unit has two columns."""
    shapes, counts = {}, (*(parts or [1] * (len(sizes) - 2)), 1)
    for k, ((inputs, units), count) in enumerate(zip(pairwise(sizes), counts, strict=True)):
        outputs = units * count
        shapes[f"Omega_{k}"] = (inputs, outputs)
        shapes[f"beta_{k}"] = (1, outputs)
    return shapes
