"""Folders from strangers: links in them lead no write elsewhere."""

from pathlib import Path

from lab import BARE, call, train


def test_resuming_writes_through_no_link(tmp_path: Path) -> None:
    """Whatever name of a run's files, finished or not, is a link."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    run = train(tmp_path / "run", "data=iris", "epochs=1", "quiet=true")
    pictures = [path.name for path in run.glob("*.png")]
    for name in (*pictures, "report.html", "train.log", "model.safetensors", "schema.json"):
        (run / name).unlink(missing_ok=True)
        (run / name).symlink_to(victim)
    for name in ("config.yaml", "curves.csv", "checkpoint.safetensors", "report.html"):
        (run / f".{name}.partial").symlink_to(victim)
    train(run, "epochs=2", "quiet=true", f"resume={run}")
    assert victim.read_text() == "precious"
    assert [path.name for path in run.rglob("*") if path.is_symlink()] == ["train.log"]
    assert not list(run.glob(".*.partial"))


def test_a_record_is_written_through_no_link(tmp_path: Path) -> None:
    """Where Hydra would follow one, before any run begins."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".hydra").symlink_to(elsewhere)
    (tmp_path / "run" / "notes.txt").touch()
    done = call(["data=iris", "epochs=1", "hydra.run.dir=run", *BARE], tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("run/.hydra is a link, and nothing is written through one")
    assert len(done.stderr.splitlines()) == 1
    assert list(elsewhere.iterdir()) == []


def test_a_job_is_written_through_no_link(tmp_path: Path) -> None:
    """Its folder is one of the sweep's own."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "0").symlink_to(elsewhere)
    words = ["-m", "data=iris", "epochs=1", "seed=0,1", "hydra.sweep.dir=sweep", *BARE]
    done = call(words, tmp_path)
    assert done.returncode == 1
    assert "sweep/0 is a link, and nothing is written through one" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(elsewhere.iterdir()) == []
