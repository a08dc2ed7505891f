"""Reads the marks `@pytest.mark.mechanism("000-13", …)` from the sources of the tests, without importing them."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
_NOT_RUN = frozenset({"skip", "xfail"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class MarkNotLiteral(Exception):
    """A mark whose identifiers are no plain strings: this table could not read it."""


@dataclass(frozen=True)
class MarkedTest:
    """One test function and the mechanisms that it says to prove."""

    file: str
    name: str
    mechanisms: tuple[str, ...]


def marked_tests(folder: Path = TESTS) -> list[MarkedTest]:
    """Every marked test under a folder, except those that are never run; raises MarkNotLiteral."""
    found = []
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        shared = [node.value for node in tree.body if _is_pytestmark(node)]  # type: ignore[attr-defined]
        file = path.relative_to(folder.parent).as_posix()
        found += [MarkedTest(file, name, ids) for name, ids in _functions(tree.body, shared, file)]
    return found


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(ast.unparse(target) == "pytestmark" for target in node.targets)


def _functions(body: Iterable[ast.stmt], shared: list[ast.expr], file: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _functions(node.body, [*shared, *node.decorator_list], file)
        elif isinstance(node, _Function) and node.name.startswith("test_"):
            marks = [*shared, *node.decorator_list]
            ids = tuple(dict.fromkeys(_identifiers(marks, f"{file}::{node.name}")))
            if ids and not any(_mark_name(mark) in _NOT_RUN for mark in node.decorator_list):
                yield node.name, ids


def _identifiers(marks: Iterable[ast.expr], place: str) -> Iterator[str]:
    calls = (node for mark in marks for node in ast.walk(mark) if isinstance(node, ast.Call))
    for call in calls:
        if _mark_name(call) != "mechanism":
            continue
        for argument in call.args:
            if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                raise MarkNotLiteral(f"{place}: write the identifiers of mechanism(…) as plain strings")
            yield argument.value


def _mark_name(node: ast.expr) -> str:
    """`mechanism` of `pytest.mark.mechanism(…)` or `pytest.mark.mechanism`."""
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Attribute) and ast.unparse(function.value).endswith("mark"):
        return function.attr
    return ""
