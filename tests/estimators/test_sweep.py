"""A grid in memory."""

import pytest

import mlp_lab
from mlp_lab.errors import UserError
from mlp_lab.estimators.sweep import grid


def test_lists_are_swept() -> None:
    shared, points = grid({"epochs": 5, "width": [[8, 4], [2, 2]], "seed": range(2)})
    assert shared == {"epochs": 5}
    assert points[1:3] == [{"model.width": [8, 4], "seed": 1}, {"model.width": [2, 2], "seed": 0}]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"width": []}, "width is a list without a value"),
        ({"seed": range(10**9)}, "the number of networks must be at most 100,000"),
        ({"nothing": [1]}, "unknown key 'nothing'"),
    ],
)
def test_grids_that_cannot_be(settings: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        grid(settings)


def test_words_and_keywords_are_one_sweep() -> None:
    swept = mlp_lab.sweep("iris", "model.width=[4,2],[3,2]", "epochs=1,2", depth=2)
    assert len(swept) == 4
    assert swept[1].settings["epochs"] == 2
    with pytest.raises(UserError, match=r"^unknown select 'acc'.* \(accuracy, balanced_accuracy, "):
        mlp_lab.sweep("iris", width=[2, 4], select="acc")
    with pytest.raises(UserError, match=r"^select=mae is no score of this run: it reports loss, "):
        mlp_lab.sweep("iris", width=[2, 4], select="mae")
    with pytest.raises(UserError, match=r"^model\.width must be 1 or more, got -1"):
        mlp_lab.sweep("iris", "model.width=4,-1")
    with pytest.raises(UserError, match=r"^width must be 1 or more, got -1"):
        mlp_lab.sweep("iris", width=[4, -1])


def test_what_it_shows() -> None:
    swept = mlp_lab.sweep("iris", width=[2, 4], depth=1, seed=range(2), epochs=2)
    assert "best: model.width=" in repr(swept)
    assert set(swept.ranking["model.width"]) == {2, 4}
    assert swept.jobs["test_accuracy"].tolist() == [
        swept[place].scores.loc["test", "accuracy"] for place in range(4)
    ]
    assert "<table" in swept._repr_html_()
    assert swept.plot().get_xlabel() == "model.width"
    both = mlp_lab.sweep("iris", width=[2, 4], lr=[0.1, 0.01], depth=1, epochs=1)
    assert both.plot().get_xlabel() == "validation accuracy"


def test_a_network_that_diverges_is_ranked_last() -> None:
    swept = mlp_lab.sweep("diabetes", optimizer="sgd", lr=[1e-3, 1e30], epochs=2)
    assert swept.jobs["status"].iloc[1].startswith("diverged: the loss was no longer finite")
    assert swept.best.settings["optimizer"]["lr"] == 1e-3  # type: ignore[index]
    with pytest.raises(UserError, match="diverged"):
        swept[1]
