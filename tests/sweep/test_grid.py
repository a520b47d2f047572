"""Every combination of the values of a command line."""

import re
from itertools import product
from pathlib import Path

import pytest
import yaml
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from lab import CONFIGS

from mlp_lab.errors import UserError
from mlp_lab.sweep.grid import batches, grid_points, require_composable, require_grid, save_record


def parsed(*words: str) -> list[Override]:
    """Overrides as Hydra reads them."""
    return OverridesParser.create().parse_overrides(list(words))


def test_the_last_key_changes_first() -> None:
    """As Hydra's basic sweeper has it; words with one value are in every point."""
    points = grid_points(parsed("a=1,2", "b=x", "c=range(3)", "d=[1,2],[3]", "+e=5"))
    assert points == [
        [f"a={a}", "b=x", f"c={c}", f"d={d}", "+e=5"]
        for a, c, d in product([1, 2], [0, 1, 2], ["[1,2]", "[3]"])
    ]


def test_a_key_that_is_given_twice_has_its_last_values_in_its_first_place() -> None:
    """Folds come last on a command line, and replace nothing else."""
    assert grid_points(parsed("a=1,2", "b=3", "a=4,5")) == [["a=4", "b=3"], ["a=5", "b=3"]]
    assert grid_points([]) == [[]]
    assert grid_points(parsed("a=range(0)")) == []
    assert grid_points(parsed("a='x y','b,c'")) == [["a='x y'"], ["a='b,c'"]]


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("a=interval(4,8)", "a=interval(4,8) is a range, which hydra/sweeper=optuna searches"),
        ("cv=3,5", "cv=3,5 gives several values, but it is about all jobs: give it one"),
        ("threads=1,2", "threads=1,2 changes no result, and equal jobs train once: give it one"),
    ],
)
def test_what_is_no_grid(word: str, line: str) -> None:
    """One line; jobs that are trained one after the other may differ in what changes no result."""
    with pytest.raises(UserError, match=re.escape(line)):
        require_grid(parsed("a=1", word), stacked=True)
    require_grid(parsed("threads=1,2", "cv=3", "b=range(3)", "c=x,y"), stacked=False)


def test_batches_of_a_command(tmp_path: Path) -> None:
    """With folds, ranges of a file, and numbers that go on; none is composed here."""
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        loader = GlobalHydra.instance().config_loader()
        words = ["cv=2", f"hydra.sweep.dir={tmp_path / 'new' / 'sweep'}"]
        master = loader.load_configuration("train", words, RunMode.MULTIRUN)
        found = batches(loader, master, ["seed=0,1"], ["epochs=3"], 3, stacked=True)
        folds = [["data.folds=2", f"data.fold={fold}"] for fold in range(2)]
        points = [[f"seed={seed}", "epochs=3", *fold] for seed in range(2) for fold in folds]
        assert found == [(0, points[:3]), (3, points[3:])]
        assert batches(loader, master, [], ["seed=range(9)"], None, stacked=True)[0][0] == 0
        for arguments, size, line in (
            (["seed=range(0)"], None, "the grid is empty"),
            (["seed=0"], 0, "hydra.sweeper.max_batch_size must be 1 or more, got 0"),
            (["data.fold=1"], None, "cv=2 chooses the folds itself"),
        ):
            with pytest.raises(UserError, match=line):
                batches(loader, master, [], arguments, size, stacked=True)
        with pytest.raises(UserError, match=r"sweep.members=3 is about stacks of jobs"):
            batches(loader, master, [], ["sweep.members=3"], None, stacked=False)
        require_composable(loader, master, points)
        with pytest.raises(HydraException):
            require_composable(loader, master, [["model=deap"]])
        save_record(master)
    saved = yaml.safe_load((tmp_path / "new" / "sweep" / "multirun.yaml").read_text())
    assert saved["cv"] == 2
