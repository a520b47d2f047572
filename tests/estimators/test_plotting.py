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


def test_narrow_axes_of_ones_own() -> None:
    """Several curves side by side keep their widths and titles: no legend leaves its axes."""
    run = mlp_lab.train("moons", epochs=2, depth=1, width=2)
    figure, every = pyplot.subplots(1, 4, figsize=(12, 3), layout="constrained")
    for place, axes in enumerate(every):
        run.plot(ax=axes)
        axes.set(title=f"network {place}")
    figure.canvas.draw()  # a warning where they collapse would fail
    for axes in every:
        legend = axes.get_legend().get_window_extent()
        box = axes.get_window_extent()
        assert box.width > 150
        assert box.x0 <= legend.x0 < legend.x1 <= box.x1
        assert box.y0 <= legend.y0 < legend.y1 <= box.y1
    pyplot.close(figure)
