"""Staff door: needs of households that were referred (防返贫监测 and relief): acknowledged, then done."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from desk_api.schemas import Code, Words
from domain.access.permissions import Permission as P
from domain.households.naming import plate_text
from domain.households.queries import area_within
from domain.problems import GuardNotMet, invalid
from domain.text import clean_text
from domain.visits import referrals
from domain.visits.purposes import NEEDS
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local, masked_name, masked_phone


class ReferralList(Page, kw_only=True):
    """Which referrals."""

    state: Literal["made", "acknowledged", "done"] | None = None
    kind: Literal["poverty_return", "relief"] | None = None
    area: Code | None = None


class Acknowledgement(Strict):
    """Which department took it (mine, when none is named) and its own number."""

    department: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    receipt: Annotated[str, Meta(max_length=60)] = ""
    note: Annotated[str, Meta(max_length=500)] = ""


class Outcome(Strict):
    """What came of it."""

    note: Words


async def list_referrals(ask: Ask) -> dict[str, Any]:
    """Referrals in my areas, newest first (`GET /referrals`)."""
    query: ReferralList = ask.query
    path = (await area_within(ask.actor, P.REFERRAL_HANDLE, query.area)).path if query.area else None
    wanted = referrals.Wanted(query.state, query.kind, path)
    rows = await referrals.referral_rows(ask.actor, P.REFERRAL_HANDLE, wanted, query.before, query.limit)
    return paged(rows, query.limit, _shape)


async def acknowledge(ask: Ask) -> dict[str, Any]:
    """The department took it (`POST /referrals/{id}/acknowledgement`)."""
    body: Acknowledgement = ask.body
    referral_id = path_id(ask)
    receipt = referrals.Receipt(body.department, clean_text(body.receipt), clean_text(body.note))
    await referrals.acknowledge(ask.actor, referral_id, receipt)
    return _shape(await referrals.referral_row(referral_id))


async def finish(ask: Ask) -> dict[str, Any]:
    """What came of it (`POST /referrals/{id}/completion`)."""
    note, referral_id = clean_text(ask.body.note), path_id(ask)
    if not note:
        raise invalid("note", "请写明办理结果", "required")
    await referrals.finish(ask.actor, referral_id, note)
    return _shape(await referrals.referral_row(referral_id))


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "kind": {"code": row["kind"], "name": NEEDS.get(row["kind"], row["kind"])},
        "state": row["state"],
        "state_name": referrals.STATES[row["state"]],
        "household": {
            "id": row["household_id"], "plate_text": plate_text(row["group_name"], row["door_text"]),
            "head_name": masked_name(row["head_name"]), "phone": masked_phone(row["phone"]),
        },
        "village": row["village"],
        "grid": row["grid"],
        "department": {"id": row["department_id"], "name": row["unit"]} if row["department_id"] else None,
        "receipt": row["receipt"],
        "note": row["note"],
        **{name: local(row[name]) for name in ("made_at", "acknowledged_at", "done_at")},
    }  # fmt: skip


ROUTES = (
    Route(method="GET", path="/referrals", handler=list_referrals, gate=P.REFERRAL_HANDLE, query=ReferralList,
          reads=True, summary="住户需求转办"),
    Route(method="POST", path="/referrals/<id:str>/acknowledgement", handler=acknowledge, gate=P.REFERRAL_HANDLE,
          body=Acknowledgement, summary="部门受理转办", problems=(GuardNotMet,)),
    Route(method="POST", path="/referrals/<id:str>/completion", handler=finish, gate=P.REFERRAL_HANDLE, body=Outcome,
          summary="转办办理完毕", problems=(GuardNotMet,)),
)  # fmt: skip
