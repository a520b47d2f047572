"""What of a lesson can be watched on a live page: settings, as its examples have them."""

from collections.abc import Mapping, Sequence

SMALL = ("optimizer=adam", "optimizer.lr=0.01", "batch_size=16", "epochs=2000")
SPIRALS = (
    *("data=spirals", "data.rows=300", "model=deep", "model.depth=2", "model.width=8"),
    *("model.activation=tanh", "batch_size=16", "epochs=2000"),
)

WATCHED: Mapping[str, Sequence[str]] = {
    "universal_approximation": (
        *("data=absolute", "data.rows=200", "model=shallow", "model.width=3"),
        *("model.activation=relu", *SMALL),
    ),
    "activations": (
        *("data=moons", "data.rows=300", "model=deep", "model.depth=8", "model.width=8"),
        *(*SMALL, "model.activation=sigmoid,tanh,relu"),
    ),
    "optimizers": (*SPIRALS, "optimizer.lr=0.01", "optimizer=sgd,heavy_ball,rmsprop,adam"),
    "momentum_and_rates": (*SPIRALS, "optimizer=adam", "optimizer.lr=0.0001,0.001,0.01,0.1,1"),
    "under_and_overfitting": (
        *("data=sine", "data.rows=400", "data.train_rows=15", "data.noise=0.3", "data.periods=1"),
        *("model=shallow", "model.activation=relu", "model.init=torch", "optimizer=adam"),
        *("optimizer.lr=0.01", "batch_size=5", "epochs=2000", "model.width=1,4,256"),
    ),
    "double_descent": (
        *("data=digits", "data.train_rows=500", "data.val_fraction=0.3", "data.label_noise=0.2"),
        *("model=shallow", "model.activation=relu", "model.output=linear", "model.init=torch"),
        *("loss=mse", "optimizer=adam", "optimizer.lr=0.01", "schedule=cosine", "batch_size=50"),
        *("epochs=1000", "model.width=4,10,24,40,128,512"),
    ),
}
"""Lesson -> words of `mlp-lab play`, one of which has several values: networks side by side."""
