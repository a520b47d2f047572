"""What is measured of each layer, by autograd of a plain torch network."""

import numpy as np
import pytest
import torch
from lab import configure, stack_of

from mlp_lab.lessons.gradient_flow import by_layer


def test_layers_are_autograds() -> None:
    """Pre-activations and their gradients, kept by torch on the way."""
    words = ["experiment=activations", "model.depth=2", "model.width=5", "dtype=float64"]
    stack = stack_of(configure(*words))
    part, plain = stack.members[0].dataset.train, stack.network.member(0)
    f, h = [], part.inputs
    for layer in list(plain)[:-1]:  # without the softmax
        h = layer(h)
        if isinstance(layer, torch.nn.Linear):
            f.append(h)
    loss = torch.nn.functional.cross_entropy(h, part.targets.argmax(1), reduction="sum")
    weights = [tensor for name, tensor in plain.named_parameters() if name.endswith("weight")]
    gradients = torch.autograd.grad(loss, [*f, *weights])
    found = by_layer(stack)
    assert found["layer"] == [0, 1, 2]
    values = [pre_activation.detach().numpy() for pre_activation in f]
    assert found["signal"] == pytest.approx([np.mean(v**2) for v in values])
    assert found["distinct"] == pytest.approx([v.var(axis=0).mean() for v in values])
    assert found["gradient"] == pytest.approx([float((g**2).mean()) for g in gradients[:3]])
    assert found["norm"] == pytest.approx([float(g.norm()) / len(part) for g in gradients[3:]])
