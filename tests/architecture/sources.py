"""The project's own files as the architecture tests see them."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOORS = ("miniprogram_api", "grid_api", "desk_api", "open_api")
PRODUCT = ("server", *DOORS, "web", "domain", "qr", "config")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file."""

    name: str  # from the root, with slashes
    text: str

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def tree(self) -> ast.Module:
        return _parse(self.text)

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree()) if isinstance(node, Function))

    def calls(self) -> Iterator[tuple[int, str]]:
        """Line and dotted name of everything that is called."""
        for node in ast.walk(self.tree()):
            if isinstance(node, ast.Call):
                yield node.lineno, ast.unparse(node.func)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and module of everything that is imported, wherever in the file."""
        for node in ast.walk(self.tree()):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, item.name) for item in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.lineno, node.module or ""

    def names(self) -> Iterator[tuple[int, str]]:
        """Line and dotted name of every name that is read."""
        for node in ast.walk(self.tree()):
            if isinstance(node, ast.Name | ast.Attribute):
                yield node.lineno, ast.unparse(node)


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """The Python files of these folders (default: the product), without generated ones."""
    found = []
    for folder in folders or PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("server/migrations/"):
                found.append(Source(name, path.read_text(encoding="utf-8")))
    assert found, f"no source under {folders}"
    return tuple(found)


@cache
def tracked_files() -> tuple[Path, ...]:
    """What git would commit from here: tracked files and new ones that are not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))
