"""The one gate of area scope: SQL conditions that every list starts from. No scope means no rows."""

from collections.abc import Callable
from datetime import datetime

from domain.access.actor import Actor
from domain.access.permissions import Permission
from domain.rulebook import Rulebook, rulebook


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


def figure_of_place(where: Where, column: str, figure: Callable[[Rulebook], int]) -> str:
    """SQL for a number of the rules in force at a place; `column` is its area path."""
    book = rulebook()
    inner = sorted(book.overlays.items(), key=lambda one: -len(one[0]))  # the nearest area's own rules first
    base = f"{where.bind(figure(book))}::int"
    if all(figure(rules) == figure(book) for _, rules in inner):
        return base
    cases = [
        f"WHEN strpos({column} || '.', {where.bind(f'.{area}.')}) > 0 THEN {where.bind(figure(rules))}::int"
        for area, rules in inner
    ]
    return f"CASE {' '.join(cases)} ELSE {base} END"


def days_before(where: Where, column: str, at: datetime, days: Callable[[Rulebook], int]) -> str:
    """SQL for the instant so many days of 24 hours before `at`, by the rules in force at a place."""
    return f"{where.bind(at)}::timestamptz - {figure_of_place(where, column, days)} * INTERVAL '24 hours'"
