"""`make coverage-table`: every mechanism of docs/mechanisms.md with the tests that prove it.

    python -m tools.coverage_table              a table for the terminal
    python -m tools.coverage_table --markdown   the same as Markdown, with the names of the tests
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.marks import TESTS, MarkedTest, MarkNotLiteral, marked_tests

MECHANISMS = Path(__file__).parent.parent / "docs" / "mechanisms.md"
_ROW = re.compile(r"^\| (\d{3}-\d{2}) \| (.+) \|$", re.MULTILINE)
_Proofs = Mapping[str, Sequence[MarkedTest]]


class UnknownMechanism(Exception):
    """A test names a mechanism that docs/mechanisms.md does not have."""


def mechanisms(page: Path = MECHANISMS) -> dict[str, str]:
    """Identifier → phrase of every mechanism on the page."""
    return dict(_ROW.findall(page.read_text(encoding="utf-8")))


def proofs(known: Mapping[str, str], folder: Path = TESTS) -> dict[str, list[MarkedTest]]:
    """Identifier → the tests that are marked with it; raises UnknownMechanism, MarkNotLiteral."""
    found: dict[str, list[MarkedTest]] = defaultdict(list)
    for test in marked_tests(folder):
        for identifier in test.mechanisms:
            if identifier not in known:
                raise UnknownMechanism(f"{test.file}::{test.name}: docs/mechanisms.md has no {identifier}")
            found[identifier].append(test)
    return dict(found)


def totals(known: Mapping[str, str], found: _Proofs) -> list[tuple[str, int, int]]:
    """(source, mechanisms, proven) of each source document, and of all."""
    sources = sorted({identifier[:3] for identifier in known})
    groups = [(source, [i for i in known if i.startswith(source)]) for source in sources]
    groups.append(("all", list(known)))
    return [(name, len(group), sum(i in found for i in group)) for name, group in groups]


def markdown(known: Mapping[str, str], found: _Proofs) -> str:
    """The table as Markdown."""
    lines = ["| ID | 原文 | tests | proven |", "|---|---|---|---|"]
    for identifier, phrase in known.items():
        tests = found.get(identifier, ())
        names = "<br>".join(f"`{test.file}::{test.name}`" for test in tests)
        lines.append(f"| {identifier} | {phrase} | {names} | {'yes' if tests else 'no'} |")
    lines += ["", "| source | mechanisms | proven |", "|---|---|---|"]
    lines += [f"| {name} | {count} | {proven} |" for name, count, proven in totals(known, found)]
    return "\n".join(lines)


def show(known: Mapping[str, str], found: _Proofs, console: Console) -> None:
    """The table for the terminal."""
    table = Table("ID", "原文", "tests", "proven", row_styles=["", "dim"])
    for identifier, phrase in known.items():
        tests = len(found.get(identifier, ()))
        table.add_row(identifier, phrase, str(tests), "[green]yes[/]" if tests else "[red]no[/]")
    console.print(table)
    for name, count, proven in totals(known, found):
        console.print(f"{name}: {proven} of {count} proven")


def main() -> None:
    """Print the table; exit code 1 when a mark names an unknown mechanism."""
    parser = argparse.ArgumentParser(description="The mechanisms and the tests that prove them.")
    parser.add_argument("--markdown", action="store_true", help="print Markdown with the names of the tests")
    arguments = parser.parse_args()
    known = mechanisms()
    try:
        found = proofs(known)
    except (UnknownMechanism, MarkNotLiteral) as error:
        sys.exit(str(error))
    if arguments.markdown:
        print(markdown(known, found))
    else:
        show(known, found, Console())


if __name__ == "__main__":
    main()
