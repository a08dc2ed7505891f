"""What differs between the rows of a profile and the rows that the database holds, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One row that differs; `cells` are the differing columns with their value before and after."""

    kind: Literal["new", "changed", "ended", "kept"]
    code: str
    name: str
    cells: Mapping[str, tuple[Any, Any]]


def compare(wanted: Mapping[str, Row], held: Mapping[str, Row], ends: Mapping[str, Any]) -> list[Change]:
    """Return what makes the held rows the wanted ones; a row that ended gets the values of `ends`, it never goes.

    Both are rows by code with a `name`; only the columns of the wanted row are compared. A row that already bears
    the values of `ends` and is not wanted is no difference. Where nothing marks an end (`ends` is empty), a row that
    is not wanted is `kept`: to be seen, with nothing to write.
    """
    found = []
    for code, row in wanted.items():
        before = held.get(code)
        if before is None:
            found.append(Change("new", code, row["name"], {key: (None, value) for key, value in row.items()}))
        elif cells := _differing(before, row):
            found.append(Change("changed", code, row["name"], cells))
    for code in sorted(held.keys() - wanted.keys()):
        cells = _differing(held[code], ends)
        if cells or not ends:
            found.append(Change("ended" if ends else "kept", code, held[code]["name"], cells))
    return found


def _differing(before: Row, after: Row) -> dict[str, tuple[Any, Any]]:
    return {key: (before.get(key), value) for key, value in after.items() if before.get(key) != value}
