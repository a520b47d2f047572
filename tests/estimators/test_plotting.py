"""Pictures on axes."""

from matplotlib import pyplot

import mlp_lab


def test_axes_of_ones_own() -> None:
    run = mlp_lab.train("moons", epochs=2, depth=1, width=2)
    figure, (one, other) = pyplot.subplots(1, 2)
    assert run.plot(ax=one) is one
    swept = mlp_lab.sweep("moons", lr=[1e-4, 1e-2, 1], depth=1, width=2, epochs=1)
    assert swept.plot(ax=other) is other
    assert other.get_xscale() == "log"
    assert {label.get_text() for label in other.get_xticklabels()} == {"0.0001", "0.01", "1"}
    pyplot.close(figure)
