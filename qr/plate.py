"""What a plate says: plain data, so that who only orders plates does not load what draws them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WorkerCard:
    """What the back of a plate says about the grid worker; empty parts are left out."""

    name: str = ""
    post: str = ""
    phone: str = ""
    grid: str = ""


@dataclass(frozen=True, slots=True)
class PlateData:
    """Everything a plate shows; `url` is the whole address in its code."""

    url: str
    village: str
    plate_text: str
    serial: str
    hotline: str = ""
    domain: str = ""
    programme: str = "一户一码"
    card: WorkerCard = field(default_factory=WorkerCard)
