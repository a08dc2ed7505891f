"""What every refusal is, and the list of all."""

from typing import Any, ClassVar


class Problem(Exception):
    """An expected refusal with a code that programs may rely on."""

    code: ClassVar[str] = ""
    status: ClassVar[int] = 400
    title: ClassVar[str] = ""
    detail: ClassVar[str] = ""
    advice: ClassVar[str] = ""
    field: ClassVar[str] = ""  # of the body, where only one can be meant

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.code)

    @property
    def text(self) -> str:
        """The detail sentence with its named values filled in."""
        return (self.detail or self.title).format_map(_Lenient(self.details))

    @property
    def errors(self) -> list[dict[str, str]]:
        """What is wrong with which field, for each 422; one for the whole where nobody said more."""
        field = self.details.get("field", self.field)
        return self.details.get("errors") or [{"field": field, "code": self.code, "message": self.text}]


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def catalogue() -> list[type[Problem]]:
    """Every problem class, sorted by code."""
    found: set[type[Problem]] = set()
    waiting = [Problem]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            found.add(kind)
            waiting.append(kind)
    return sorted((kind for kind in found if kind.code), key=lambda kind: kind.code)
