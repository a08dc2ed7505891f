"""The division list: villages and communities of a county, or of all counties of a city."""

from functools import cache
from pathlib import Path

import msgspec

from config.reading import Findings, Mistake, ProfileError, read_rows

DIVISIONS = Path(__file__).parent / "divisions"


class Division(msgspec.Struct, frozen=True):
    """One village or community of the statistical division list; `code` has 12 digits."""

    code: str
    name: str
    kind: str
    town_code: str
    town: str
    county_code: str
    county: str
    city_code: str
    city: str
    province: str

    @property
    def urban(self) -> bool:
        """Whether it is a residents' committee (居委会) and not a village (村委会)."""
        return self.kind == "居委会"


def load_divisions(area: str, folder: Path = DIVISIONS) -> list[Division]:
    """Return the villages of a county (6 digits) or city (4) in order of code (ProfileError: not shipped)."""
    return list(_divisions(area, folder))


@cache
def _divisions(area: str, folder: Path) -> tuple[Division, ...]:
    findings = Findings()
    paths = sorted(folder.glob(f"{area}*.csv")) if area.isdigit() else []
    rows = [row for path in paths for row in read_rows(path, path.name, Division, findings)]
    if not paths:
        findings.mistakes.append(Mistake(f"{area}.csv", 0, "文件不存在"))
    if findings.mistakes:
        raise ProfileError(findings.mistakes)
    return tuple(rows)
