from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField


class Area(Model):
    """A node of the area tree from province to grid; codes change yearly, so `path` tells the place, never the code."""

    code = fields.CharField(20, primary_key=True)
    name = fields.CharField(80)
    kind = fields.CharField(10)  # province | city | county | town | village | grid
    parent_code = fields.CharField(20, null=True)
    path = fields.CharField(120, unique=True)
    phone = fields.CharField(30, default="")

    class Meta:
        table = "areas"
        indexes = (("parent_code", "code"), ("name",))


class AreaShape(Model):
    """The boundary of a grid as it was imported; west, south, east and north are its box in GCJ-02, for finding only."""

    area_code = fields.CharField(20, primary_key=True)
    area_path = fields.CharField(120)
    datum = fields.CharField(6)
    geometry: Any = fields.JSONField()  # GeoJSON Polygon or MultiPolygon in `datum`
    west = fields.FloatField()
    south = fields.FloatField()
    east = fields.FloatField()
    north = fields.FloatField()
    imported_at = InstantField()

    class Meta:
        table = "area_shapes"
        indexes = (("west", "south"),)
