"""Bands of tables."""

import numpy as np

from mlp_lab.lessons.panels import band, bands, beside
from mlp_lab.lessons.tables import table_of, where

TABLE = table_of(
    {
        "size": size,
        "kind": kind,
        "seed": seed,
        "loss": np.nan if (kind, size, seed) == ("b", 10, 3) else 10 * size + seed,
    }
    for kind in "ba"
    for size in (1, 10, 100)
    for seed in range(5)
)


def test_a_band_leaves_out_where_a_seed_has_no_number() -> None:
    found = band(where(TABLE, kind="b"), "size", "loss", "words", color=3)
    assert np.asarray(found.x).tolist() == [1, 100]
    assert found.values.tolist() == [[10 * size + seed for seed in range(5)] for size in (1, 100)]
    assert (found.label, found.color) == ("words", 3)


def test_bands_are_in_the_order_of_the_table() -> None:
    found = bands(TABLE, "size", "loss", "kind", "kind {}", marker=None)
    described = [(one.label, one.marker, len(one.values)) for one in found]
    assert described == [("kind b", None, 2), ("kind a", None, 3)]


def test_parts_lie_beside_each_other() -> None:
    table = table_of(
        {"kind": kind, "size": size, "x": [1, 2], "seed": 0} for kind in "ba" for size in (5, 7)
    )
    found = {label: part["x"].tolist() for label, part in beside(table, "x", ["kind"], "own {}", 1)}
    assert found == {"own b": [0.5, 1.5, 0.5, 1.5], "own a": [1.5, 2.5, 1.5, 2.5]}
    labels = [label for label, _ in beside(table, "x", ["kind", "size"], "{}, {} units")]
    assert labels == ["b, 5 units", "b, 7 units", "a, 5 units", "a, 7 units"]
    assert table["x"].tolist() == [1, 2] * 4
