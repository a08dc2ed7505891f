"""Staff door: the household register. Names and phones are masked everywhere; opening them is an act of its own."""

from typing import Any

from desk_api import household_bodies as bodies
from desk_api.household_imports import attachment
from domain.access.permissions import Permission as P
from domain.households.actions import end_code, issue_code
from domain.households.naming import plate_text
from domain.households.queries import (
    HouseholdSearch,
    area_within,
    code_history,
    household_row,
    household_rows,
    locked_household,
    open_cases,
)
from domain.households.register import Entry, change_household, create_household, reveal_household
from domain.people import household_life as life
from domain.problems import ChangedMeanwhile, HouseholdEnded, HouseholdExists, NotFound, WeChatUnavailable
from qr.codes import KeyringInvalid, plate_url, reprinted
from web.bodies import Nothing
from web.code_images import PNG, Drawing, code_image
from web.paging import paged
from web.routes import Answer, Ask, Limit, Route, path_id
from web.shapes import local, masked_name, masked_phone


async def list_households(ask: Ask) -> dict[str, Any]:
    """A page of the register in my areas."""
    query: bodies.Households = ask.query
    code = query.grid or query.area
    area = await area_within(ask.actor, P.HOUSEHOLD_READ, code) if code else None
    search = HouseholdSearch(
        area_path=area.path if area else None, text=query.text.strip(), code_state=query.code_state, state=query.state,
        before=query.before, limit=query.limit,
    )  # fmt: skip
    return paged(await household_rows(ask.actor, P.HOUSEHOLD_READ, search), query.limit, household_shape)


async def show_household(ask: Ask) -> dict[str, Any]:
    """One household with the history of its codes and the number of its open cases."""
    row = await household_row(ask.actor, P.HOUSEHOLD_READ, path_id(ask))
    codes = [{**code, **{name: local(code[name]) for name in code if name.endswith("_at")}}
             for code in await code_history(row["id"])]  # fmt: skip
    return {**household_shape(row), "codes": codes, "open_cases": await open_cases(row["id"])}


async def reveal(ask: Ask) -> dict[str, Any]:
    """The head's name and phone, opened for a stated purpose; the journal keeps who and why."""
    household = await reveal_household(ask.actor, path_id(ask), ask.body.purpose)
    return {"id": household.id, "head_name": household.head_name, "phone": household.phone or None}


async def create(ask: Ask) -> dict[str, Any]:
    """Add one house to the register."""
    body: bodies.NewHousehold = ask.body
    entry = Entry(
        village_code=body.village_code, group=bodies.group(body.group), door_text=bodies.door(body.door_text),
        head_name=bodies.name(body.head_name), phone=bodies.phone(body.phone), external_no=body.external_no.strip(),
        grid_code=body.grid_code,
    )  # fmt: skip
    household = await create_household(ask.actor, entry)
    return await _shown(ask, household.id)


async def change(ask: Ask) -> dict[str, Any]:
    """Correct what is known of a house."""
    household_id = path_id(ask)
    await change_household(ask.actor, household_id, bodies.changes(ask.body), ask.body.version)
    return await _shown(ask, household_id)


async def act(ask: Ask) -> dict[str, Any]:
    """What happens to houses: emptied, lived in again, merged, split."""
    household_id, body = path_id(ask), ask.body
    if isinstance(body, bodies.Emptying):
        done = await life.empty_household(ask.actor, household_id, body.reason)
    elif isinstance(body, bodies.Occupation):
        name, phone = bodies.name(body.head_name), bodies.phone(body.phone)
        done = await life.occupy_household(ask.actor, household_id, name, phone)
    elif isinstance(body, bodies.Merge):
        done = await life.merge_households(ask.actor, household_id, body.into)
    else:
        part: bodies.Split = body
        parent = await household_row(ask.actor, P.HOUSEHOLD_WRITE, household_id)
        entry = Entry(
            village_code=parent["village_code"], group=bodies.group(part.group) or parent["group_name"],
            door_text=bodies.door(part.door_text), head_name=bodies.name(part.head_name),
            phone=bodies.phone(part.phone), external_no=part.external_no.strip(), grid_code=parent["grid_code"],
        )  # fmt: skip
        done = await life.split_household(ask.actor, household_id, entry, part.membership_ids)
    shown = await _shown(ask, done.household.id)
    return {**shown, "code": done.code, "memberships": done.memberships, "open_cases": done.open_cases}


async def move(ask: Ask) -> dict[str, Any]:
    """A grid redrawn: houses with their codes and bindings go to another grid of their village."""
    moved = await life.move_households(ask.actor, ask.body.household_ids, ask.body.grid_code)
    return {"moved": len(moved), "grid_code": ask.body.grid_code}


async def reissue(ask: Ask) -> dict[str, Any]:
    """A new code; the old plate answers "replaced" for ever. The plate is printed by a batch."""
    household = await locked_household(ask.actor, P.PLATE_REVOKE, path_id(ask))
    if household.state in ("merged", "demolished"):
        raise HouseholdEnded
    services = ask.app.services
    code = await issue_code(ask.actor, services.keyring, household)
    return {
        "household_id": household.id,
        "serial": household.serial,
        "code": code.text,
        "url": plate_url(services.settings.public_url, code),
        "state": "printed",
    }


async def show_code_image(ask: Ask) -> Answer:
    """The mini-program code of a live plate for posters, drawn by WeChat once and kept."""
    row = await household_row(ask.actor, P.PLATE_PRINT, path_id(ask))
    if row["code_id"] is None:
        raise NotFound
    services = ask.app.services
    page = services.profile.for_area(row["area_path"]).plates.page
    try:
        code = reprinted(services.keyring, row["kid"], bytes(row["code_id"]))
    except KeyringInvalid:
        raise NotFound from None
    image = await code_image(services.wechat, services.files, services.store, Drawing(code.text, page))
    kind = "png" if image.startswith(PNG) else "jpg"
    headers = {**attachment(f"miniprogram-{row['serial']}.{kind}"), "Cache-Control": "private, no-store"}
    return Answer(raw=image, headers=headers, content_type="image/png" if kind == "png" else "image/jpeg")


async def revoke(ask: Ask) -> dict[str, Any]:
    """End the live code of a household for ever."""
    household = await locked_household(ask.actor, P.PLATE_REVOKE, path_id(ask))
    ended = await end_code(household, ask.body.reason)
    return {"household_id": household.id, "state": ended.state, "ended_at": local(ended.ended_at)}


async def _shown(ask: Ask, household_id: Any) -> dict[str, Any]:
    return household_shape(await household_row(ask.actor, P.HOUSEHOLD_WRITE, household_id))


def household_shape(row: dict[str, Any]) -> dict[str, Any]:
    """A household as the desk sees it."""
    return {
        "id": row["id"],
        "serial": row["serial"],
        "town": row["town_name"],
        "village_code": row["village_code"],
        "village": row["village_name"],
        "grid_code": row["grid_code"],
        "grid": row["grid_name"],
        "group": row["group_name"],
        "door": row["door_text"],
        "plate_text": plate_text(row["group_name"], row["door_text"]),
        "external_no": row["external_no"] or None,
        "head_name_masked": masked_name(row["head_name"]) or None,
        "phone_masked": masked_phone(row["phone"]) if row["phone"] else None,
        "state": row["state"],
        "version": row["version"],
        "merged_into": row["merged_into"],
        "code_state": row["code_state"] or "none",
        "printed_at": local(row["printed_at"]),
        "activated_at": local(row["activated_at"]),
        "changed_at": local(row["changed_at"]),
    }


_CHANGED = (HouseholdExists, HouseholdEnded)
ROUTES = [
    Route(method="GET", path="/households", handler=list_households, gate=P.HOUSEHOLD_READ, query=bodies.Households,
          reads=True, summary="户籍登记册"),
    Route(method="POST", path="/households", handler=create, gate=P.HOUSEHOLD_WRITE, body=bodies.NewHousehold,
          status=201, summary="登记一户", problems=(HouseholdExists,)),
    Route(method="POST", path="/households/moves", handler=move, gate=P.HOUSEHOLD_WRITE, body=bodies.Moves,
          summary="调整网格", problems=_CHANGED),
    Route(method="GET", path="/households/<id:str>", handler=show_household, gate=P.HOUSEHOLD_READ, reads=True,
          summary="一户的情况"),
    Route(method="PATCH", path="/households/<id:str>", handler=change, gate=P.HOUSEHOLD_WRITE, body=bodies.Changes,
          summary="修改一户", problems=(*_CHANGED, ChangedMeanwhile)),
    Route(method="POST", path="/households/<id:str>/reveal", handler=reveal, gate=P.HOUSEHOLD_WRITE, body=bodies.Reveal,
          replay=False, summary="查看户主姓名和电话(留痕)"),
    Route(method="POST", path="/households/<id:str>/code", handler=reissue, gate=P.PLATE_REVOKE, body=Nothing,
          status=201, summary="换发门牌码", problems=(HouseholdEnded,)),
    Route(method="GET", path="/households/<id:str>/miniprogram-code", handler=show_code_image, gate=P.PLATE_PRINT,
          reads=True, content_type="image/jpeg", limit=(Limit("miniprogram-code", 120, 60, per="caller"),),
          summary="海报用的小程序码", problems=(WeChatUnavailable,)),
    Route(method="DELETE", path="/households/<id:str>/code", handler=revoke, gate=P.PLATE_REVOKE, body=bodies.EndCode,
          summary="注销或挂失门牌码"),
    Route(method="POST", path="/households/<id:str>/<action:str>", handler=act, gate=P.HOUSEHOLD_WRITE,
          body=bodies.ACTIONS, summary="户的变化", problems=_CHANGED),
]  # fmt: skip
