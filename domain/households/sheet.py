"""A village secretary's list of households, read into rows to trust and errors to correct."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.households import cell_rules
from domain.households.columns import (
    COLUMNS,
    DOOR,
    EXTERNAL_NO,
    GRID,
    GROUP,
    HEAD,
    MAX_ROWS,
    PHONE,
    TOWN,
    VILLAGE_CODE,
    VILLAGE_NAME,
)
from domain.households.places import Gazetteer, NoSuchVillage, Village
from domain.sheets.reading import Entry, Sheet, read_list


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """A faultless row; `row` is its number in Excel, `group` may be empty."""

    row: int
    village_code: str
    group: str
    door_text: str
    head_name: str
    phone: str | None
    external_no: str | None
    grid_code: str | None


def read(data: bytes, filename: str, villages: Mapping[str, Village]) -> Sheet[HouseholdRow]:
    """Read an xlsx or csv against the villages by code; SheetRefused when the file as a whole is unusable."""
    gazetteer, repeats = Gazetteer(villages), _Repeats()

    def judged(entry: Entry) -> HouseholdRow:
        row = _household(entry, gazetteer)
        if not entry.errors:
            repeats.note(entry, row)
        return row

    return read_list(data, filename, COLUMNS, MAX_ROWS, judged)


def _household(entry: Entry, gazetteer: Gazetteer) -> HouseholdRow:
    village_code = _village(entry, gazetteer)
    return HouseholdRow(
        row=entry.number,
        village_code=village_code,
        group=entry.take(GROUP, cell_rules.group, ""),
        door_text=entry.take(DOOR, lambda text: cell_rules.required(text, 80), ""),
        head_name=entry.take(HEAD, lambda text: cell_rules.required(text, 60), ""),
        phone=entry.take(PHONE, cell_rules.phone, None),
        external_no=entry.take(EXTERNAL_NO, lambda text: cell_rules.code(text, 40), "") or None,
        grid_code=entry.take(GRID, lambda text: cell_rules.grid(text, village_code), None),
    )


def _village(entry: Entry, gazetteer: Gazetteer) -> str:
    """The village of a row, of which nothing else was read yet; empty and an error where it is in doubt."""
    code = entry.take(VILLAGE_CODE, cell_rules.code, "")
    name = entry.take(VILLAGE_NAME, cell_rules.optional, "")
    town = entry.take(TOWN, cell_rules.optional, "")
    if entry.errors:
        return ""
    try:
        return gazetteer.resolve(code, name, town)
    except NoSuchVillage as error:
        entry.wrong(VILLAGE_CODE if error.by_code else VILLAGE_NAME, error.message_zh)
        return ""


class _Repeats:
    """Remembers in which row a household stood first."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, ...], int] = {}

    def note(self, entry: Entry, row: HouseholdRow) -> None:
        """An error for a row that repeats an earlier one by household number or by door."""
        door = "".join(row.door_text.split())
        keys: list[tuple[str, str, tuple[str, ...]]] = []
        if row.external_no:
            keys.append((EXTERNAL_NO, "同村同户编号", (row.village_code, row.external_no)))
        keys.append((DOOR, "同村同组同门牌", (row.village_code, row.group, door)))
        for column, what, key in keys:
            if key in self._first:
                entry.wrong(column, f"与第 {self._first[key]} 行重复({what})")
                return
        self._first.update((key, row.row) for _, _, key in keys)
