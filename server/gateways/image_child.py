"""The child process that decodes photos: reads one frame, answers one frame, until its input ends.

It starts as a fresh interpreter without the parent's memory, secrets or connections and bounds itself:
address space for good, processor time anew for each photo. It may write no file.
"""

import resource
import sys

from domain.attachments import images
from domain.attachments.refusals import UnacceptableFile
from server.gateways.image_frames import Cleaned, Refused, encode, framed, read_frame


def serve(memory_bytes: int, cpu_s: int) -> None:
    """Clean photos from standard input until it ends."""
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    while (data := read_frame(sys.stdin.buffer)) is not None:
        _allow_seconds(cpu_s)
        sys.stdout.buffer.write(framed(encode(_answer(data))))
        sys.stdout.buffer.flush()


def _allow_seconds(cpu_s: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + cpu_s
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _answer(data: bytes) -> Cleaned | Refused:
    try:
        return Cleaned(images.clean(data))
    except UnacceptableFile as refusal:
        return Refused(refusal.reason_code, refusal.message_zh)
    except MemoryError:
        too_many = images.too_many_pixels()
        return Refused(too_many.reason_code, too_many.message_zh)


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
