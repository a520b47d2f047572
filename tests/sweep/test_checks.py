"""Jobs that do not belong into one sweep."""

from dataclasses import replace
from pathlib import Path

import pytest
from lab import configure
from sweeps import iris_job, settings

from mlp_lab.errors import UserError
from mlp_lab.sweep.checks import (
    data_name,
    require_a_training,
    require_comparable,
    require_judged_together,
    require_own_folders,
)
from mlp_lab.sweep.manifest import Manifest, ManifestJob

SWEEP = Path("sweep")


def test_what_is_no_training() -> None:
    """A resumed run has a folder of its own; a data report trains nothing."""
    require_a_training(configure("data=iris"))
    with pytest.raises(UserError, match=r"resume=x resumes in that folder alone: leave out -m"):
        require_a_training(replace(configure("data=iris"), resume="x"))
    with pytest.raises(UserError, match=r"data.report_only=true shows one data set"):
        require_a_training(
            configure("data=table", "data.path=a", "data.target=y", "data.report_only=true")
        )


def test_folders_inside_the_sweeps_alone() -> None:
    """Also where a path leads out of it again."""
    require_own_folders({0: iris_job(0, SWEEP), 1: iris_job(1, SWEEP / "a")}, Manifest(), SWEEP)
    for elsewhere in (Path("other"), SWEEP / ".." / "other"):
        with pytest.raises(UserError, match=r"hydra.sweep.subdir must be inside hydra.sweep.dir="):
            require_own_folders({0: iris_job(0, elsewhere)}, Manifest(), SWEEP)


def test_no_two_jobs_in_one_folder() -> None:
    """Neither of this command nor of an earlier one; a job's own is its own."""
    jobs = {0: iris_job(3, SWEEP), 1: iris_job(3, SWEEP / "." / "a" / "..")}
    with pytest.raises(UserError, match="must differ from job to job, got '3' for job 0 and job 3"):
        require_own_folders(jobs, Manifest(), SWEEP)
    manifest = Manifest({3: ManifestJob("x", [], "3")})
    require_own_folders({3: iris_job(3, SWEEP)}, manifest, SWEEP)
    with pytest.raises(UserError, match="for job 3 and job 3"):
        require_own_folders({4: iris_job(3, SWEEP)}, manifest, SWEEP)


def test_losses_of_different_kinds_choose_nothing() -> None:
    """Within a batch and from batch to batch, and only where the loss chooses."""
    cce, mse = iris_job(0), iris_job(1, loss={"name": "mse"}, model__output="softmax")
    require_comparable([cce, mse], {}, settings(), searching=False)
    by_loss = settings(select="loss")
    known = require_comparable([cce], {}, by_loss, searching=False)
    assert known == {data_name(cce): (cce.loss, "none", cce.job.config.data.class_weights)}
    for jobs, before in (([cce, mse], {}), ([mse], known)):
        with pytest.raises(UserError, match="cannot choose between losses of different kinds"):
            require_comparable(jobs, before, by_loss, searching=False)


@pytest.mark.parametrize(
    ("halving", "searching", "chooser"), [(2, False, "sweep.halving"), (None, True, "a search")]
)
def test_one_data_set_where_jobs_are_chosen(
    halving: int | None, searching: bool, chooser: str
) -> None:
    """A plain grid ranks each by itself."""
    known = {"wine": ("cce", "none", "none")}
    require_comparable([iris_job(0)], known, settings(), searching=False)
    with pytest.raises(
        UserError, match=f"{chooser} chooses between jobs on one data set, got wine"
    ):
        require_comparable([iris_job(0)], known, settings(halving=halving), searching=searching)


def test_a_halved_sweep_takes_no_new_jobs_and_no_other_rungs() -> None:
    """Once a rung was judged; before, all may change."""
    jobs = {0: iris_job(0)}
    require_judged_together(jobs, Manifest(), settings(halving=2))
    manifest = Manifest({0: ManifestJob("", [], "0")}, rungs={"epoch 2, bracket 0": {}})
    require_judged_together(jobs, manifest, settings(halving=2))
    for other in (settings(halving=2, first_rung=3), settings()):
        with pytest.raises(UserError, match=r"were halved at epoch 2, bracket 0: .* is resumed"):
            require_judged_together(jobs, manifest, other)
    with pytest.raises(UserError, match=r"job 1 \(\) is new, but the jobs of this sweep"):
        require_judged_together({**jobs, 1: iris_job(1)}, manifest, settings(halving=2))


def test_halving_needs_epochs() -> None:
    """Of every job; without halving, none."""
    jobs = [iris_job(0), iris_job(1, epochs=None, stop__patience=3)]
    require_comparable(jobs, {}, settings(), searching=False)
    with pytest.raises(UserError, match=r"job 1 \(epochs=None .* has epochs=null"):
        require_comparable(jobs, {}, settings(halving=2), searching=False)


def test_the_score_that_chooses_is_reported() -> None:
    """By every job; and where jobs are halved, in every epoch."""
    classes = iris_job(0)
    require_comparable([classes], {}, settings(select="roc_auc"), searching=True)
    with pytest.raises(UserError, match=r"^sweep.select=mae is no score .* reports loss, accuracy"):
        require_comparable([classes], {}, settings(select="mae"), searching=False)
    halved = settings(select="f1", halving=2)
    with pytest.raises(UserError, match=r"where stop.monitor=f1: set that, too$"):
        require_comparable([classes], {}, halved, searching=False)
    require_comparable([iris_job(0, stop__monitor="f1")], {}, halved, searching=False)
