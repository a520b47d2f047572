"""Which inputs become what."""

import pytest

from mlp_lab.network.embedding_plan import EmbeddedColumns, EmbeddingPlan, overlaps, plan_embedding

COLUMNS = EmbeddedColumns(numbers=(0, 3), categories=((4, 7),), inputs=8)


def made(
    kind: str, category_size: int = 0, columns: EmbeddedColumns = COLUMNS
) -> EmbeddingPlan | None:
    return plan_embedding(
        columns, kind=kind, size=4, bins=5, frequencies=6, category_size=category_size
    )


def test_nothing_to_embed() -> None:
    """Without a wish, or without such inputs, the first layer reads them as they are."""
    assert made("none") is None
    assert made("both", columns=EmbeddedColumns((), (), 3)) is None
    assert made("none", 2, columns=EmbeddedColumns((0,), (), 1)) is None


@pytest.mark.parametrize(
    ("kind", "category_size", "rest", "outputs"),
    [
        ("piecewise", 0, [1, 2, 4, 5, 6, 7], 6 + 8),
        ("periodic", 2, [1, 2, 7], 3 + 8 + 2),
        ("both", 2, [1, 2, 7], 3 + 16 + 2),
        ("none", 2, [0, 1, 2, 3, 7], 5 + 2),
    ],
)
def test_sizes(kind: str, category_size: int, rest: list[int], outputs: int) -> None:
    """What is not embedded is read as it is."""
    plan = made(kind, category_size)
    assert plan is not None
    assert plan.rest == rest
    assert plan.outputs == outputs


def test_parameters() -> None:
    """Of each number a slope, five steps and a bias; frequencies and what reads them; a table."""
    plan = made("both", 2)
    assert plan is not None
    assert plan.parameters == 2 * (6 * 4 + 4) + 2 * (6 + 12 * 4 + 4) + 3 * 2
    assert plan.knots == (2, 6)


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ([], False),
        ([[0, 2], [2, 5]], False),
        ([[0, 3], [2, 5]], True),
        ([[3, 5], [0, 2]], True),
        ([[2, 2]], True),
        ([[0, 1, 2]], True),
    ],
)
def test_overlaps(bounds: list[list[int]], *, found: bool) -> None:
    """Ranges one after the other share nothing."""
    assert overlaps(bounds) is found


def test_origins() -> None:
    """An input for each number that the first layer reads, in its order."""
    plan = made("both", 2)
    assert plan is not None
    assert len(plan.origins) == plan.outputs
    numbers = [at for _ in range(2) for at in plan.numbers for _ in range(plan.size)]
    firsts = [first for first, _ in plan.categories for _ in range(2)]
    assert plan.origins == [*plan.rest, *numbers, *firsts]
