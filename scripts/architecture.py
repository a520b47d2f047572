"""Draw docs/architecture.svg: the rooms of the package, and which of them import which.

python scripts/architecture.py          # draw it anew
python scripts/architecture.py --check  # exit status 1 if it is not what the imports say
"""

import ast
import sys
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "mlp_lab"
PICTURE = ROOT / "docs" / "architecture.svg"

WIDTH, HEIGHT, GAP, RISE, BEND = 150, 46, 22, 40, 60
"""Size of a room, space between rooms and layers, and beside them for arrows, in pixels."""

Graph = dict[str, set[str]]


def rooms() -> dict[str, str]:
    """Room -> the first sentence of what it says of itself; a module that imports rooms is one."""
    found = {}
    for path in sorted([*PACKAGE.glob("*/__init__.py"), *PACKAGE.glob("[a-z]*.py")]):
        room = path.parent.name if path.stem == "__init__" else path.stem
        about = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[room] = about.splitlines()[0]
    return found


def files(room: str) -> list[Path]:
    """The files of a room."""
    folder = PACKAGE / room
    return [*folder.rglob("*.py")] if folder.is_dir() else [folder.with_suffix(".py")]


def imports(names: Iterable[str]) -> Graph:
    """Room -> the rooms that its files import, in functions and for type checking too."""
    graph: Graph = {}
    for room in names:
        trees = (ast.parse(path.read_text(encoding="utf-8")) for path in files(room))
        modules = (
            node.module or ""
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
        )
        imported = {module.split(".")[1] for module in modules if module.startswith("mlp_lab.")}
        graph[room] = (imported & set(names)) - {room}
    return graph


def foundation(graph: Graph) -> set[str]:
    """Files that rest on no room: every room may import them, so that they have no arrows."""
    return {
        room
        for room in graph
        if not any((PACKAGE / name).is_dir() for name in {room} | reachable(graph, room))
    }


def reachable(graph: Graph, room: str) -> set[str]:
    """Every room below one."""
    return graph[room].union(*(reachable(graph, below) for below in graph[room]))


def reduced(graph: Graph) -> Graph:
    """Only the arrows that follow from no others: what remains says the same order."""
    return {
        room: {
            name
            for name in needs
            if not any(name in reachable(graph, other) for other in needs - {name})
        }
        for room, needs in graph.items()
    }


def layers(graph: Graph) -> list[list[str]]:
    """Rooms by the longest way down from them; the first layer rests on nothing."""
    depth: dict[str, int] = {}

    def depth_of(room: str) -> int:
        if room not in depth:
            depth[room] = 1 + max(map(depth_of, graph[room]), default=-1)
        return depth[room]

    for room in graph:
        depth_of(room)
    return [
        [room for room in graph if depth[room] == level] for level in range(max(depth.values()) + 1)
    ]


def svg(names: Mapping[str, str]) -> str:
    """The picture: what imports stands above what it imports."""
    whole = imports(names)
    bottom = foundation(whole)
    graph = {room: needs - bottom for room, needs in whole.items() if room not in bottom}
    arrows = reduced(graph)
    rows = layers(graph)
    level = {room: number for number, row in enumerate(rows) for room in row}

    def longest_arrow_to(room: str) -> int:
        return max(
            (level[above] - level[room] for above in arrows if room in arrows[above]), default=0
        )

    width = max(map(len, rows)) * (WIDTH + GAP) + GAP + BEND
    height = (len(rows) + 1) * (HEIGHT + RISE)
    place = {}
    for number, row in enumerate(rows):
        start = (width - BEND - len(row) * (WIDTH + GAP) + GAP) / 2
        for i, room in enumerate(sorted(row, key=longest_arrow_to)):
            place[room] = (
                start + i * (WIDTH + GAP),
                height - (number + 2) * (HEIGHT + RISE) + RISE,
            )
    lines = [
        _arrow(place[room], place[below], level[room] - level[below])
        for room, needs in arrows.items()
        for below in sorted(needs)
    ]
    boxes = [_box(*place[room], WIDTH, room, names[room]) for room in graph]
    whole_width = width - BEND - 2 * GAP
    said = "every room may import these"
    boxes.append(
        _box(
            *(GAP, height - HEIGHT - RISE / 2, whole_width),
            *(", ".join(sorted(bottom)), said),
            size=12,
        )
    )
    return "\n".join([_head(width, height), *lines, *boxes, "</svg>", ""])


def _head(width: float, height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" font-family="sans-serif" text-anchor="middle">\n'
        "<title>The rooms of mlp_lab; an arrow points to what a room imports</title>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>\n'
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>'
    )


def _arrow(upper: tuple[float, float], lower: tuple[float, float], layers: int) -> str:
    """Straight down to the next layer; around what lies between to one that is farther."""
    x, y = upper[0] + WIDTH / 2, upper[1] + HEIGHT
    to_x, to_y = lower[0] + WIDTH / 2, lower[1]
    bend = (to_y - y) / 2
    path = f"M{x:g} {y:g}C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"
    if layers > 1:
        x, y, to_x = upper[0] + WIDTH, upper[1] + HEIGHT / 2, lower[0] + 0.85 * WIDTH
        out = max(x, to_x) + BEND
        path = f"M{x:g} {y:g}C{out:g} {y:g} {out:g} {to_y - RISE:g} {to_x:g} {to_y:g}"
    return f'<path d="{path}" fill="none" stroke="#99a" marker-end="url(#tip)"/>'


def _box(x: float, y: float, width: float, name: str, about: str, *, size: int = 15) -> str:
    middle = x + width / 2
    return (
        f'<g><title>{escape(about)}</title><rect x="{x:g}" y="{y:g}" width="{width:g}"'
        f' height="{HEIGHT}" rx="6" fill="#eef3fb" stroke="#447"/>'
        f'<text x="{middle:g}" y="{y + HEIGHT / 2 + 5:g}" font-size="{size}">'
        f"{escape(name)}</text></g>"
    )


def main() -> None:
    """Draw the picture, or hold it against the imports."""
    names = rooms()
    picture = svg(names)
    if sys.argv[1:] == ["--check"]:
        sys.exit(picture != PICTURE.read_text(encoding="utf-8"))
    PICTURE.write_text(picture, encoding="utf-8")
    print(PICTURE.relative_to(ROOT))


if __name__ == "__main__":
    main()
