"""What the house asks of its source: a sentence on each module, short functions, pure rules, services that are told."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.check.tree import files

FLOORS = ("portal", "forms", "workflows", "migrations", "bench", "tools", "tests")
LONGEST_FUNCTION = 60
LONGEST_FILE = 350

# Rules are handed the day and the moment; what asks for them, or draws lots, gives another answer each time.
CLOCK = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
IMPURE = {
    "asyncio", "http", "multiprocessing", "random", "secrets", "shelve", "signal", "smtplib", "socket", "sqlite3",
    "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip


def modules(root: Path) -> Iterator[tuple[str, ast.Module]]:
    """Every module of ours, by its name in the tree and parsed."""
    for path in files(root):
        name = path.relative_to(root).as_posix()
        if path.suffix == ".py" and (name.split("/")[0] in FLOORS or name == "wsgi.py"):
            yield name, ast.parse(path.read_text(encoding="utf-8"), name)


def problems(root: Path) -> list[str]:
    """One sentence for each place that breaks a rule of the house."""
    return [sentence for name, tree in modules(root) for sentence in in_module(name, tree)]


def in_module(name: str, tree: ast.Module) -> list[str]:
    """What is wrong with one module; `name` is its path in the tree, which says on which floor it lies."""
    found = []
    if not name.startswith("migrations/versions/"):
        found += _docstring(name, tree)
        found += [] if name.startswith("tests/data/") else _long_functions(name, tree)  # tables of data, not steps
    if name.startswith("workflows/"):
        found += _foreign_imports(name, tree) + _asks_clock(name, tree)
    if name.startswith(("portal/services/", "portal/standing/")):
        found += _asks_clock(name, tree) + _commits(name, tree)
    return found


def advice(root: Path) -> list[str]:
    """Files that have grown long: worth a look, not an error."""
    found = []
    for path in files(root):
        name = path.relative_to(root).as_posix()
        if path.suffix == ".py" and not name.startswith("migrations/versions/"):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LONGEST_FILE:
                found.append(f"{name} has {lines} lines; a room of {LONGEST_FILE} is the aim.")
    return found


def _docstring(name: str, tree: ast.Module) -> list[str]:
    if not tree.body and name.endswith("__init__.py"):
        return [f"{name} is empty; one sentence says what is in the room."]
    return [] if ast.get_docstring(tree) else [f"{name} has no docstring; one sentence says what is in the room."]


def _long_functions(name: str, tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                found.append(f"{name}:{node.lineno} {node.name}() has {lines} lines; {LONGEST_FUNCTION} at most.")
    return found


def _foreign_imports(name: str, tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported = [node.module or ""]
        else:
            continue
        for module in imported:
            top = module.split(".")[0]
            if top not in sys.stdlib_module_names and top != "workflows":
                found.append(f"{name}:{node.lineno} imports {module}; the rules know the standard library only.")
            elif top in IMPURE:
                found.append(f"{name}:{node.lineno} imports {module}; the rules have no clock, chance or world.")
    return found


def _asks_clock(name: str, tree: ast.Module) -> list[str]:
    return [
        f"{name}:{node.lineno} asks for the time; it is handed `now` or `on` instead."
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in CLOCK
        )
        or (isinstance(node, ast.Name) and node.id == "utc_now")
    ]


def _commits(name: str, tree: ast.Module) -> list[str]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    ends = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in ("commit", "rollback")]
    return [f"{name}:{call.lineno} ends a transaction; whoever called it does." for call in ends]
