"""Maps hold what the network gives, in the order in which they are drawn."""

import pytest
import torch
from played import session

from mlp_lab.play.maps import LINE, OUTPUT_SIDE, UNIT_SIDE, maps_of, unit_states, view_of


def test_a_plane_is_drawn_from_its_top_left() -> None:
    """The first point has the least of the input across and the largest of the one upwards."""
    found = session("model.activation=tanh")
    trial = found.lineup.trials[0]
    view = view_of(trial.run.dataset, [0, 1])
    points = view.points(5)
    across, up = view.axes
    assert points.shape == (25, 2)
    assert points[0].tolist() == pytest.approx([across.low, up.high])
    assert points[4].tolist() == pytest.approx([across.high, up.high])
    assert points[-1].tolist() == pytest.approx([across.high, up.low])
    network = found.lineup.stacks[0].network
    maps = maps_of(network, trial.run.prepared.objective, view)
    assert [tuple(units.shape) for units in maps.units] == [(3, UNIT_SIDE**2)]
    y = network(view.points(OUTPUT_SIDE)[None])[0]
    assert torch.equal(maps.outputs, y)
    f = view.points(UNIT_SIDE) @ network.weights[0][0] + network.biases[0][0]
    assert torch.allclose(maps.units[0], f.tanh().t())


def test_other_inputs_stay_at_their_medians() -> None:
    found = session("data=iris", small=("model=shallow", "model.width=3"))
    dataset = found.lineup.trials[0].run.dataset
    view = view_of(dataset, [2, 0])
    medians = dataset.train.inputs.median(0).values
    assert [axis.name for axis in view.axes] == ["petal length (cm)", "sepal length (cm)"]
    points = view.points(3)
    assert bool((points[:, [1, 3]] == medians[[1, 3]]).all())
    axis = view.axes[0]
    assert 0 < axis.low * axis.scale + axis.center < axis.high * axis.scale + axis.center < 8


def test_one_input_has_a_line() -> None:
    found = session("data=sine", small=("model=shallow", "model.width=3"))
    trial = found.lineup.trials[0]
    view = view_of(trial.run.dataset, [0])
    maps = maps_of(found.lineup.stacks[0].network, trial.run.prepared.objective, view)
    assert maps.units[0].shape == (3, LINE)
    assert maps.outputs.shape == (LINE, 1)


def test_a_unit_without_slope_is_dead() -> None:
    """A ReLU far below zero on every row."""
    found = session("model.activation=relu")
    network = found.lineup.stacks[0].network
    with torch.no_grad():
        network.biases[0][0, 0, 1] = -1e3
    trial = found.lineup.trials[0]
    states = unit_states(network, trial.run.dataset, trial.run.prepared.objective)
    assert states.dead[0].tolist()[1]
    assert not states.dead[0].all()
    assert not states.saturated[0].any()


def test_a_unit_that_is_flat_on_almost_all_rows_is_saturated() -> None:
    found = session("model.activation=tanh")
    network = found.lineup.stacks[0].network
    with torch.no_grad():
        network.biases[0][0, 0, 2] = 8.0
    trial = found.lineup.trials[0]
    states = unit_states(network, trial.run.dataset, trial.run.prepared.objective)
    assert states.saturated[0].tolist() == [False, False, True]
