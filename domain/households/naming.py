"""How a house is named: in full on its plate, masked for strangers, and as a key that sorts doors as one walks."""

import re
import unicodedata

_NUMERALS = "一二三四五六七八九"
_CHINESE = re.compile(rf"[{_NUMERALS}十百零〇]+(?=村民小组|小组|组|号|户|栋|幢|座|单元|楼|层|室)")
_NUMBER = re.compile(r"\d+")
# A group (3组) is no secret, what follows it is.
_DOOR_NUMBER = re.compile(r"\d+(?:[-—–之]\d+)*(?![\d-]*\s*(?:村民小组|小组|组))")
_CHINESE_DOOR = re.compile(rf"[{_NUMERALS}十百零〇]+(?=号|户|栋|幢|座|单元|楼|层|室)")
_HIDDEN = "**"


def route_key(group: str, door: str) -> str:
    """A text by which doors sort as one walks past them: group, street, then numbers by their value."""
    return _sortable(f"{group}|{door.removeprefix(group)}")[:200]


def plate_text(group: str, door: str) -> str:
    """What the plate says: the door, with the group before it unless the door names it already."""
    return door if not group or group in door else f"{group} {door}"


def masked_door(group: str, door: str) -> str:
    """What a stranger may read of a door: street and group, never the number; no number leaves one character."""
    text = unicodedata.normalize("NFKC", plate_text(group, door))
    hidden = _CHINESE_DOOR.sub(_HIDDEN, _DOOR_NUMBER.sub(_HIDDEN, text))
    if hidden != text:
        return hidden
    return f"{group} {_HIDDEN}".strip() if group else text[:1] + _HIDDEN


def door_key(village_code: str, group: str, door: str) -> str:
    """The identity of a house within its village, whatever blanks were typed."""
    return f"{village_code}:{group}:{''.join(door.split())}"


def _sortable(text: str) -> str:
    text = _CHINESE.sub(lambda found: str(_value(found[0])), unicodedata.normalize("NFKC", text))
    text = _NUMBER.sub(lambda found: found[0].lstrip("0").zfill(6), text)
    # A comma sorts before the hyphen, so 2号 comes before 2-1号.
    return text.replace(" ", "").replace("号", ",")


def _value(numeral: str) -> int:
    total, digit = 0, 0
    for character in numeral:
        if character in "十百":
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
        elif character in _NUMERALS:
            digit = _NUMERALS.index(character) + 1
    return total + digit
