"""The picture of a small network."""

from xml.etree import ElementTree as ET

from traces import LARGE, traced

from mlp_lab.trace.svg import svg

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture() -> None:
    """Every weight of a small network stands on its edge, with its gradient."""
    root = ET.fromstring(svg(traced("theta_12=-1.25")))  # noqa: S314 (our own)
    words = [span.text for span in root.iter(f"{SVG}tspan")]
    for value in ("-1.25", "20", "12.5", "f = 2.5", "y = 5.5", "t = 3", "6.25", "dL/dy 5"):
        assert value in words
    assert len(root.findall(f"{SVG}circle")) == 1 + 2 + 1 + 1
    assert len(root.findall(f"{SVG}line")) == 2 + 2 + 1
    assert root.findall(f"{SVG}rect")[0].get("fill") == "white"


def test_units_that_are_not_drawn_are_counted() -> None:
    """With how many they are."""
    picture = svg(traced(*LARGE))
    assert "58 more" in picture
    assert "6 units are drawn of layers with more (64, 20, 20, 20, 10)" in picture


def test_gated_units() -> None:
    """Both of their numbers stand in the unit; weights are those of the first."""
    network = ("model.activation=reglu", "Omega_0=[[1,2,3,-4]]", "Omega_1=[[1],[1]]")
    words = [span.text for span in ET.fromstring(svg(traced(*network))).iter(f"{SVG}tspan")]  # noqa: S314
    for value in ("u = 2", "v = 6", "h = 12", "u = 4", "v = -8", "h = 0"):
        assert value in words
    assert "3" not in words
