"""A graph that is written node by node."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

from mlp_lab.export.graph import Graph  # noqa: E402


def test_a_graph_by_hand() -> None:
    """2 x and the halves of two columns, with names of the user's that are kept apart."""
    graph = Graph({"constant_1", "twice", "x"})
    x = graph.input("x", np.float32)
    doubled = graph.node("Mul", x, graph.constant(2.0, np.float32))
    pair = graph.joined([doubled, x])
    left, right = graph.parts(pair, 2)
    graph.output("twice", graph.flat(left), np.float32)
    graph.output("both", graph.joined([right, graph.column(pair, 0)]), np.float32, 2)
    model = graph.model("about", {"key": "value"}, "0")
    session = runtime.InferenceSession(model.SerializeToString())
    twice, both = session.run(None, {"x": np.array([[1], [4]], np.float32)})
    assert (twice.tolist(), both.tolist()) == ([2, 8], [[1, 2], [4, 8]])
    assert (model.doc_string, model.producer_name) == ("about", "mlp_lab")


def test_what_is_no_graph() -> None:
    """It is looked through before anything is written."""
    graph = Graph({"y"})
    graph.output("y", graph.node("Add", "nowhere", graph.constant(1.0)), np.float64)
    with pytest.raises(onnx.checker.ValidationError):
        graph.model("", {}, "0")
