"""The table of what a budget tried."""

from typing import Any

from mlp_lab.report.tried import AS_CHOSEN, MOST_ROWS, tried


def trial(loss: float | None, weight: float, epochs: int, **changes: object) -> dict[str, Any]:
    """A network as result.json has it."""
    found = {"seed": 0, "best_epoch": 1, "ended": "", "epochs": epochs, "val_loss": loss}
    return {**found, "changes": changes, "weight": weight}


def result_of(*networks: dict[str, Any]) -> dict[str, Any]:
    """A result with a budget."""
    budget = {"networks": list(networks), "used": 3.0, "seconds": 9.0, "ended": "", "rounds": 2}
    return {"budget": budget, "rows": {"val": 7}}


def test_a_row_for_each_setting() -> None:
    """The largest weight first, then the least loss; a network that diverged has none."""
    found = tried(
        result_of(
            trial(0.3, 0.25, 5),
            trial(0.1, 0.75, 9, **{"model.width": [8, 4], "optimizer.lr": 0.002}),
            trial(0.2, 0.0, 12),
            trial(None, 0.0, 1, batch_size=8),
            trial(0.4, 0.0, 3, batch_size=4),
        )
    )
    assert found is not None
    assert [(row.words, *row.cells) for row in found.settings] == [
        ("model.width=[8,4] optimizer.lr=0.002", "1", "9", "0.1000", "1", "0.75"),
        (AS_CHOSEN, "2", "12", "0.2000", "1", "0.25"),
        ("batch_size=4", "1", "3", "0.4000", "", ""),
        ("batch_size=8", "1", "1", "", "", ""),
    ]
    assert found.words.endswith("; 2 rounds in all.")
    assert found.more == 0


def test_very_many_settings_are_counted() -> None:
    """And a run without a budget has no table."""
    found = tried(result_of(*(trial(k, float(k == 0), 1, width=k) for k in range(MOST_ROWS + 3))))
    assert found is not None
    assert (len(found.settings), found.more) == (MOST_ROWS, 3)
    assert tried({"rows": {"val": 7}}) is None
