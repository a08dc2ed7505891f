"""Staff door: hand a grid over to another worker, load the boundaries of grids."""

from asyncio import to_thread
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, field

from domain.access.permissions import Permission as P
from domain.areas.boundaries import GridShape, import_shapes, read_features
from domain.problems import invalid
from domain.text import clean_text
from domain.workflow.handover import Handover, hand_over
from web.bodies import Strict
from web.routes import Ask, Route
from web.uploads import Upload

LARGEST = 5 * 1024 * 1024
MULTIPART_EXTRA = 64 * 1024


class Move(Strict):
    """To whom the grid goes, from whom where several share it, and why."""

    to: UUID
    giver: UUID | None = field(default=None, name="from")
    note: Annotated[str, Meta(max_length=300)] = ""


async def move_grid(ask: Ask) -> dict[str, Any]:
    """Duty, role, cases in hand and counts go to another worker (`POST /grids/{code}/handover`)."""
    body: Move = ask.body
    return await hand_over(ask.actor, Handover(ask.path["code"], body.to, body.giver, clean_text(body.note)))


async def read_shapes(ask: Ask) -> list[GridShape]:
    """Read and check the file outside the transaction, in a thread."""
    upload: Upload = ask.body
    if len(upload.data) > LARGEST:
        raise invalid("file", "文件超过 5 MB,请分乡镇导入")
    return await to_thread(read_features, upload.data, _datum(upload))


async def load_shapes(ask: Ask) -> dict[str, Any]:
    """Keep the boundaries of grids from a GeoJSON FeatureCollection (`POST /grids/geometry`); all or none."""
    datum = _datum(ask.body)
    return {"imported": await import_shapes(ask.actor, ask.prepared, datum), "datum": datum}


def _datum(upload: Upload) -> str:
    datum = upload.fields.get("datum", "").strip()
    if datum not in ("gcj02", "wgs84"):
        raise invalid("datum", "请指明坐标系:gcj02 或 wgs84", "required")
    return datum


ROUTES = (
    Route(method="POST", path="/grids/<code:str>/handover", handler=move_grid, gate=P.GRID_MANAGE, body=Move,
          summary="网格移交"),
    Route(method="POST", path="/grids/geometry", handler=load_shapes, prepare=read_shapes, gate=P.GRID_MANAGE,
          upload_bytes=LARGEST + MULTIPART_EXTRA, summary="导入网格边界(GeoJSON)"),
)  # fmt: skip
