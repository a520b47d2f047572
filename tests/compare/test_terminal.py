"""Rankings on screens of some widths."""

from io import StringIO

import pytest
from compared import grid, run

from mlp_lab.compare.ranking import rank
from mlp_lab.compare.terminal import SHOWN, print_summary
from mlp_lab.terminal import Screen


@pytest.mark.parametrize(("width", "verdict"), [(45, False), (100, True)])
def test_a_narrow_screen_leaves_columns_out(width: int, verdict: bool) -> None:
    """Rather than cut headings and numbers."""
    records = [run({"optimizer.weight_decay": v}, 0, 0.5) for v in ("0.001", "0.0001")]
    print_summary(Screen(printed := StringIO(), width), records, rank(records, "metric"))
    said = printed.getvalue()
    assert "…" not in said
    assert ("verdict" in said) == verdict
    assert "weight_decay" in said


def test_brackets_are_no_markup() -> None:
    """The terminal shows a list of names as it was typed."""
    records = [run({"model.activation": v}, 0, 0.5) for v in ("relu", "[tanh,relu]")]
    screen = Screen(printed := StringIO(), 100)
    print_summary(screen, records, rank(records, "metric"))
    assert "[tanh,relu]" in printed.getvalue().splitlines()[3]  # headings take two lines


def test_headings_that_have_room() -> None:
    """Three keys are told apart on a terminal of 80 columns."""
    keys = ("model.width", "optimizer.lr", "optimizer.weight_decay")
    records = [
        run(dict(zip(keys, (width, lr, "0.001"), strict=True)), 0, 0.9123, verdict=verdict)
        for width in ("16", "32")
        for lr in ("0.0001", "0.01")
        for verdict in [{"kind": "not converged", "words": ""}]
    ]
    records.append(run(dict.fromkeys(keys, "25"), 0, 0.5))
    text = StringIO()
    print_summary(Screen(text, 80), records, rank(records, "metric"))
    lines = text.getvalue().splitlines()
    assert text.getvalue().count("0.9123 ") >= 4  # a number is never broken
    assert "…" not in "".join(lines[:4])
    headings = {word for line in lines[:4] for word in line.split()}
    assert {"width", "lr", "weight_decay"} <= headings


def test_what_has_no_room_is_counted() -> None:
    """Settings, and runs that are not compared."""
    table = {str(width): [width / 100] for width in range(1, SHOWN + 4)}
    failed = [run({"model.width": "99"}, i, 0.0, status="diverged") for i in range(SHOWN + 2)]
    records = [*grid(table), *failed]
    print_summary(Screen(printed := StringIO(), 100), records, rank(records, "metric"))
    lines = printed.getvalue().splitlines()
    assert "and 4 more settings" in lines
    assert f"{SHOWN + 2} of {len(records)} runs are not compared:" in lines
    assert "  and 2 more" in lines
