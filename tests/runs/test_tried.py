"""What a run with a budget kept, in words."""

from mlp_lab.runs.tried import kept_in_words


def trial(weight: float, **changes: object) -> dict[str, object]:
    """A network as result.json has it."""
    return {"weight": weight, "changes": changes}


def test_networks_settings_time_and_weights() -> None:
    """Networks of one setting are one; only the largest weights are listed."""
    networks = [trial(0.5, lr=0.1), trial(0.5), trial(0, lr=0.1), trial(0, lr=0.2)]
    budget = {"networks": networks, "used": 58.3, "seconds": 60.0, "ended": ""}
    result = {"budget": budget, "rows": {"val": 1200}}
    assert kept_in_words(result) == (
        "4 networks of 3 settings tried in 58 s of 1m; kept 2 by 1,200 validation rows,"
        " weights 0.5, 0.5"
    )
    budget |= {"networks": [trial(1.0)], "ended": "interrupted"}
    assert kept_in_words(result) == (
        "1 network of 1 setting tried in 58 s of 1m (interrupted); kept 1 by 1,200 validation rows,"
        " weight 1"
    )
    budget["networks"] = [trial(0.1) for _ in range(10)]
    assert kept_in_words(result).endswith("weights 0.1, 0.1, 0.1, 0.1, 0.1, …")
