"""A node of Ray without Ray: what it starts, says and sends."""

import subprocess
import sys
from pathlib import Path

import pytest
from waiting import until

from mlp_lab.sweep.ray_node import Assignment, Node

SCRIPT = """
import sys
from pathlib import Path
sweep = Path(sys.argv[1])
(sweep / "0").mkdir(exist_ok=True)
(sweep / "0" / "result.json").write_text("{}")
(sweep / "0" / ".half.partial").write_text("x")
with (sweep / ".cluster" / "0.jsonl").open("a") as file:
    file.write('{"say": "done"}\\n')
print("a word", file=sys.stderr, flush=True)
sys.stdin.read()
sys.exit(3)
"""
"""In the place of a training: it writes as one does, and ends with its input."""


@pytest.fixture
def playing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process of a node run the script, in the folder of the sweep."""
    start = subprocess.Popen

    def popen(words: list[str], **settings: object) -> object:
        return start([sys.executable, "-c", SCRIPT, words[4]], **settings)  # type: ignore[call-overload]

    monkeypatch.setattr("subprocess.Popen", popen)


def work(sweep: Path, token: tuple[str, str] | None) -> Assignment:
    """A chunk of a sweep of which one file has to travel."""
    files = {".cluster/0.json": b"{}", ".cluster/0.jsonl": b""}
    return Assignment(str(sweep), str(sweep), 0, ".cluster/0.jsonl", [], token, files)


@pytest.mark.usefixtures("playing")
@pytest.mark.parametrize("token", [None, (".cluster/token", "another")])
def test_files_travel(tmp_path: Path, token: tuple[str, str] | None) -> None:
    """Each once, none that is half-made; what was kept for it is gone with its end."""
    (tmp_path / ".cluster").mkdir()
    (tmp_path / ".cluster" / "token").write_text("one")
    node = Node(work(tmp_path, token), {"t": b"1"})
    own = node._own
    assert own is not None
    assert (own / "here" / "t").read_bytes() == b"1"
    until(lambda: "a word" in node._words)
    news = node.news()
    assert news.status is None
    assert news.files == {".cluster/0.jsonl": b'{"say": "done"}\n', "0/result.json": b"{}"}
    assert next(iter(news.files)) == ".cluster/0.jsonl"  # read before what it tells of
    assert node.news().files == {}
    node._process.stdin.close()  # type: ignore[union-attr]
    until(lambda: node._process.poll() is not None)
    last = node.news()
    assert (last.status, last.words, last.files) == (3, "a word\n", {})
    assert not own.exists()
    assert [path.name for path in tmp_path.rglob("*")] == [".cluster", "token"]


@pytest.mark.usefixtures("playing")
def test_files_are_shared(tmp_path: Path) -> None:
    """Where the sweep's folder is seen, a node writes into it and sends nothing."""
    (tmp_path / ".cluster").mkdir()
    (tmp_path / ".cluster" / "token").write_text("one")
    node = Node(work(tmp_path, (".cluster/token", "one")), {})
    until(lambda: "a word" in node._words)
    assert node.news().files == {}
    assert (tmp_path / "0" / "result.json").is_file()
    node.stop()
    until(lambda: node._process.poll() is not None)
    assert node.news().status != 0


def test_it_loads_neither_torch_nor_data() -> None:
    """An actor is there for as long as its task, and needs memory beside it."""
    code = (
        "import sys, mlp_lab.sweep.ray_node; print({'torch', 'numpy', 'pandas'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
