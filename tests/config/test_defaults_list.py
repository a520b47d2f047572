"""Files that begin with other files."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from mlp_lab.config.defaults_list import require_an_end, require_readable
from mlp_lab.errors import UserError

ROOT = Path("/strange")

Files = Mapping[str, list[object]]


def follow(files: Files) -> None:
    """Follow experiment/a.yaml through files of such defaults."""

    def read(path: Path) -> dict[object, object]:
        return {"defaults": files.get(path.relative_to(ROOT).as_posix(), [])}

    first = ROOT / "experiment/a.yaml"
    require_an_end(read(first), first, ROOT, read)


@pytest.mark.parametrize(
    "entry",
    [
        "a",
        "a.yaml",
        "/experiment/a",
        "../experiment/a",
        {"/experiment": "a"},
        {"override /experiment": "a"},
        {"optional /experiment@x": ["b", "a"]},
        {".": "a"},
        "a@x",
    ],
)
def test_a_file_that_begins_with_itself(entry: object) -> None:
    """However it is named."""
    with pytest.raises(UserError, match=r"^defaults must not lead back to a file itself: a\.yaml"):
        follow({"experiment/a.yaml": [entry]})
    with pytest.raises(UserError, match="lead back"):
        follow({"experiment/a.yaml": ["/b"], "b.yaml": [{"/experiment": "a"}]})


def test_files_that_end() -> None:
    """A file may be named twice, by others too."""
    follow(
        {"experiment/a.yaml": ["b", "c", "_self_", {"/model": None}], "experiment/b.yaml": ["c"]}
    )
    with pytest.raises(UserError, match="at most 100 files"):
        follow({"experiment/a.yaml": ["b"] * 101})
    with pytest.raises(UserError, match="at most 10 deep"):
        follow(
            {
                f"experiment/{a}.yaml": [b]
                for a, b in zip("abcdefghijkl", "bcdefghijklm", strict=True)
            }
        )


def test_what_is_no_list_of_files() -> None:
    """Hydra would raise what names no key, or look for a file only when it composes."""
    require_readable(["a", {"model": "deep"}, {"data": None}, {"model": ["deep", "mine"]}])
    unread: list[object] = [5, [5], [{}], [{"a": 1}], [{"a": "b", "c": "d", "e": "f"}]]
    unread += [[{"a": [1]}], [{"a": ["b", ["c"]]}], [["a"]]]
    for defaults in unread:
        with pytest.raises(UserError, match=r"^defaults must be a list of files"):
            require_readable(defaults)
    with pytest.raises(UserError, match=r"^defaults must name files themselves"):
        require_readable([{"model": "${seed}"}])
