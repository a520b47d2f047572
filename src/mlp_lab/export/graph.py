"""An ONNX graph that is written node by node; what each node computes is the operators' page."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import ArrayLike, DTypeLike
from onnx import TensorProto, helper

OPSET = 21
"""Of the operators of ONNX itself: of March 2024, which onnxruntime knows since 1.18."""

ML_OPSET = 4
"""Of ai.onnx.ml, whose LabelEncoder reads text."""

IR_VERSION = 10
"""Of the file format: the one that came with these operators. `onnx` alone writes its newest."""

ML = "ai.onnx.ml"

ROWS = "rows"
"""How a graph calls the number of rows, which may be any."""


class Graph:
    """Nodes, constants, inputs and outputs, in the order in which they are added.

    Values are known by name. Names of inputs and outputs are the user's; all others are given here
    and differ from those.
    """

    def __init__(self, taken: set[str]) -> None:
        """`taken`: names of inputs and outputs."""
        self._taken = set(taken)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, kind: DTypeLike) -> str:
        """A column of rows, (N, 1), of text or of numbers of a kind; its name."""
        self._inputs.append(helper.make_tensor_value_info(name, _tensor_type(kind), [ROWS, 1]))
        return name

    def output(self, name: str, value: str, kind: DTypeLike, width: int | None = None) -> None:
        """Give a value to the outside, (N,), or (N, width)."""
        shape: list[str | int | None] = [ROWS] if width is None else [ROWS, width]
        self._nodes.append(helper.make_node("Identity", [value], [name], name=self._name("Output")))
        self._outputs.append(helper.make_tensor_value_info(name, _tensor_type(kind), shape))

    def constant(self, value: ArrayLike, kind: DTypeLike | None = None) -> str:
        """A tensor that no row changes; its name."""
        name = self._name("constant")
        array = np.asarray(value, dtype=kind)
        if array.dtype.kind == "U":
            array = array.astype(object)
        self._constants.append(onnx.numpy_helper.from_array(array, name))
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        """What an operator makes of values; its name."""
        name = self._name(operator)
        node = helper.make_node(operator, inputs, [name], name=name, domain=domain)
        node.attribute.extend(helper.make_attribute(key, own) for key, own in attributes.items())
        self._nodes.append(node)
        return name

    def parts(self, value: str, count: int) -> list[str]:
        """So many parts of the same width, side by side in a value."""
        names = [self._name("Split") for _ in range(count)]
        self._nodes.append(
            helper.make_node("Split", [value], names, name=names[0], axis=-1, num_outputs=count)
        )
        return names

    def cast(self, value: str, kind: DTypeLike) -> str:
        """A value as numbers of another kind."""
        return self.node("Cast", value, to=_tensor_type(kind))

    def joined(self, values: list[str]) -> str:
        """Columns side by side."""
        return values[0] if len(values) == 1 else self.node("Concat", *values, axis=1)

    def column(self, value: str, place: int) -> str:
        """One column of a value, (N, 1)."""
        return self.node("Gather", value, self.constant([place], np.int64), axis=1)

    def flat(self, value: str) -> str:
        """(N, 1) -> (N,)."""
        return self.node("Squeeze", value, self.constant([1], np.int64))

    def model(self, about: str, facts: dict[str, str], version: str) -> onnx.ModelProto:
        """The file's content: `about` is text for a person, `facts` are for programs."""
        graph = helper.make_graph(
            self._nodes, "mlp_lab", self._inputs, self._outputs, self._constants, about
        )
        model = helper.make_model(
            graph,
            producer_name="mlp_lab",
            producer_version=version,
            doc_string=about,
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)],
        )
        helper.set_model_props(model, facts)
        onnx.checker.check_model(model, full_check=True)
        return model

    def _name(self, stem: str) -> str:
        count = len(self._taken)
        while (name := f"{stem}_{count}") in self._taken:
            count += 1
        self._taken.add(name)
        return name


def _tensor_type(kind: DTypeLike) -> int:
    dtype = np.dtype(kind)
    if dtype.kind in "UO":
        return int(TensorProto.STRING)
    return int(helper.np_dtype_to_tensor_dtype(dtype))
