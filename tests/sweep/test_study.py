"""Trials are asked for in batches, and told what they reached."""

from pathlib import Path

import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from mlp_lab.errors import UserError
from mlp_lab.sweep.config import SearchConfig
from mlp_lab.sweep.study import (
    ask,
    is_compared,
    keep_whole_lines,
    lose_unfit,
    open_study,
    require_same_search,
    tell,
    waiting,
)

SPACE = {"x": FloatDistribution(0, 1)}
CONFIG = SearchConfig(5, 3, "random", 0)


def test_batches_until_there_are_enough(tmp_path: Path) -> None:
    """Three, then two, then none; a trial without a value counts, too."""
    study = open_study(tmp_path)
    for numbers in ([0, 1, 2], [3, 4], []):
        batch = ask(study, SPACE, CONFIG)
        assert [trial.number for trial in batch] == numbers
        for trial in batch:
            tell(study, trial.number, float("nan") if trial.number == 1 else 0.5)
    states = [trial.state for trial in open_study(tmp_path).get_trials()]
    assert states == [
        TrialState.FAIL if number == 1 else TrialState.COMPLETE for number in range(5)
    ]


def test_half_a_batch_is_asked_for_again(tmp_path: Path) -> None:
    """Cut at any byte while it was asked for, it is the same batch; a whole one stays."""
    study = open_study(tmp_path)
    require_same_search(study, SPACE, [], tmp_path)
    path = tmp_path / "optuna.journal"
    began = len(path.read_bytes())
    whole = [trial.params for trial in ask(study, SPACE, CONFIG)]
    content = path.read_bytes()
    for cut in [began, *range(began + 1, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:cut])
        study = open_study(tmp_path)
        assert waiting(study) == []
        assert [trial.params for trial in ask(study, SPACE, CONFIG)] == whole
    path.write_bytes(content)
    assert len(waiting(open_study(tmp_path))) == 3


def test_a_lost_trial_is_replaced(tmp_path: Path) -> None:
    """One that was drawn from another range; those that wait still fit."""
    study = open_study(tmp_path)
    ask(study, {"x": FloatDistribution(0, 9)}, CONFIG)
    lose_unfit(study, SPACE)
    assert waiting(study) == []
    assert [trial.number for trial in ask(study, SPACE, CONFIG)] == [3, 4, 5]
    lose_unfit(study, SPACE)
    assert [trial.number for trial in waiting(study)] == [3, 4, 5]


def test_only_what_changes_results_makes_another_search(tmp_path: Path) -> None:
    """How many processes train it does not, nor whether it is quiet."""
    study = open_study(tmp_path)
    require_same_search(study, SPACE, ["epochs=3", "quiet=true"], tmp_path)
    require_same_search(study, SPACE, ["sweep.processes=2", "epochs=3"], tmp_path)
    with pytest.raises(UserError, match="holds a search of epochs=3 x, not of epochs=4 x"):
        require_same_search(study, SPACE, ["epochs=4"], tmp_path)
    assert is_compared("sweep.select=loss")
    assert not is_compared("++device=cpu")


def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    """And nothing else."""
    path = tmp_path / "journal"
    for content, whole in ((b"a\nb\nc", b"a\nb\n"), (b"a\n", b"a\n"), (b"abc", b""), (b"", b"")):
        path.write_bytes(content)
        keep_whole_lines(path)
        assert path.read_bytes() == whole
