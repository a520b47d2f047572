"""The way through the house: who may import whom, and what may be nowhere."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from lab import CONFIGS, ROOT

from mlp_lab.commands.composing import RESOLVERS

SOURCES = ROOT / "src"
PACKAGE = SOURCES / "mlp_lab"
MODULES = {
    ".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}

BOTTOM = {
    *("version", "formatting", "output", "errors", "program", "terminal", "drawing", "files"),
    *("memory", "stored", "plain", "side_by_side"),
}
"""Modules that every room may use."""

MAY_IMPORT = {
    "version": set(),
    "formatting": set(),
    "errors": {"formatting"},
    "output": {"formatting"},
    "program": {"errors", "output"},
    "terminal": {"formatting", "output", "program"},
    "files": {"errors"},
    "drawing": {"files", "formatting"},
    "memory": set(),
    "stored": {"errors"},
    "plain": {"errors", "formatting"},
    "side_by_side": {"errors"},
    "data": BOTTOM,
    "network": BOTTOM,
    "metrics": BOTTOM | {"data", "network"},
    "native": {"errors", "files"},
    "engine": {"formatting", "errors", "data", "network", "metrics", "native"},
    "tracking": BOTTOM | {"metrics", "engine"},
    "config": BOTTOM | {"data", "network", "native", "engine", "tracking"},
    "runs": BOTTOM | {"data", "network", "metrics", "engine", "tracking", "config"},
    "verdict": BOTTOM | {"data", "network", "metrics", "engine", "tracking", "config", "runs"},
    "export": BOTTOM | {"data", "network"},
    "predictor": BOTTOM | {"data", "network", "metrics", "runs", "export"},
    "serving": BOTTOM | {"data", "network", "metrics", "runs", "export", "predictor"},
    "report": BOTTOM | {"data", "network", "metrics", "engine", "tracking", "config", "runs"},
    "compare": BOTTOM | {"metrics", "tracking", "config", "runs", "report"},
    "sharing": BOTTOM
    | {"data", "metrics", "tracking", "config", "runs", "predictor", "report", "compare"},
    "sweep": BOTTOM
    | {"data", "network", "metrics", "engine", "tracking", "config", "runs"}
    | {"verdict", "report", "compare"},
    "trace": BOTTOM | {"data", "network", "engine", "config", "runs", "predictor"},
    "lessons": BOTTOM | {"data", "network", "metrics", "engine", "config", "runs", "sweep"},
    "play": BOTTOM
    | {"data", "network", "metrics", "engine", "tracking", "config", "runs", "verdict"}
    | {"serving", "report", "sweep", "trace"},
    "estimators": BOTTOM
    | {"data", "network", "metrics", "engine", "tracking", "config", "runs"}
    | {"verdict", "predictor", "report", "compare", "sweep", "trace", "lessons", "play"},
    "commands": BOTTOM
    | {"data", "network", "metrics", "tracking", "config", "runs", "verdict", "predictor"}
    | {
        "serving",
        "report",
        "compare",
        "sharing",
        "sweep",
        "trace",
        "lessons",
        "play",
        "estimators",
    },
    "": {"version", "predictor", "estimators", "network", "metrics"},
    "__main__": {"program", "commands"},
}
"""Room -> the rooms that it may import, itself aside; `` is `mlp_lab` itself."""

HEAVY = ("torch", "matplotlib", "pandas", "sklearn", "tensorboard", "rich", "jinja2")

HYDRA = (
    "mlp_lab.config.extra_folder",
    *(
        f"mlp_lab.config.{name}"
        for name in ("composition", "hydra_section", "known_composition", "messages", "overrides")
    ),
    *(f"mlp_lab.commands.{name}" for name in ("composing", "train")),
    *(
        f"mlp_lab.sweep.{name}"
        for name in (
            "command",
            "composing",
            "counting",
            "grid",
            "ranges",
            "resumed_command",
            "search",
        )
    ),
    "mlp_lab.lessons.bench",
)

ONLY_IN: dict[str, tuple[str, ...]] = {
    "hydra": HYDRA,
    "omegaconf": HYDRA,
    "torch.utils.tensorboard": ("mlp_lab.tracking.events",),
    "tensorboard": ("mlp_lab.tracking.events", "mlp_lab.commands.dashboard"),
    "matplotlib": (
        *("mlp_lab.report.learning_curve", "mlp_lab.report.figures", "mlp_lab.compare.figures"),
        *("mlp_lab.report.rate_curve", "mlp_lab.report.surface_figure"),
        *("mlp_lab.lessons.figures", "mlp_lab.drawing"),
        *(f"mlp_lab.estimators.{name}" for name in ("plotting", "base", "run", "sweep", "rates")),
        "mlp_lab.estimators.demonstrations",
    ),
    "jinja2": ("mlp_lab.report.html",),
    "rich": (
        *("mlp_lab.terminal", "mlp_lab.runs.console", "mlp_lab.compare.terminal"),
        *("mlp_lab.data.tables.printing", "mlp_lab.report.evaluation"),
    ),
    "pandas": (
        *(
            f"mlp_lab.data.tables.{name}"
            for name in (
                "table",
                "cells",
                "columns",
                "column_files",
                "damaged",
                "parquet_folders",
                "kinds",
                "dates",
                "answers",
                "numbers",
                "frames",
                "arrow",
                "excel",
                "spss",
            )
        ),
        *(f"mlp_lab.data.tables.{name}" for name in ("reading", "writing")),
        *(
            "mlp_lab.predictor",
            "mlp_lab.commands.pieces",
            "mlp_lab.commands.explain_file",
            "mlp_lab.serving.service",
            "mlp_lab.compare.table",
            "mlp_lab.commands.rate",
        ),
        "mlp_lab.lessons.tables",
        *(
            f"mlp_lab.estimators.{name}"
            for name in (
                *("base", "data", "demonstrations", "evaluating", "fitted", "frames", "inputs"),
                *("laboratory", "live", "rates", "run", "sweep"),
            )
        ),
    ),
    "pyarrow": ("mlp_lab.data.tables.arrow", "mlp_lab.data.tables.writing"),
    "sklearn": (
        "mlp_lab.runs.boosting",
        *(
            f"mlp_lab.estimators.{name}"
            for name in ("base", "classifier", "inputs", "parameters", "regressor", "search")
        ),
    ),
    "pickle": (),
    "marshal": (),
    "shelve": (),
    "joblib": ("mlp_lab.estimators.backend", "mlp_lab.estimators.search"),
    "dill": (),
    "cloudpickle": (),
    "submitit": ("mlp_lab.sweep.slurm",),
    "onnx": ("mlp_lab.export.graph",),
    "onnxruntime": (),
    **dict.fromkeys(("wandb", "trackio", "mlflow"), ("mlp_lab.sharing.trackers",)),
    "starlette": ("mlp_lab.serving.app", "mlp_lab.play.app"),
    "uvicorn": ("mlp_lab.serving.server", "mlp_lab.play.server"),
    "websockets": (),
    "anywidget": ("mlp_lab.play.widget",),
    "anyio": ("mlp_lab.serving.app",),
    "torch.export": ("mlp_lab.export.torch_program",),
    "torch.distributed": ("mlp_lab.engine.ranks",),
    "ray": ("mlp_lab.sweep.ray_queue",),
}
"""Library -> the modules that may import it."""

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {"torch.load", "torch.save", "yaml.load", "yaml.unsafe_load", "os.system"}


def part_of(module: str) -> str:
    """`network` for mlp_lab.network.mlp."""
    return [*module.split("."), ""][1]


def imports_of(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Every imported module, and whether it is imported when its importer is."""
    late = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.If)
        for inner in ast.walk(node)
        if isinstance(node, ast.FunctionDef) or ast.unparse(node.test) == "TYPE_CHECKING"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) not in late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            assert node.module is not None
            yield node.module, id(node) not in late
            # `from mlp_lab import saved` imports a module too.
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from ((name, id(node) not in late) for name in names if name in MODULES)


def is_of(module: str, library: str) -> bool:
    """Whether `module` is `library` or lies in it."""
    return module == library or module.startswith(f"{library}.")


each_module = pytest.mark.parametrize("module", MODULES)


def test_sources_are_found() -> None:
    """Else every rule would hold."""
    assert {"mlp_lab", "mlp_lab.commands.train", "mlp_lab.network.mlp"} <= MODULES.keys()
    assert {part_of(module) for module in MODULES} == MAY_IMPORT.keys()


@each_module
def test_imports_point_one_way(module: str) -> None:
    """Network and data know nothing above them."""
    here = part_of(module)
    allowed = MAY_IMPORT[here] | {here}
    for imported, _ in imports_of(TREES[module]):
        if is_of(imported, "mlp_lab") and imported != "mlp_lab":
            assert part_of(imported) in allowed, f"{module} imports {imported}"


GRAPH = {
    module: {name for name, _ in imports_of(TREES[module]) if name in MODULES} - {module}
    for module in MODULES
}
"""Module -> our own modules that it imports, be it in a function or for type checking."""


def reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """Everything that something rests on, itself only if it is in a cycle."""
    seen: set[str] = set()
    ahead = [*graph[start]]
    while ahead:
        here = ahead.pop()
        if here not in seen:
            seen.add(here)
            ahead += graph[here]
    return seen


def in_cycles(graph: Mapping[str, set[str]]) -> set[str]:
    """Everything that rests on itself."""
    return {name for name in graph if name in reachable(graph, name)}


def test_no_files_import_each_other() -> None:
    """No cycle of any kind: imports in functions and for type checking count."""
    assert in_cycles(GRAPH) == set()


def test_no_rooms_import_each_other() -> None:
    """As for files; the table of rooms is in order, each above those that it may import."""
    rooms: dict[str, set[str]] = {}
    for module, needs in GRAPH.items():
        here = part_of(module)
        rooms.setdefault(here, set()).update({part_of(name) for name in needs} - {here})
    assert in_cycles(rooms) == set()
    order = list(MAY_IMPORT)
    for room, may in MAY_IMPORT.items():
        assert all(order.index(name) < order.index(room) for name in may), room


MOST_LATE_IMPORTS = 41


def test_our_own_modules_are_imported_at_the_top() -> None:
    """But for a few that keep the start light; the linter wants a reason beside each."""
    late = [
        f"{path.relative_to(SOURCES)}:{inner.lineno}"
        for path in sorted(SOURCES.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.ImportFrom) and str(inner.module).startswith("mlp_lab")
    ]
    assert len(late) <= MOST_LATE_IMPORTS, late


def test_what_fit_needs() -> None:
    """The loop can be read, and used, without configuration, Hydra or a terminal.

    The one file that it writes is the compiled kernel.
    """
    needed = {name for name in needed_at_once("mlp_lab.engine.fit") if is_of(name, "mlp_lab")}
    assert {part_of(name) for name in needed & MODULES.keys()} <= {
        *("", "version", "errors", "formatting", "memory", "files"),
        *("data", "network", "metrics", "native", "engine"),
    }
    assert len(needed & MODULES.keys()) <= MOST_FILES_OF_FIT


MOST_FILES_OF_FIT = 52
"""Five of them only open a package; two thirds are the mathematics and the data's own classes."""


TESTS = ROOT / "tests"


@each_module
def test_tests_mirror_the_source(module: str) -> None:
    """tests/engine/test_stack.py for engine/stack.py, wherever there is a function or a class.

    But for `__init__` and `__main__`: doors that only pass on to a function with tests of its own.
    """
    path = MODULES[module]
    logic = [
        node for node in TREES[module].body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    if not logic or path.stem.startswith("__"):
        return
    mirrored = TESTS / path.relative_to(PACKAGE).with_name(f"test_{path.stem}.py")
    assert mirrored.is_file(), f"{module} has no {mirrored.relative_to(ROOT)}"


def test_every_test_file_has_a_source() -> None:
    """But for attacks, and those at the top: they hold whole commands and rules of all files."""
    for path in TESTS.rglob("*/test_*.py"):
        if path.parent.name == "attacks":
            continue
        source = PACKAGE / path.relative_to(TESTS).with_name(path.name.removeprefix("test_"))
        assert source.is_file(), f"{path.relative_to(ROOT)} tests no {source.relative_to(ROOT)}"


@each_module
def test_libraries_have_one_place(module: str) -> None:
    """Hydra ends at the config, TensorBoard is the tracker's, nothing unpickles."""
    for imported, _ in imports_of(TREES[module]):
        for library, places in ONLY_IN.items():
            if is_of(imported, library):
                assert module in places, f"{module} imports {imported}"


def needed_at_once(module: str) -> set[str]:
    """Everything that importing a module imports, our own modules' imports included."""
    seen: set[str] = set()
    ahead = [module]
    while ahead:
        here = ahead.pop()
        if here in seen:
            continue
        seen.add(here)
        if here in TREES:
            parents = [here.rsplit(".", n)[0] for n in range(1, here.count(".") + 1)]
            ahead += [*parents, *(name for name, at_once in imports_of(TREES[here]) if at_once)]
    return seen


@pytest.mark.parametrize(
    "module", ["mlp_lab", "mlp_lab.__main__", "mlp_lab.commands.main", "mlp_lab.commands.train"]
)
def test_starting_is_light(module: str) -> None:
    """A wrong setting is refused before slow libraries are imported."""
    slow = [name for name in needed_at_once(module) for heavy in HEAVY if is_of(name, heavy)]
    assert slow == []


@each_module
def test_nothing_is_executed_from_data(module: str) -> None:
    """A config or a run folder is data."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in FORBIDDEN_CALLS, ast.unparse(node)
            assert called not in FORBIDDEN_METHODS, ast.unparse(node)
            if called == "getattr":  # a name from a table or a checked choice, with no default
                assert len(node.args) == 2
    guards = module == "mlp_lab.config.hydra_section"  # and refuses what names anything else
    assert guards or "_target_" not in MODULES[module].read_text()


WRITING = {"write_text", "write_bytes", "savefig", "to_csv", "to_parquet", "FileHandler", "save"}
"""Methods that write a file, where their first argument is not one that is open already."""

OPENED = {"file", "self._file", "master", "state", "tensors", "{}", "figure", "program"}
"""First arguments of such calls that are open files, or of calls that return bytes."""


@each_module
def test_files_are_written_in_one_place(module: str) -> None:
    """By `files`, which follows no planted link."""
    if module == "mlp_lab.files":
        return
    for node in ast.walk(TREES[module]):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        first = ast.unparse(node.args[0]) if node.args else ""
        if name in WRITING and first and not ast.unparse(node.func).startswith("self."):
            assert first.partition("(")[0] in OPENED, ast.unparse(node)
        if name == "open":
            modes = [each for each in node.args if isinstance(each, ast.Constant)]
            assert not any(set("wax+") & set(str(each.value)) for each in modes), ast.unparse(node)
            if ast.unparse(node.func) == "os.open":
                assert module in ("mlp_lab.runs.lock", "mlp_lab.program", "mlp_lab.stored")


@pytest.mark.parametrize(
    "path", sorted(CONFIGS.rglob("*.yaml")), ids=lambda path: str(path.relative_to(CONFIGS))
)
def test_configs_are_data(path: Path) -> None:
    """No `_target_`, no Python tag; interpolations only call our resolvers."""
    text = path.read_text()
    assert not re.search(r"_target_|_partial_|_recursive_|!!python|oc\.env", text)
    yaml.safe_load(text)
    calls = re.findall(r"\$\{([\w.]+):", text)
    assert set(calls) <= RESOLVERS.keys()


def test_train_py_is_short() -> None:
    """A docstring, an import and a call."""
    source = (ROOT / "train.py").read_text()
    assert len(source.splitlines()) <= 12
    assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]


@each_module
def test_public_things_have_docstrings(module: str) -> None:
    """Modules, classes, functions, methods and properties whose name has no underscore."""
    tree = TREES[module]
    assert ast.get_docstring(tree)
    for owner in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]:
        for node in ast.iter_child_nodes(owner):
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{module}.{node.name}"


LONG = ("mlp_lab.estimators.parameters.__init__",)
"""scikit-learn wants a parameter for each setting, and each assigned."""


@each_module
def test_functions_fit_on_a_screen(module: str) -> None:
    """And files do not grow without end."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            name = f"{module}.{node.name}"
            assert name in LONG or node.end_lineno - node.lineno < 60, name
    assert len(MODULES[module].read_text().splitlines()) < 500
