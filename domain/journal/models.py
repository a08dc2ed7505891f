from typing import Any

from tortoise import fields
from tortoise.fields.db_defaults import SqlDefault
from tortoise.models import Model

from domain.fields import InstantField


class JournalHead(Model):
    """Where the chain and the feed of one area stand; its row lock makes commit order the order of the chain."""

    area = fields.CharField(20, primary_key=True)
    n = fields.BigIntField()
    feed_n = fields.BigIntField()
    hash = fields.BinaryField()

    class Meta:
        table = "journal_heads"


class JournalRow(Model):
    """One fact: audit line and timeline entry. Ids, codes and digests only; free text and names live elsewhere."""

    key = fields.CharField(45, primary_key=True)  # area:n
    area = fields.CharField(20)
    n = fields.BigIntField()
    at = InstantField()
    actor = fields.CharField(60)
    event = fields.CharField(60)
    case_id = fields.UUIDField(null=True)
    subject_id = fields.UUIDField(null=True)
    data: Any = fields.JSONField()
    hash = fields.BinaryField()

    class Meta:
        table = "journal"
        unique_together = (("area", "n"),)
        indexes = (("case_id", "at"), ("subject_id", "at"))


class FeedRow(Model):
    """One change that phones pull: gapless per area, thin; the data is joined when it is read."""

    key = fields.CharField(45, primary_key=True)  # area:seq
    area = fields.CharField(20)
    seq = fields.BigIntField()
    entity = fields.CharField(20)
    entity_id = fields.UUIDField()
    version = fields.IntField()
    # By the database's clock at the insert, under the lock of the head: in one area it rises with `seq`.
    at = InstantField(db_default=SqlDefault("clock_timestamp()"))

    class Meta:
        table = "feed"
        unique_together = (("area", "seq"),)
        indexes = (("at",),)


class ClientRecord(Model):
    """A record whose id a phone made: the same id again is the same record, never a second one."""

    id = fields.UUIDField(primary_key=True)
    fingerprint = fields.BinaryField()
    at = InstantField()

    class Meta:
        table = "client_records"
        indexes = (("at",),)
