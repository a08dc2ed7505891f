from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField


class SyncItem(Model):
    """One thing that a phone recorded, and what became of it. `body` is kept verbatim until the effect is done."""

    id = fields.UUIDField(primary_key=True)
    number = fields.BigIntField(unique=True)  # order of receipt; what DATA_DIR/epoch remembers
    area = fields.CharField(20, default="")  # as the phone wrote it when the item was made
    device = fields.UUIDField()
    sequence = fields.BigIntField(null=True)  # empty for a clone, whose place is taken
    worker = fields.UUIDField()
    verb = fields.CharField(60)
    version = fields.IntField()
    entity = fields.UUIDField()
    body_sha256 = fields.BinaryField()
    body = fields.TextField(default="")
    status = fields.CharField(10)  # done | held | conflict | rejected
    code = fields.CharField(40, default="")
    result: Any = fields.JSONField(default=dict)
    occurred_at = InstantField()
    clock_quality = fields.CharField(10)  # steady | shifted | said | unusable
    skew_s = fields.FloatField(null=True)
    received_at = InstantField()
    epoch = fields.IntField()
    given_to = fields.UUIDField(null=True)  # another worker, under whose rights a person had it applied
    settled_at = InstantField(null=True)  # a person has decided on a refused item
    settled_by = fields.UUIDField(null=True)
    settled_note = fields.CharField(200, default="", db_default="")

    class Meta:
        table = "sync_items"
        unique_together = (("device", "sequence"),)
        indexes = (("entity", "id"), ("worker", "number"), ("received_at",))


class Device(Model):
    """A phone that syncs. Revoked, it is told to forget everything, and what it still sends goes to quarantine."""

    id = fields.UUIDField(primary_key=True)
    worker = fields.UUIDField()
    first_seen_at = InstantField()
    seen_at = InstantField()
    cursor = fields.TextField(default="")  # up to where it has confirmed
    revoked_at = InstantField(null=True)

    class Meta:
        table = "devices"
        indexes = (("worker",),)


class ServerEpoch(Model):
    """One row: which life of the database this is. The restore tool bumps it, and every phone sends again."""

    id = fields.IntField(primary_key=True)
    epoch = fields.IntField()
    secret = fields.BinaryField()  # signs cursors and device keys
    changed_at = InstantField()
    reason = fields.CharField(200, default="")
    backed_up_at = InstantField(null=True)  # everything received before it lies in a complete backup

    class Meta:
        table = "server_epoch"
