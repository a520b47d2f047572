"""Traces of command lines."""

from mlp_lab.commands.composing import compose
from mlp_lab.trace.backprop import trace
from mlp_lab.trace.networks import traced_network
from mlp_lab.trace.quantities import Network, Trace
from mlp_lab.trace.request import TraceRequest

LARGE = ("data=digits", "model=deep", "model.width=20", "model.dropout=0.3")
"""Of which not everything can be shown."""


def network_of(*words: str, file: str | None = None, rows: int | None = None) -> Network:
    """The network of a command line."""
    return traced_network(TraceRequest.of(words, file, rows), compose)


def traced(*words: str) -> Trace:
    """The trace of a command line."""
    return trace(network_of(*words))
