"""Which grid a house belongs to when a list does not say: as its group's neighbours, else the village's first."""

from collections import defaultdict
from collections.abc import Iterable

from domain.areas.models import Area
from domain.journal.unit import Fact, record
from domain.sql import fetch


class NoSuchGrid(Exception):
    """The named grid is none of this village."""


class Grids:
    """The grids of some villages; a missing one that is named rightly is made."""

    def __init__(self, villages: Iterable[Area], grids: Iterable[Area], homes: dict[tuple[str, str], str]) -> None:
        self._villages = {village.code: village for village in villages}
        self._grids: dict[str, dict[str, Area]] = defaultdict(dict)
        for grid in grids:
            self._grids[grid.parent_code or ""][grid.code] = grid
        self._homes = homes
        self._made: list[Area] = []

    def choose(self, village_code: str, group: str, named: str | None) -> Area:
        """The grid of a house; raises NoSuchGrid for a named one that does not exist and cannot be made."""
        known = self._grids[village_code]
        if named:
            return known.get(named) or self._make(village_code, named)
        home = self._homes.get((village_code, group))
        if group and home in known:
            return known[home]
        named_alike = next((grid for grid in known.values() if group and group in grid.name), None)
        if named_alike:
            return named_alike
        return known[min(known)] if known else self._make(village_code, f"{village_code}001")

    def _make(self, village_code: str, code: str) -> Area:
        number = code.removeprefix(village_code)
        if len(number) != 3 or not number.isascii() or not number.isdecimal() or number == "000":
            raise NoSuchGrid
        village = self._villages[village_code]
        grid = Area(
            code=code, name=f"第{int(number)}网格", kind="grid", parent_code=village_code, path=f"{village.path}.{code}"
        )
        self._grids[village_code][code] = grid
        self._made.append(grid)
        return grid

    async def save(self) -> None:
        """Write the grids that were made."""
        if self._made:
            await Area.bulk_create(self._made, ignore_conflicts=True)
        for grid in self._made:
            record(Fact("grid.created", grid.parent_code or grid.code, data={"grid": grid.code}))
        self._made = []


async def grids_of_villages(codes: Iterable[str]) -> Grids:
    """The grids of these villages, and where the houses of each group stand so far."""
    wanted = sorted(set(codes))
    villages = await Area.filter(code__in=wanted)
    grids = await Area.filter(parent_code__in=wanted, kind="grid")
    rows = await fetch(
        "SELECT DISTINCT ON (village_code, group_name) village_code, group_name, grid_code FROM households"
        " WHERE village_code = ANY($1::text[]) AND state <> 'merged'"
        " GROUP BY village_code, group_name, grid_code ORDER BY village_code, group_name, count(*) DESC, grid_code",
        [wanted],
    )
    return Grids(villages, grids, {(r["village_code"], r["group_name"]): r["grid_code"] for r in rows})
