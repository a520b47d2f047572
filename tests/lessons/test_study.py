"""Grids: every combination, in an order that stacks follow from."""

from mlp_lab.lessons.study import Trial, grid, seed_settings, varied


def test_a_grid_is_every_combination_for_every_seed() -> None:
    """Seeds go first, then the last factor; settings of one level may be several."""
    output = {"softmax": ["model.output=softmax"], "sigmoid": ["model.output=sigmoid", "loss=mse"]}
    found = grid(["epochs=3"], [5, 6], width=varied("model.width", (1, 2)), output=output)
    assert [tuple(trial.labels.values()) for trial in found] == [
        (width, name, seed) for width in (1, 2) for name in output for seed in (5, 6)
    ]
    assert found[2] == Trial(
        {"width": 1, "output": "sigmoid", "seed": 5},
        ["epochs=3", "model.width=1", *output["sigmoid"], *seed_settings(5)],
    )


def test_seeds_may_mean_something_else() -> None:
    found = grid([], range(4), lambda seed: [f"seed={seed}", f"data.split_seed={seed // 2}"])
    assert [trial.words[1] for trial in found] == [f"data.split_seed={n}" for n in (0, 0, 1, 1)]
    assert grid([], [3])[0].words == ["seed=3", "data.split_seed=3"]
