"""Why an uploaded file is turned away: one exception, five reasons, plain words for the sender."""

from enum import StrEnum


class Reason(StrEnum):
    """The stable codes of a refusal; a door maps each to a problem."""

    TYPE_REFUSED = "file-type-refused"
    DAMAGED = "file-damaged"
    IMAGE_TOO_LARGE = "image-too-large"
    FILE_TOO_LARGE = "file-too-large"
    EMPTY = "file-empty"


class UnacceptableFile(Exception):
    """The file cannot be taken; `message_zh` says why and what to do, without quoting the file."""

    def __init__(self, reason_code: Reason, message_zh: str) -> None:
        super().__init__(reason_code.value, message_zh)
        self.reason_code = reason_code
        self.message_zh = message_zh


def damaged(what: str) -> UnacceptableFile:
    """The refusal of a broken or half-transferred `what` (Chinese noun)."""
    return UnacceptableFile(Reason.DAMAGED, f"这个{what}已损坏或没有传完整,请重新选择后再上传。")
