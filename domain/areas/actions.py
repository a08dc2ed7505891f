"""Writers of the area tree."""

from domain.areas.models import Area


async def make_grids(villages: list[Area], per_village: int) -> dict[str, list[Area]]:
    """Give each village so many grids (village code + 3 digits); those there already stay."""
    grids = {
        village.code: [
            Area(
                code=f"{village.code}{number:03d}", name=f"第{number}网格", kind="grid", parent_code=village.code,
                path=f"{village.path}.{village.code}{number:03d}",
            )
            for number in range(1, per_village + 1)
        ]
        for village in villages
    }  # fmt: skip
    await Area.bulk_create([grid for found in grids.values() for grid in found], ignore_conflicts=True, batch_size=500)
    return grids
