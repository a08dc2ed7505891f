from tortoise import fields
from tortoise.models import Model


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
