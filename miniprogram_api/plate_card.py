"""What strangers may read of a plate."""

from domain.households.models import Household
from domain.households.naming import masked_door


def plate_text(household: Household) -> str:
    """Street and group of a door, the number hidden: 河背路 **号."""
    return masked_door(household.group_name, household.door_text)
