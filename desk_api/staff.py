"""Staff door: the security administrator's accounts and roles."""

import secrets
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from desk_api.me import NewPassword
from desk_api.schemas import Code
from domain.access.actions import hash_password
from domain.access.permissions import ROLE_PERMISSIONS, UNIT_ROLES
from domain.access.permissions import Permission as P
from domain.access.queries import account, find_staff
from domain.entries import phone_of
from domain.people import staffing
from domain.problems import NameTaken, NotFound
from domain.text import clean_text
from web.bodies import Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id

Unit = Annotated[str, Meta(min_length=1, max_length=80)]


class StaffList(Page, kw_only=True):
    """Part of a login or a name."""

    text: Annotated[str, Meta(max_length=60)] = ""


class Given(Struct, forbid_unknown_fields=True, kw_only=True):
    """A role in an area; a unit role also names its unit unless the account's own is meant."""

    role: Code
    area: Code
    department: Unit | None = None


class Roles(Strict):
    """All roles that an account has from now on."""

    roles: Annotated[list[Given], Meta(min_length=1, max_length=30)]


class Account(Roles):
    """A new account; without a password one is made and told once."""

    login: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{2,39}$")]
    name: Annotated[str, Meta(min_length=1, max_length=30)]
    kind: Literal["staff", "worker"] = "staff"
    phone: Annotated[str, Meta(max_length=40)] = ""
    department: Unit | None = None
    password: NewPassword | None = None


class Reset(Strict):
    """The new first password, or none: then one is made and told once."""

    password: NewPassword | None = None


@dataclass(frozen=True)
class Secret:
    """A password with its hash; `told` only when it was made here."""

    hash: str
    told: str | None


async def make_secret(ask: Ask) -> Secret:
    """Hash the password outside the transaction."""
    made = None if ask.body.password else secrets.token_urlsafe(12)
    return Secret(await hash_password(ask.body.password or made), made)


async def list_staff(ask: Ask) -> dict[str, Any]:
    """Accounts with a role in my areas (`GET /staff`)."""
    rows = await find_staff(ask.actor, clean_text(ask.query.text), ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, dict)


async def open_staff(ask: Ask) -> dict[str, Any]:
    """One account (`GET /staff/{id}`)."""
    found = await account(path_id(ask))
    held = ask.actor.areas(P.STAFF_MANAGE)
    if not await staffing.has_role_within(found["id"], held):
        raise NotFound
    return found


async def create_staff(ask: Ask) -> dict[str, Any]:
    """A new account with its roles (`POST /staff`)."""
    body: Account = ask.body
    phone = phone_of("phone", body.phone)
    new = staffing.NewAccount(
        body.login, clean_text(body.name), body.kind, phone, ask.prepared.hash, body.department, _given(body.roles)
    )
    staff = await staffing.create_account(ask.actor, new)
    return {**await account(staff.id), "password": ask.prepared.told}


async def put_roles(ask: Ask) -> dict[str, Any]:
    """Replace the roles; they act on the next request (`PUT /staff/{id}/roles`)."""
    staff = await staffing.set_roles(ask.actor, path_id(ask), _given(ask.body.roles))
    return await account(staff.id)


async def disable(ask: Ask) -> dict[str, Any]:
    """Disable an account; its sessions end at once (`POST /staff/{id}/disabling`)."""
    staff = await staffing.set_active(ask.actor, path_id(ask), active=False)
    return await account(staff.id)


async def enable(ask: Ask) -> dict[str, Any]:
    """Enable an account again (`POST /staff/{id}/enabling`)."""
    staff = await staffing.set_active(ask.actor, path_id(ask), active=True)
    return await account(staff.id)


async def reset(ask: Ask) -> dict[str, Any]:
    """A new first password (`POST /staff/{id}/password`)."""
    staff = await staffing.reset_password(ask.actor, path_id(ask), ask.prepared.hash)
    return {"id": staff.id, "password": ask.prepared.told}


async def list_roles(ask: Ask) -> dict[str, Any]:
    """Every role with its permissions (`GET /roles`)."""
    return {
        "items": [
            {"role": role, "permissions": sorted(ROLE_PERMISSIONS[role]), "of_unit": role in UNIT_ROLES}
            for role in sorted(staffing.ROLES)
        ]
    }


def _given(roles: list[Given]) -> list[staffing.RoleGiven]:
    return [staffing.RoleGiven(found.role, found.area, found.department) for found in roles]


_ADMIN: dict[str, Any] = {"gate": P.STAFF_MANAGE}

ROUTES = (
    Route(method="GET", path="/roles", handler=list_roles, reads=True, summary="岗位与权限", **_ADMIN),
    Route(method="GET", path="/staff", handler=list_staff, query=StaffList, reads=True, summary="人员列表", **_ADMIN),
    Route(method="GET", path="/staff/<id:str>", handler=open_staff, reads=True, summary="人员", **_ADMIN),
    Route(method="POST", path="/staff", handler=create_staff, prepare=make_secret, body=Account, status=201,
          replay=False, summary="新建账号", problems=(NameTaken,), **_ADMIN),
    Route(method="PUT", path="/staff/<id:str>/roles", handler=put_roles, body=Roles, summary="调整岗位", **_ADMIN),
    Route(method="POST", path="/staff/<id:str>/disabling", handler=disable, summary="停用账号", **_ADMIN),
    Route(method="POST", path="/staff/<id:str>/enabling", handler=enable, summary="恢复账号", **_ADMIN),
    Route(method="POST", path="/staff/<id:str>/password", handler=reset, prepare=make_secret, body=Reset, replay=False,
          summary="重置密码", **_ADMIN),
)  # fmt: skip
