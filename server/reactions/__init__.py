"""What each reaction of `domain/reactions.py` does, assembled from the modules of this folder."""

from server.reactions import (
    calendar,
    content,
    dispatching,
    duplicates,
    hearings,
    households,
    notices,
    plates,
    residents,
    reviews,
    surveys,
)
from server.reactions.tasks import Made, Task

__all__ = ["TASKS", "Made", "Task"]

TASKS: dict[str, Made] = {
    **notices.TASKS,
    **content.TASKS,
    **duplicates.TASKS,
    **residents.TASKS,
    **households.TASKS,
    **plates.TASKS,
    **calendar.TASKS,
    **reviews.TASKS,
    **hearings.TASKS,
    **surveys.TASKS,
    **dispatching.TASKS,
}
