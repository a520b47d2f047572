"""Which network a command line asks for: the example, own numbers, a data set's, a saved run's."""

from pathlib import Path

import pytest
import torch
from lab import BARE, train
from traces import network_of

from mlp_lab.engine.seeds import Stream, torch_generator
from mlp_lab.errors import UserError
from mlp_lab.network.losses import Objective
from mlp_lab.predictor import load
from mlp_lab.trace.backprop import trace
from mlp_lab.trace.text import title


def test_own_numbers() -> None:
    """By tensor, by the course's names, from words; and what the example has stays."""
    network = network_of("x=1e-1", "t=-2", "Omega_0=[[3,4]]", "phi_2=7", "model.activation=tanh")
    assert network.x.tolist() == [[0.1]]
    assert network.t.tolist() == [[-2.0]]
    assert [weight[0].tolist() for weight in network.mlp.layers.weights] == [[[3, 4]], [[2], [7]]]
    assert [bias[0].tolist() for bias in network.mlp.layers.biases] == [[[0.5, 1]], [[0.5]]]
    assert network.mlp.activation_names == ["tanh"]


@pytest.mark.parametrize(
    "words",
    [
        ["model.normalisation=layer", "x=[[1,2]]", "model.activation=swiglu"],
        ["model.normalisation=batch", "data=iris", "model.activation=tanh"],
        ["model.normalisation=batch", "x=[[1,2]]", "model.init=torch"],
        ["model.normalisation=layer", "model.residual=true", "data=iris"],
    ],
)
def test_normalised_and_residual_layers(words: list[str]) -> None:
    """Gains, shifts and what is added, as autograd has them; entries are not the course's."""
    found = trace(network_of("model=deep", "model.depth=2", "model.width=3", *words))
    assert found.largest_error("autograd")[0] < 1e-12
    assert found.largest_error("difference")[0] < 1e-6
    names = [gradient.name for gradient in found.backward]
    assert ("dL/dgain_1" in names) == ("model.residual=true" not in words or len(words) == 3)
    assert found.network.entry("beta_0", 0, 1) == "beta_0[2]"
    assert found.network.entry("gain_0", 0, 1) == "gain_0[2]"


EMBEDDED = ("model=tabular", "model.width=3", "model.bins=3", "model.embedding_size=2")


def test_embedded_inputs(tmp_path: Path) -> None:
    """The first network of an ensemble, before its first step and as it was saved."""
    words = ("data=iris", *EMBEDDED, "model.frequencies=2")
    folder = train(tmp_path, *words, "ensemble=2", "epochs=1", *BARE)
    for found, count in ((trace(network_of(*words)), 8), (trace(network_of(str(folder))), 2)):
        assert found.largest_error("autograd")[0] < 1e-12
        assert found.largest_error("difference")[0] < 1e-6
        names = {gradient.name for gradient in found.backward}
        assert {"dL/de", "dL/dpiecewise_weight", "dL/dperiodic_frequency"} <= names
        assert found.value("e").shape == (3, found.network.sizes[0]) == (3, 16)
        assert f"the first of {count} networks, whose mean the run predicts" in title(found)


def test_categories(tmp_path: Path) -> None:
    """Rows of their table; numbers that are typed have none."""
    table = tmp_path / "t.csv"
    table.write_text("a,c,y\n" + "".join(f"{i},{'uvw'[i % 3]},{i % 5}.5\n" for i in range(30)))
    words = ("data=table", f"data.path={table}", "data.target=y", "model=shallow")
    found = trace(network_of(*words, "model.category_size=2", "model.width=3"))
    assert found.largest_error("difference")[0] < 1e-6
    assert found.value("dL/dcategory_0").shape == (3, 2)
    with pytest.raises(UserError, match=r"^what embeds inputs is of a table's columns"):
        network_of("model.embedding=piecewise")


def test_gated_units(tmp_path: Path) -> None:
    """Both parts of f side by side, no names of the course; of settings and of a saved run."""
    words = ("model.activation=swiglu", "model.width=3")
    network = network_of(*words, "Omega_0=[[1,2,3,4,5,6]]", "beta_0=[0,0,0,1,1,1]")
    found = trace(network)
    assert found.value("f_0").tolist() == [[2, 4, 6, 9, 11, 13]]
    u, v = found.value("f_0").chunk(2, -1)
    torch.testing.assert_close(found.value("h_1"), u * torch.nn.functional.silu(v))
    assert found.largest_error("autograd")[0] < 1e-12
    assert found.largest_error("difference")[0] < 1e-7
    assert "a gated unit has two pre-activations" in title(found)[2]
    with pytest.raises(UserError, match=r"^Omega_0 must be 1 row of 6 numbers"):
        network_of(*words, "Omega_0=[[1,2,3]]")
    run = train(tmp_path / "run", "data=iris", "model=shallow", "epochs=1", *words, *BARE)
    own, saved = network_of(str(run)), load(run)
    assert own.sizes == [4, 3, 3]
    y = saved.network.double()(own.x)
    torch.testing.assert_close(own.mlp(own.x)[0], y)


def test_smoothed_targets(tmp_path: Path) -> None:
    """As in training, of typed numbers and of a run, whose loss is of its plain targets."""
    words = ("loss=cce", "loss.label_smoothing=0.2")
    network = network_of(*words, "t=[[0,1]]")
    assert network.t.tolist() == [[0.1, 0.9]]
    assert network.objective == Objective("softmax", "cce")
    found = trace(network)
    assert found.largest_error("autograd")[0] < 1e-12
    assert title(found)[2] == "t is smoothed, as in training: with label smoothing 0.2"
    run = train(tmp_path / "run", "data=iris", "model=shallow", "epochs=1", *words, *BARE)
    assert sorted(set(network_of(str(run)).t.flatten().tolist())) == pytest.approx(
        [0.2 / 3, 0.8 + 0.2 / 3]
    )


def test_numbers_of_a_file(tmp_path: Path) -> None:
    """A word counts more than the file."""
    path = tmp_path / "numbers.yaml"
    path.write_text("x: [[1, 2], [3, 4]]\nt: [[0], [1]]\nbeta_0: [1, 2, 3]\nphi_1: 5\n")
    network = network_of("model.width=3", "phi_1=6", file=str(path))
    assert network.x.tolist() == [[1, 2], [3, 4]]
    assert network.mlp.layers.biases[0][0].tolist() == [[1, 2, 3]]
    assert float(network.mlp.layers.weights[1][0, 0, 0]) == 6


def test_settings() -> None:
    """Sizes follow from the rows, output and loss from each other, weights from the seed."""
    network = network_of("model=deep", "model.width=4", "x=[[1,2],[0,1]]", "t=[[1,0,0],[0,1,0]]")
    assert network.sizes == [2, 4, 4, 4, 3]
    assert network.objective == Objective("linear", "mse")
    assert network_of("loss=cce").objective == Objective("softmax", "cce")
    assert network_of("model.output=sigmoid").objective == Objective("sigmoid", "bce")
    assert network_of("loss=poisson").objective == Objective("exponential", "poisson")
    focal = network_of("loss=focal", "loss.gamma=1").objective
    assert focal == Objective("sigmoid", "focal", (("gamma", 1.0),))
    one, other = (network_of(f"seed={seed}").mlp.layers.flat for seed in (1, 2))
    assert not one.equal(other)
    assert network_of("model=perceptron").sizes == [1, 1]


def test_a_data_set_s_first_rows() -> None:
    """With the very weights that a training would begin with."""
    network = network_of("data=iris", "model=shallow", "model.width=5", "seed=3", rows=2)
    assert (network.rows, network.sizes) == (2, [4, 5, 3])
    assert network.columns[0] == "sepal length (cm)"
    drawn = torch.zeros(4, 5).normal_(
        0, (2 / 4) ** 0.5, generator=torch_generator(3, Stream.WEIGHTS)
    )
    assert network.mlp.layers.weights[0][0].equal(drawn.double())


def test_a_saved_run(iris_run: Path, diabetes_run: Path) -> None:
    """Its weights and first training rows; y is what it predicts."""
    for folder, rows in ((iris_run, 3), (diabetes_run, 2)):
        network = network_of(str(folder), rows=None if rows == 3 else rows)
        found = trace(network)
        plain = load(folder).network.double()
        assert network.rows == rows
        torch.testing.assert_close(found.value("y"), plain(network.x).detach())
        assert found.largest_error("autograd")[0] < 1e-12
        assert found.largest_error("difference")[0] < 1e-7


def test_a_saved_run_on_own_rows(iris_run: Path) -> None:
    """Its data are not needed, then."""
    network = network_of(str(iris_run), "x=[[0,0,0,0]]", "t=[[1,0,0]]")
    assert network.x.tolist() == [[0, 0, 0, 0]]
