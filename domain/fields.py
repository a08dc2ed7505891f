"""Database fields that refuse what would become a wrong deadline later."""

from datetime import UTC, datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model


class InstantField(fields.DatetimeField[Any]):
    """An aware UTC instant (`timestamptz`); a naive datetime is refused, other zones are converted."""

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        """The instant in UTC, or an error for a naive one."""
        if value is not None and not isinstance(value, str) and value.tzinfo is None:
            raise ValueError(f"naive datetime for {self.model_field_name}")
        return value.astimezone(UTC) if isinstance(value, datetime) else super().to_db_value(value, instance)

    def to_python_value(self, value: Any) -> datetime | None:
        """The instant in UTC."""
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(f"naive datetime for {self.model_field_name}")
            return value.astimezone(UTC)
        return super().to_python_value(value)
