"""Ensembles: several networks for each member of a stack, and the mean of what they predict."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from array_twins import both
from lab import BARE, command, refused, train
from stacks import dataset, member, optimizer, shared
from torch import Tensor

import mlp_lab
from mlp_lab.data.arrays import Floats
from mlp_lab.data.bundled import BUNDLED
from mlp_lab.engine.evaluation import mean_pre_activation
from mlp_lab.engine.fit import fit
from mlp_lab.engine.records import MemberRecord
from mlp_lab.engine.stack import Member, Stack
from mlp_lab.network import array_network
from mlp_lab.network.array_network import ArrayNetworks
from mlp_lab.network.losses import OUTPUTS, Objective
from mlp_lab.network.saved import Layers, Weights
from mlp_lab.predictor import Predictor

assert_close = partial(torch.testing.assert_close, rtol=1e-9, atol=1e-9)


def trained(
    members: list[Member], ensemble: int
) -> tuple[list[list[MemberRecord]], list[list[dict[str, Tensor]]]]:
    """Records of each member, and the weights of its networks when it left the stack."""
    stack = Stack(members, shared(ensemble=ensemble))
    records: list[list[MemberRecord]] = [[] for _ in members]
    weights: list[list[dict[str, Tensor]]] = [[] for _ in members]
    for epoch in fit(stack):
        for record in epoch.members:
            records[record.member].append(record)
            if record.epoch == members[record.member].epochs:
                own = stack.networks([stack.ids.index(record.member)])
                weights[record.member] = [stack.network.member_state(k) for k in own]
    return records, weights


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_mean_of_outputs(output: str) -> None:
    """What is combined gives the mean of what each network gives."""
    f = 4 * torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    objective = Objective(output, "mse")
    assert_close(objective.predict(objective.of_mean(f)), objective.predict(f).mean(1))


def test_far_from_zero_nothing_underflows() -> None:
    """Probabilities that a float32 cannot tell from 0 keep their logarithms."""
    f = torch.tensor([-200.0, -210.0]).view(2, 1, 1)
    (found,) = Objective("sigmoid", "bce").of_mean(f).flatten()
    assert found == pytest.approx(-200 - torch.log(torch.tensor(2.0)).item(), abs=1e-3)


def test_the_first_network_is_the_one_alone() -> None:
    """Seeds: it draws what a network without others draws; the others draw something else."""
    rows = dataset("iris")
    dropping = member(rows, dropout=0.2, seed=3)
    _, ((alone,),) = trained([dropping], 1)
    _, (together,) = trained([dropping], 3)
    for name, tensor in alone.items():
        assert_close(together[0][name], tensor)
        assert not torch.equal(together[1][name], together[2][name])


def test_members_do_not_depend_on_their_neighbours() -> None:
    """An ensemble alone and beside others, of other widths, rows and numbers of epochs."""
    members = [
        member(dataset("iris", train_rows=60), widths=[4, 5], epochs=2, seed=1),
        member(dataset("iris"), epochs=4, optimizer=optimizer(lr=0.02)),
        member(dataset("iris", train_rows=35), dropout=0.3, epochs=3, seed=2),
    ]
    records, weights = trained(members, 2)
    for k, one in enumerate(members):
        (own_records,), (own_weights,) = trained([one], 2)
        for together, alone in zip(records[k], own_records, strict=True):
            assert together.scores == pytest.approx(alone.scores, abs=1e-9)
            assert together.change == pytest.approx(alone.change, abs=1e-9)
        for ours, theirs in zip(weights[k], own_weights, strict=True):
            for name, tensor in theirs.items():
                assert_close(ours[name], tensor)


def test_scores_are_those_of_the_mean() -> None:
    """The record's loss and accuracy follow from the mean probability of each class."""
    rows = dataset("iris")
    stack = Stack([member(rows)], shared(ensemble=3))
    (record,) = next(iter(fit(stack))).members
    with torch.no_grad():
        mean = torch.stack([stack.network.member(k)(rows.val.inputs) for k in range(3)]).mean(0)
    chosen = (mean * rows.val.targets).sum(1)
    assert record.val["loss"] == pytest.approx(-chosen.log().mean().item(), abs=1e-9)
    right = mean.argmax(1) == rows.val.targets.argmax(1)
    assert record.val["accuracy"] == pytest.approx(right.double().mean().item())


def test_one_network_is_not_copied() -> None:
    """Without ensembles the pre-activations are the network's own."""
    rows = dataset("iris")
    stack = Stack([member(rows), member(rows, seed=1)], shared())
    inputs = rows.val.inputs.expand(2, *rows.val.inputs.shape)
    objective = Objective("softmax", "cce")
    f = mean_pre_activation(stack.network, inputs, objective)
    assert torch.equal(f, stack.network.pre_activation(inputs))


def test_a_network_that_diverges_ends_its_ensemble() -> None:
    """The mean is not finite any more."""
    wild = member(dataset("iris"), optimizer=optimizer(lr=1e30), epochs=5)
    calm = member(dataset("iris"), epochs=5)
    records, _ = trained([wild, calm], 2)
    assert records[0][-1].diverged is not None
    assert len(records[1]) == 5


def test_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its result has both scores; what it saved predicts the mean, and says how far they part."""
    folder = train(tmp_path / "run", "data=iris", "model=shallow", "ensemble=3", "epochs=5")
    result = json.loads((folder / "result.json").read_text())
    single = train(tmp_path / "single", "data=iris", "model=shallow", "epochs=5")
    alone = json.loads((single / "result.json").read_text())
    assert result["parameters"] == 3 * alone["parameters"]
    assert set(result["single_network"]["test"]) == set(result["test"])
    assert result["single_network"]["val"]["loss"] > result["val"]["loss"]  # Jensen: it is convex
    assert "single network" in capsys.readouterr().out
    predictor = mlp_lab.load(folder)
    rows = BUNDLED["iris"]().inputs
    with torch.no_grad():
        each = torch.stack([own(predictor.encode(rows)) for own in predictor.networks])
    assert_close(torch.from_numpy(predictor.predict_proba(rows)), each.mean(0).double())
    spread = predictor.spread(predictor.encode(rows).numpy())
    chosen = each.mean(0).argmax(1)
    probability = each[:, torch.arange(len(rows)), chosen].double()
    assert spread == pytest.approx(probability.std(0).numpy(), abs=1e-6)


@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_mean_and_spread_are_of_one_pass(
    temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each network reads the rows once, by numpy and by torch, whatever is asked of them."""
    network = Layers([4, 5, 3], ["relu"], "softmax", "cce", ensemble=3, temperature=temperature)
    schema = dataset("iris").schema
    passes: list[object] = []
    pre_activation = array_network.pre_activation

    def counted(layers: Layers, weights: Weights, inputs: Floats) -> Floats:
        passes.append(weights)
        return pre_activation(layers, weights, inputs)

    monkeypatch.setattr(array_network, "pre_activation", counted)
    values = np.random.default_rng(0).normal(size=(20, 4))
    answers = []
    for networks in both(network):
        own = networks if isinstance(networks, ArrayNetworks) else networks.network
        predictor = Predictor(own, schema, network.objective)
        if not isinstance(own, ArrayNetworks):
            for each in predictor.networks:
                last = each.get_submodule("output")
                last.register_forward_hook(lambda layer, *_: passes.append(layer))
        passes.clear()
        answers.append(predictor.answers(values))
        assert len(passes) == len({id(one) for one in passes}) == 3
        predictor.spread(predictor.encode_values(values))
        assert len(passes) == 6
    by_numpy, by_torch = (
        np.array([own for name, own in found.items() if name != "prediction"], np.float64)
        for found in answers
    )
    assert len(by_numpy) == 4  # of three classes, and the spread
    np.testing.assert_allclose(by_numpy, by_torch, atol=1e-9)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0", "ensemble must be"),
        ("1000000", "ensemble must be"),
        ("9000 model.width=2000", "ensemble must be at most"),
    ],
)
def test_refusals(value: str, words: str) -> None:
    """In words, before anything is trained."""
    assert words in refused("data=iris", *f"ensemble={value}".split())


def test_a_sweep_stacks_ensembles(tmp_path: Path) -> None:
    """Ensembles of two seeds train together, and are ranked as other runs."""
    words = ["-m", "data=iris", "model=shallow", "ensemble=2", "seed=0,1", "epochs=3"]
    done = command([*words, "optimizer.lr=1e-3,1e-2", *BARE], tmp_path)
    assert done.returncode == 0, done.stderr
    (summary,) = tmp_path.rglob("summary.csv")
    assert len(summary.read_text().splitlines()) == 5


def test_seeds_of_the_recipe_are_one_stack(tmp_path: Path) -> None:
    """Where one process trains: they share everything that a stack must share."""
    words = ["-m", "data=iris", "model=tabular", "seed=0,1,2,3,4", "epochs=2"]
    done = command([*words, "sweep.processes=1", *BARE], tmp_path)
    assert done.returncode == 0, done.stderr
    (manifest,) = tmp_path.rglob("sweep.json")
    assert json.loads(manifest.read_text())["stacks"] == {"0": [0, 1, 2, 3, 4]}
