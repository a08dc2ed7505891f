"""Which village a row means: always a 12-digit code; a name counts only where the county has it once."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

_CODE = re.compile(r"\d{12}")
_KIND = re.compile(r"(?<=.)(村民委员会|居民委员会|村委会|居委会|社区|村)+$")
_TOWN_KIND = re.compile(r"(?<=.)(街道办事处|街道|乡|镇)$")
# the same sound and place written two ways in official lists: 冈面乡 and 岗面乡
_SAME_CHARACTER = str.maketrans({"岗": "冈"})


@dataclass(frozen=True, slots=True)
class Village:
    """A village as the register of areas names it, and its town."""

    name: str
    town: str


class NoSuchVillage(Exception):
    """The row names no village, an unknown one, or one of several."""

    def __init__(self, message_zh: str, *, by_code: bool) -> None:
        super().__init__(message_zh)
        self.message_zh = message_zh
        self.by_code = by_code


class Gazetteer:
    """Finds villages by code or by name; built once for a file."""

    def __init__(self, villages: Mapping[str, Village]) -> None:
        self._villages = villages
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for code, village in villages.items():
            self._by_name[_folded(village.name)].append(code)
            self._by_stem[_stem(village.name)].append(code)

    def resolve(self, code: str, name: str, town: str) -> str:
        """The 12-digit code of the village that a row means; NoSuchVillage with what to correct."""
        return self._by_given_code(code, name) if code else self._by_given_name(name, town)

    def _by_given_code(self, code: str, name: str) -> str:
        if not _CODE.fullmatch(code):
            raise NoSuchVillage("村编码应为 12 位数字", by_code=True)
        village = self._villages.get(code)
        if village is None:
            raise NoSuchVillage("本县没有这个村编码", by_code=True)
        if name and not _may_be_called(village, name):
            raise NoSuchVillage(f"村编码与村名不一致:这个编码是{village.town}{village.name}", by_code=True)
        return code

    def _by_given_name(self, name: str, town: str) -> str:
        if not name:
            raise NoSuchVillage("没有填写村编码", by_code=True)
        codes = self._by_name.get(_folded(name)) or self._by_stem.get(_stem(name), [])
        if not codes:
            codes = [
                code for code in self._by_stem.get(_stem(_after_town(name)), []) if self._opens(code, name)
            ]
        if town:
            codes = [code for code in codes if _town_stem(self._villages[code].town) == _town_stem(town)]
        if not codes:
            raise NoSuchVillage("本县没有这个村,请核对村名或填写 12 位村编码", by_code=False)
        if len(codes) > 1:
            towns = "、".join(self._villages[code].town + self._villages[code].name for code in codes)
            raise NoSuchVillage(f"本县有 {len(codes)} 个同名的村({towns}),请填写 12 位村编码", by_code=False)
        return codes[0]

    def _opens(self, code: str, name: str) -> bool:
        return _folded(name).startswith(_folded(self._villages[code].town))


def _may_be_called(village: Village, name: str) -> bool:
    return _stem(village.name) in (_stem(name), _stem(_after_town(name)))


def _folded(name: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name)).translate(_SAME_CHARACTER)


def _stem(name: str) -> str:
    return _KIND.sub("", _folded(name))


def _town_stem(town: str) -> str:
    return _TOWN_KIND.sub("", _folded(town))


def _after_town(name: str) -> str:
    return re.sub(r"^.{1,6}?(街道|镇|乡)", "", _folded(name))
