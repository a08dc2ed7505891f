"""What each reaction of `domain/reactions.py` does, assembled from the modules of this folder."""

from server.reactions import content, notices, supervision
from server.reactions.tasks import Made, Task, nothing

__all__ = ["TASKS", "Made", "Task"]

TASKS: dict[str, Made] = {
    **{
        name: nothing
        for name in ("check_content", "tell_resident", "tell_unit", "tell_desk", "tell_reporter", "tell_deadline",
                     "ring_duty", "tell_members", "import_households", "print_plates")
    },
    **notices.TASKS,
    **content.TASKS,
    **supervision.TASKS,
}  # fmt: skip
