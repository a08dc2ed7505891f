"""The one gate of area scope: SQL conditions that every list starts from. No scope means no rows."""

from domain.access.actor import Actor
from domain.access.permissions import Permission


class Where:
    """A growing `WHERE` of conditions with numbered parameters."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.values: list[object] = []

    def bind(self, value: object) -> str:
        """Add a parameter; its placeholder."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, condition: str, *values: object) -> None:
        """Add a condition whose `{}` stand for the values in order."""
        self.conditions.append(condition.format(*(self.bind(value) for value in values)))

    @property
    def sql(self) -> str:
        """The conditions joined by AND; `TRUE` when there are none."""
        return " AND ".join(f"({condition})" for condition in self.conditions) or "TRUE"


def area_condition(where: Where, column: str, paths: list[str]) -> str:
    """A condition that holds for rows whose area path lies in one of the subtrees; FALSE for no subtree."""
    parts = [
        f"{column} = {where.bind(path)} OR {column} LIKE {where.bind(like_below(path))}" for path in paths
    ]
    return " OR ".join(parts) or "FALSE"


def in_scope(where: Where, actor: Actor, permission: Permission, column: str) -> None:
    """Limit a query to the areas in which the actor holds a permission."""
    where.conditions.append(area_condition(where, column, actor.areas(permission)))


def like_below(path: str) -> str:
    """The LIKE pattern of everything below a path."""
    escaped = path.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped + ".%"
