"""What is kept of the networks that were tried."""

from lab import configure, stack_of

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.network.losses import Objective
from mlp_lab.runs.progress import Origin, Progress
from mlp_lab.runs.trials import CANDIDATES, Trial, forget_worst, kept

CCE = Objective("softmax", "cce")


def trials(*widths: int, finished: bool = True) -> tuple[list[Trial], Dataset]:
    """Networks of some widths that nothing has taught, on iris."""
    made, dataset = [], None
    for number, width in enumerate(widths):
        words = ("data=iris", "model=shallow", f"model.width={width}", f"seed={number}")
        config = configure(*words)
        stack = stack_of(config)
        dataset = stack.members[0].dataset
        watch = EarlyStopping(best_epoch=1)
        trial = Trial(number, config, {}, {}, Progress(watch, Origin("", "", [])))
        trial.finished = finished
        trial.take(stack.best_network([0]), dataset.val, CCE)
        made.append(trial)
    assert dataset is not None
    return made, dataset


def test_widths_may_differ() -> None:
    """What is kept predicts with each network at its own width."""
    tried, dataset = trials(4, 9, 6)
    found = kept(tried, dataset.val, CCE, 8)
    sizes = [sizes[1] for sizes in found.network.member_sizes]
    assert {tried[number].config.model.width for number in found.weights} == set(sizes)


def test_few_rows_choose_nothing() -> None:
    """Those that were trained to the end are kept, each with the same weight."""
    tried, dataset = trials(4, 4, 4)
    tried[0].finished = False
    few = dataset.val.some(9)
    for trial in tried:
        assert trial.network is not None
        trial.take(trial.network, few, CCE)
    found = kept(tried, few, CCE, 8)
    assert found.weights == dict.fromkeys(found.weights, 0.5)
    assert set(found.weights) == {1, 2}


def test_the_worst_are_let_go() -> None:
    """All but some, whose networks would fill the memory."""
    tried, _ = trials(4)
    many = [
        Trial(k, tried[0].config, {}, {}, tried[0].progress, network=tried[0].network, loss=k)
        for k in range(CANDIDATES + 5)
    ]
    forget_worst(many)
    assert [trial.network is not None for trial in many].count(True) == CANDIDATES
