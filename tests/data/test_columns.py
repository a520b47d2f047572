"""How a column's cells become numbers, as plain data."""

from mlp_lab.data.columns import Column, classified, numeric

COLUMN = Column(name="c", kind="category", levels=["a", "b"], min_frequency=0.01)


def test_the_fingerprint_is_that_of_version_0_1_0() -> None:
    """Else no run of its can be resumed."""
    assert Column(name="x").fingerprint == (
        "Column(name='x', kind='numeric', levels=[], labels={}, others=[], missing=[],"
        " day_first=None, rare=0.0)"
    )
    assert COLUMN.fingerprint != Column(name="c", kind="category", levels=["a", "b"]).fingerprint


def test_columns_by_name() -> None:
    """Numbers, and a target of classes."""
    assert [column.kind for column in numeric(["a", "b"])] == ["numeric", "numeric"]
    assert classified("y", ["no", "yes"]).levels == ["no", "yes"]
