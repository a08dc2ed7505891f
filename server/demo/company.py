"""Who else the demo knows: a grid leader, a volunteer and a duty officer, with the password of all."""

from argon2 import PasswordHasher

from domain.access.models import Department
from domain.areas.models import Area
from server.demo.accounts import COUNTY, PASSWORD, add_role, add_staff

# telephone: (name, role, what it is called)
FIELD = {
    "13800000003": ("赖长根", "grid_leader", "网格长"),
    "13800000004": ("温美珍", "volunteer", "志愿者"),
}
DUTY_LOGIN, DUTY_NAME, DUTY_UNIT = "duty", "胡值班", "市行政审批局 (热线办)"


async def make_company(village: Area, grids: list[Area]) -> None:
    """The leader of a village's grids, a volunteer of the first of them, and the county's duty officer; once."""
    secret = PasswordHasher().hash(PASSWORD)
    for (phone, (name, role, _)), area in zip(FIELD.items(), (village, grids[0]), strict=True):
        await add_staff(phone, name, "worker", secret, None)
        await add_role(phone, role, area, None)
    unit = await Department.get(name=DUTY_UNIT)
    await add_staff(DUTY_LOGIN, DUTY_NAME, "staff", secret, unit)
    await add_role(DUTY_LOGIN, "duty_officer", await Area.get(code=COUNTY), unit)
