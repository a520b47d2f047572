"""The numbers of curves in a page: what they say, how many, and that none ends the page."""

import json
import math

from mlp_lab.report.charts import MOST, Chart, Series, script
from mlp_lab.report.learning_curve import curve_chart


def content(chart: Chart) -> dict[str, object]:
    """What the script reads."""
    found: dict[str, object] = json.loads(chart.to_json())
    return found


def test_numbers_of_a_chart() -> None:
    """Five digits of each; nothing where a curve has ended, or is not finite."""
    series = [Series("a", [1.0, math.nan, math.inf], "#000"), Series("b", [0.1234567], "#fff")]
    found = content(Chart("loss", series, best=2, logarithmic=True))
    assert found["epochs"] == [1, 2, 3]
    assert found["series"] == [
        {"label": "a", "values": [1.0, None, None], "colour": "#000", "thin": False, "with": 0},
        {"label": "b", "values": [0.12346, None, None], "colour": "#fff", "thin": False, "with": 1},
    ]
    assert (found["quantity"], found["best"], found["logarithmic"]) == ("loss", 2, True)


def test_thin_curves_are_switched_with_their_mean() -> None:
    """Each run of a setting stands before the mean of all."""
    thin = [Series("a", [1.0], "#000", thin=True)] * 2
    found = content(Chart("loss", [*thin, Series("a", [1.0], "#000"), Series("b", [1.0], "#000")]))
    assert isinstance(found["series"], list)
    assert [own["with"] for own in found["series"]] == [2, 2, 2, 3]


def test_a_long_training_is_spread_evenly() -> None:
    """With its first and its last epoch."""
    values = [float(k) for k in range(1, 100_001)]
    found = content(Chart("loss", [Series("a", values, "#000")]))
    epochs = found["epochs"]
    assert isinstance(epochs, list)
    assert (len(epochs), epochs[0], epochs[-1]) == (MOST, 1, 100_000)
    assert sorted(set(epochs)) == epochs


def test_no_label_ends_the_page() -> None:
    """A value that somebody typed stands in a script element."""
    text = Chart("loss", [Series("</script><!--", [1.0], "#000")]).to_json()
    assert not set("<>&") & set(text)
    assert json.loads(text)["series"][0]["label"] == "</script><!--"


def test_parts_without_rows_have_no_curve() -> None:
    """A loss that falls far has a logarithmic axis, as its picture has."""
    rows = [{"epoch": k, "train_loss": 10.0 ** (1 - k), "train_accuracy": 0.5} for k in (1, 2, 3)]
    chart = curve_chart(rows, "loss", 3)
    assert [own.label for own in chart.series] == ["training"]
    assert (chart.logarithmic, chart.best) == (True, 3)
    assert not curve_chart(rows, "accuracy", 3).logarithmic


def test_plateaus_are_those_of_the_picture() -> None:
    """Of the loss, by epoch; a metric has none."""
    losses = [2.0 - 0.1 * min(epoch, 10) for epoch in range(1, 41)]
    rows = [
        {"epoch": k, "train_loss": own, "train_accuracy": 0.5} for k, own in enumerate(losses, 1)
    ]
    assert content(curve_chart(rows, "loss", 0))["plateaus"] == [[13, 40]]
    assert content(curve_chart(rows, "accuracy", 0))["plateaus"] == []


def test_the_script() -> None:
    """It stands in each page, and asks for nothing."""
    assert "uplot" in script()
    assert "fetch(" not in script()
