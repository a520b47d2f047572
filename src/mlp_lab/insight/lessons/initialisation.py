"""Initialisation: how large the first weights must be, and why they must differ.

After "Understanding the difficulty of training deep feedforward neural networks" (Glorot and
Bengio, 2010) and "Delving deep into rectifiers" (He et al., 2015).
"""

from __future__ import annotations

from mlp_lab.insight.lessons.claims import Claim

STARTS = ("he", "glorot", "torch", "half", "double")
"""Three that `model.init` has, and He's weights times a half and times two."""

WRONG = STARTS[1:]

SHALLOW, DEEP = 2, 12

FACTOR = "factor from one hidden layer to the next"

CLAIMS = {
    "he_forward": Claim(
        text="With He's weights pre-activations keep their variance from layer to layer.",
        measure=f"|log2 of the mean square's {FACTOR}|, {DEEP} layers of ReLUs, before training",
        below=0.25,
    ),
    "he_backward": Claim(
        text="So do their gradients.",
        measure=f"|log2 of the mean square's {FACTOR}|, of dL/df, {DEEP} layers, before training",
        below=0.25,
    ),
    "glorot_forward": Claim(
        text="Glorot's weights, which reckon without the ReLU, halve it in every layer.",
        measure=f"|log2 of the mean square's {FACTOR} + 1|, {DEEP} layers, before training",
        below=0.25,
    ),
    "small": Claim(
        text="Half as large, they make the gradient of the first layer vanish.",
        measure=f"log10 of its norm, half of He's weights / He's, {DEEP} layers, before training",
        below=-3.0,
    ),
    "large": Claim(
        text="Twice as large, they make it explode.",
        measure=f"log10 of its norm, twice He's weights / He's, {DEEP} layers, before training",
        above=3.0,
    ),
    "shallow": Claim(
        text="With two hidden layers the scale of the weights hardly matters.",
        measure="accuracy on unseen rows, He's - the worst of the others, SGD, 2 layers",
        below=0.02,
    ),
    "deep": Claim(
        text="With twelve it decides whether anything is learnt.",
        measure=f"accuracy on unseen rows, He's - half of them, SGD, {DEEP} layers",
        above=0.1,
    ),
    "torch": Claim(
        text="torch.nn.Linear's own weights are too small for twelve layers of ReLUs.",
        measure=f"accuracy on unseen rows, He's - torch's, SGD, {DEEP} layers",
        above=0.1,
    ),
    "adam": Claim(
        text="Adam, which divides by the gradient's size, makes good for the wrong scale.",
        measure=f"accuracy on unseen rows, He's - half of them, Adam, {DEEP} layers",
        below=0.02,
    ),
    "symmetry": Claim(
        text="Units that begin with equal weights stay equal.",
        measure="largest difference between weights of two units of the first layer / its largest"
        " weight, after training from equal weights, 2 layers",
        below=0.001,
    ),
    "one_unit": Claim(
        text="So a layer of them learns no more than a single unit.",
        measure="accuracy on unseen rows, 64 units to a layer from equal weights - 1 unit, 2"
        " layers",
        below=0.05,
    ),
    "draws": Claim(
        text="With weights of the right size it hardly matters which ones are drawn.",
        measure=f"standard deviation of accuracy over draws, on the same rows, He's, {DEEP} layers",
        below=0.01,
    ),
}
