"""Values as they are typed, and as numbers."""

from compared import run

from mlp_lab.compare.values import as_number, value_of


def test_values_of_a_run() -> None:
    """From its configuration; a group's as typed, or by its name."""
    record = run({"model": "deep", "optimizer.lr": "1e-2"}, 0, 0.5)
    assert [value_of(record, key) for key in ("data", "model", "seed")] == ["iris", "deep", "0"]
    assert value_of(record, "schedule.min_lr") == "default"


def test_as_numbers() -> None:
    """Only finite ones have a place on an axis."""
    assert [as_number(text) for text in ("1e-2", "inf", "nan", "relu", "[4,2]")] == [
        0.01,
        *[None] * 4,
    ]
