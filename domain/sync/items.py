"""What a phone sends: an envelope of items, each read by itself, so that a bad one never sinks the batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

from domain.sync.cutting import cut, mend, text_member, too_deep

MOST_ITEMS = 100
MOST_BYTES = 1024 * 1024
KEEP_DAYS = 7

FILES = ("attachment_ids", "evidence")  # the fields of bodies that name files

Count = Annotated[int, Meta(ge=1, le=2**53)]
Short = Annotated[str, Meta(max_length=40)]
_PRINTED = r"^[^\x00-\x1f]*\Z"  # these go into columns, and no database takes a NUL


class PhoneClock(Struct, kw_only=True):
    """A moment by the clock that runs since the phone was switched on, and which run that is."""

    boot_id: Short
    mono_ms: Annotated[int, Meta(ge=0, le=2**53)]


class PhoneNow(Struct, kw_only=True):
    """The phone's clocks at the moment of sending."""

    wall: Short
    boot_id: Short | None = None
    mono_ms: Annotated[int, Meta(ge=0, le=2**53)] | None = None


class Declared(Struct, kw_only=True):
    """A photo or recording that belongs to the item; its bytes come before or after."""

    id: UUID


class Item(Struct, kw_only=True):
    """One operation. Unknown fields are not refused: an older server keeps what a newer phone says."""

    id: UUID
    sequence: Count
    verb: Annotated[str, Meta(min_length=1, max_length=60, pattern=_PRINTED)]
    version: Annotated[int, Meta(ge=1, le=1000)] = 1
    entity_id: UUID
    base_version: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    occurred_at: Short
    clock: PhoneClock | None = None
    attachments: Annotated[list[Declared], Meta(max_length=20)] = []
    area: Annotated[str, Meta(max_length=20, pattern=_PRINTED)] = ""
    body: dict[str, Any] = {}


class Batch(Struct, forbid_unknown_fields=True, kw_only=True):
    """What brings items: the phone, its clocks, and the items, each of them unread."""

    device_id: UUID
    clock: PhoneNow | None = None
    items: list[Raw] = []

    @classmethod
    def salvage(cls, raw: bytes) -> Self:
        """A body that is no JSON as a whole, its items cut out unread; what msgspec raises where the rest is none either."""
        rest, pieces = cut(raw, "items")
        batch = msgspec.json.decode(rest, type=cls)
        batch.items = [Raw(piece) for piece in pieces]
        return batch


class Envelope(Batch, forbid_unknown_fields=True, kw_only=True):
    """One request: who I am and how far I am, what I recorded."""

    epoch: int | None = None
    cursor: Annotated[str, Meta(max_length=20_000)] | None = None


class Parcel(Batch, forbid_unknown_fields=True, kw_only=True):
    """Unsent items of somebody who may not sign in any more, under the key that the phone was once given."""

    device_key: Annotated[str, Meta(max_length=100)]


@dataclass(frozen=True)
class Received:
    """An item as it came: its text, its hash over canonical JSON, and what could be read of it."""

    text: str
    digest: bytes
    item: Item | None = None
    id: UUID | None = None  # also of an item that could not be read otherwise
    fault: str = ""  # msgspec's words on why it could not be read


def read_item(raw: bytes) -> Received:
    """Read one item; what cannot be read keeps its text (as far as a database takes it) and, where there is one, its id."""
    raw = mend(raw)
    text = raw.decode().replace("\x00", "\ufffd")
    try:
        if too_deep(raw):
            raise RecursionError("nested too deep")
        plain = msgspec.json.decode(raw)
        digest = sha256(msgspec.json.encode(plain, order="deterministic")).digest()
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        return Received(text, sha256(raw).digest(), id=_id(text_member(raw, "id")), fault=str(error))
    try:
        item = msgspec.convert(plain, Item)
    except msgspec.ValidationError as error:
        return Received(text, digest, id=_id(plain.get("id") if isinstance(plain, dict) else None), fault=str(error))
    return Received(text, digest, item, item.id)


def _id(said: Any) -> UUID | None:
    try:
        return UUID(said)
    except (TypeError, ValueError, AttributeError):
        return None


def named_files(item: Item) -> list[UUID]:
    """The files that an item names, beside its body and at any depth in it; what is no id is left out."""
    found = [each.id for each in item.attachments]
    for text in _named(item.body):
        try:
            found.append(UUID(text))
        except (TypeError, ValueError, AttributeError):
            continue
    return list(dict.fromkeys(found))


def _named(body: dict[str, Any]) -> Iterator[Any]:
    for name, value in body.items():
        if name in FILES and isinstance(value, list):
            yield from value
        elif isinstance(value, dict):
            yield from _named(value)


_shape = cache(msgspec.inspect.type_info)  # slower than all the rest of reading an item


def known_fields(data: Any, kind: Any) -> Any:
    """The data without what the type does not know: a newer phone's extra fields are kept, but not acted on."""
    return _known(data, _shape(kind))


def _known(data: Any, info: Any) -> Any:
    if isinstance(info, msgspec.inspect.UnionType):
        struct = next((each for each in info.types if isinstance(each, msgspec.inspect.StructType)), None)
        return _known(data, struct) if struct else data
    if isinstance(info, msgspec.inspect.ListType) and isinstance(data, list):
        return [_known(each, info.item_type) for each in data]
    if isinstance(info, msgspec.inspect.StructType) and isinstance(data, dict):
        return {f.encode_name: _known(data[f.encode_name], f.type) for f in info.fields if f.encode_name in data}
    return data
