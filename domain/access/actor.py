"""Who is acting: plain values that the door resolves anew for each request, so a changed role acts on the next one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal
from uuid import UUID

from domain.access.permissions import ROLE_PERMISSIONS, UNIT_ROLES, Permission
from domain.problems import NotAllowed

ActorKind = Literal["resident", "guest", "lookup", "worker", "staff", "system", "anonymous"]


@dataclass(frozen=True)
class Grant:
    """A role held within an area subtree, for a department where the role belongs to one."""

    role: str
    area_path: str
    department_id: UUID | None = None


@dataclass(frozen=True)
class Actor:
    """The caller of an action or a query."""

    kind: ActorKind
    id: UUID | None = None
    name: str = ""
    grants: tuple[Grant, ...] = ()
    department_id: UUID | None = None
    session: bytes | None = None
    appeal_id: UUID | None = None
    extra: dict[str, str] = field(default_factory=dict, compare=False)

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """Every permission of every role held."""
        return frozenset().union(*(ROLE_PERMISSIONS.get(role, frozenset()) for role in self.roles))

    @cached_property
    def roles(self) -> frozenset[str]:
        """The names of the roles held."""
        return frozenset(grant.role for grant in self.grants)

    @property
    def label(self) -> str:
        """`kind:id`, as the journal keeps it; never a name."""
        return f"{self.kind}:{self.id}" if self.id else self.kind

    def may(self, permission: Permission, area_path: str | None = None) -> bool:
        """Whether any role grants this permission (in this area, when one is named)."""
        return permission in self.permissions if area_path is None else any(self.granting(permission, area_path))

    def require(self, permission: Permission, area_path: str | None = None) -> None:
        """Raise 403 unless a role grants this permission (in this area, when one is named)."""
        if not self.may(permission, area_path):
            raise NotAllowed

    def granting(self, permission: Permission, area_path: str | None = None) -> Iterable[Grant]:
        """The grants that carry a permission, limited to those whose subtree holds the area."""
        for grant in self.grants:
            if permission not in ROLE_PERMISSIONS.get(grant.role, frozenset()):
                continue
            if area_path is None or within(area_path, grant.area_path):
                yield grant

    def areas(self, permission: Permission, *, units: bool = True) -> list[str]:
        """The subtree paths in which a permission is held; empty means nowhere, never everywhere. Without `units`, the
        roles that see no more than their unit's cases do not count."""
        held = self.granting(permission)
        return sorted({grant.area_path for grant in held if units or grant.role not in UNIT_ROLES})

    @cached_property
    def units(self) -> frozenset[UUID]:
        """Departments for which a unit role is held."""
        return frozenset(g.department_id for g in self.grants if g.role in UNIT_ROLES and g.department_id)

    @cached_property
    def departments(self) -> frozenset[UUID]:
        """Every department the actor belongs to, for the conflict wall."""
        own = {grant.department_id for grant in self.grants if grant.department_id}
        return frozenset(own | ({self.department_id} if self.department_id else set()))


SYSTEM = Actor(kind="system")
ANONYMOUS = Actor(kind="anonymous")


def within(path: str, subtree: str) -> bool:
    """Whether an area path lies in a subtree (the subtree's own root included)."""
    return path == subtree or path.startswith(subtree + ".")
