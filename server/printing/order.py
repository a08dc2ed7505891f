"""What the server tells its printing child, and what the child answers, line by line as JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from qr.plate import PlateData

ORDER, PLATES, OUTPUT, INDEX_CSV, INDEX_XLSX = "order.json", "plates.jsonl", "output", "index.csv", "index.xlsx"


class Dress(msgspec.Struct, frozen=True):
    """What a deployment adds to a layout: its colour, its emblem, fonts for characters that Noto lacks (files)."""

    accent: str = ""
    emblem: str = ""
    rare_fonts: tuple[str, ...] = ()


class Order(msgspec.Struct, frozen=True):
    """One file to print."""

    layout: str
    format: str  # pdf | zip | svg
    count: int
    duplex: bool = False
    processes: int = 1
    dress: Dress = Dress()


class Sample(msgspec.Struct, frozen=True):
    """Codes looked for on rasterised pages, as they are or worn: `again` of them read only at a second look."""

    wear: str
    expected: int
    read: int
    again: int
    unread: list[str]


class Printed(msgspec.Struct, frozen=True):
    """The report of a finished file."""

    plates: int
    pages: int
    size: int
    sha256: str
    read_back: int
    unread: list[str]
    missing: dict[str, int]
    cramped: list[str]
    samples: list[Sample]


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the child: progress, the report, or why the layout was refused."""

    done: int = 0
    printed: Printed | None = None
    refused: str = ""


def spool(path: Path, plates: Iterator[PlateData]) -> int:
    """Write plates, one a line; how many."""
    count = 0
    encoder = msgspec.json.Encoder()
    with path.open("wb") as out:
        for plate in plates:
            count += 1
            out.write(encoder.encode(plate) + b"\n")
    return count


def spooled(path: Path) -> Iterator[PlateData]:
    """Read the plates again, one at a time."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(PlateData)
    with path.open("rb") as lines:
        for line in lines:
            yield decoder.decode(line)
