"""How values look on the wire: Shanghai time with offset, masked phones and names."""

from datetime import datetime
from typing import Any

from domain.clock import SHANGHAI


def local(at: datetime | None) -> str | None:
    """An instant as RFC 3339 in Asia/Shanghai."""
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds") if at else None


def masked_phone(phone: str) -> str:
    """`138****5678`; a landline keeps its last four digits."""
    if len(phone) < 7:
        return "*" * len(phone)
    return f"{phone[:3]}****{phone[-4:]}"


_DOUBLE = ("欧阳", "司马", "上官", "诸葛", "司徒", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐", "长孙", "端木")


def masked_name(name: str) -> str:
    """The surname and two stars."""
    if not name:
        return ""
    return (name[:2] if name.startswith(_DOUBLE) and len(name) > 2 else name[:1]) + "**"


def clock_shape(row: dict[str, Any], level: str) -> dict[str, Any]:
    """One clock of a case as every door shows it."""
    return {
        "name": row["name"],
        "started_at": local(row["started_at"]),
        "due_at": local(row["due_at"]),
        "limit": row["limit_text"],
        "level": level,
        "stopped_at": local(row["stopped_at"]),
        "met": row["met"],
        "round": row["round"],
        "explanation": row["explanation"],
    }
