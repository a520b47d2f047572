"""What the kernel is handed has the shape that its source says."""

import ctypes
import re
from pathlib import Path

import pytest

from mlp_lab.native import interface
from mlp_lab.native.building import available, library
from mlp_lab.native.interface import ACTIVATIONS, LOSSES, NORMALISATIONS, OUTPUTS, RULES, declare

HEADER = (Path(interface.__file__).parent / "interface.h").read_text()


@pytest.mark.parametrize("name", ["Embedding", "Networks", "Training"])
def test_fields(name: str) -> None:
    """The same names in the same order, each of the same size."""
    sizes = {"int32_t": 4, "int64_t": 8, "double": 8}
    body = re.sub(r"//.*", "", HEADER.partition(f"struct {name} {{")[2].partition("};")[0])
    expected = []
    for declaration in filter(str.strip, body.split(";")):
        kind, names = re.findall(r"(int32_t|int64_t|double|void|Embedding)\b(.*)", declaration)[0]
        for word in names.split(","):
            pointer = "*" in names
            expected.append((re.findall(r"\w+", word)[-1], 8 if pointer else sizes[kind]))
    structure: type[ctypes.Structure] = {
        "Embedding": interface.Embedding,
        "Networks": interface.Networks,
        "Training": interface.Training,
    }[name]
    found = [(field[0], ctypes.sizeof(field[1])) for field in structure._fields_]
    assert found == expected


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("Activation", len(ACTIVATIONS)),
        ("Normalisation", len(NORMALISATIONS)),
        ("Output", len(OUTPUTS)),
        ("Loss", len(LOSSES)),
        ("Rule", 1 + max(number for number, _ in RULES.values())),
    ],
)
def test_tables_are_as_long_as_the_kernels(name: str, count: int) -> None:
    """Their entries are places in them; what each does, the engine's tests try."""
    entries = HEADER.partition(f"enum {name} {{")[2].partition("}")[0].split(",")
    assert len(entries) == count


def test_a_library_without_the_functions_is_refused() -> None:
    """As any other library would be."""
    with pytest.raises(AttributeError):
        declare(ctypes.CDLL(None))


@pytest.mark.skipif(not available("float32"), reason="no compiler is at hand")
def test_functions_are_declared() -> None:
    """So that ctypes hands over 64-bit numbers as such."""
    kernel = library("float32")
    assert kernel.train.restype is kernel.forward.restype is ctypes.c_int32
