"""Whether a place is town or country: read from the code of its village in the statistical division list. Pure."""

from typing import Literal

Setting = Literal["urban", "rural"]
VILLAGE_DIGITS = 12


def setting(area_path: str) -> Setting | None:
    """The setting of a place by the last three digits of its village: 001–199 and 400–499 are residents' committees
    (统计用区划代码编制规则), the others villages; None where the place is a town or larger."""
    code = next((node for node in area_path.split(".") if len(node) == VILLAGE_DIGITS and node.isdigit()), "")
    if not code:
        return None
    number = int(code[-3:])
    return "urban" if number < 200 or 400 <= number < 500 else "rural"
