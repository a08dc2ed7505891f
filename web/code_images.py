"""Mini-program codes for posters: drawn by WeChat, kept for ever, since a code never changes.

A poster's code carries the same 32 characters as the plate (as `scene`); unlike the plate it is bound to one
mini-program for ever, so it is only ever a second way in.
"""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.attachments.store import FileMissing, FileStore, Shelf
from domain.ports import CodeImage, Store, WeChat, WeChatFailure
from domain.problems import WeChatUnavailable

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
# WeChat draws 5,000 a minute for the whole account; others may want some, too.
PER_MINUTE = 4000
WIDTH = 860


@dataclass(frozen=True)
class Drawing:
    """What a code carries and which page it opens."""

    scene: str
    page: str

    @property
    def file_id(self) -> UUID:
        """Where the picture lies; the name tells nothing of the code."""
        return uuid5(NAMESPACE_URL, f"huying:miniprogram-code:{self.page}:{self.scene}:{WIDTH}")


async def code_image(wechat: WeChat, files: FileStore, store: Store, drawing: Drawing) -> bytes:
    """The picture, JPEG or PNG, from the files or from WeChat; 503 `wechat-unavailable` with seconds to wait."""
    try:
        with await files.open(Shelf.PRINTS, drawing.file_id) as kept:
            return kept.read()
    except FileMissing:
        pass
    counted = await store.increment("limit:miniprogram-code", ttl_s=60)
    if counted.count > PER_MINUTE:
        raise WeChatUnavailable(retry_after=max(1, int(counted.remaining_s)))
    try:
        image = await wechat.code_image(CodeImage(drawing.scene, drawing.page, WIDTH))
    except WeChatFailure as failure:
        raise WeChatUnavailable(retry_after=max(1, int(failure.retry_after_s) or 60)) from failure
    if not image.startswith((PNG, JPEG)):
        raise WeChatUnavailable(retry_after=60)
    await files.put(Shelf.PRINTS, drawing.file_id, image)
    return image
