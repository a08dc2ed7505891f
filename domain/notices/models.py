from tortoise import fields
from tortoise.models import Model

from domain.clock import now
from domain.fields import InstantField
from domain.ids import new_id


class Notice(Model):
    """One message to one person; the inbox is the truth behind WeChat and SMS."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    audience = fields.CharField(10)  # resident | staff
    recipient_id = fields.UUIDField()
    event = fields.CharField(40)
    case_id = fields.UUIDField(null=True)
    appeal_id = fields.UUIDField(null=True)
    title = fields.CharField(60)
    text = fields.TextField()
    dedupe_key = fields.CharField(160, unique=True)
    created_at = InstantField()
    visible_at = InstantField(default=now)  # a warning waits for the hours people are awake
    read_at = InstantField(null=True)

    class Meta:
        table = "notices"
        indexes = (("recipient_id", "id"), ("appeal_id",))


class Delivery(Model):
    """One way a notice was carried; `sending` is committed before the call goes out."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    notice_id = fields.UUIDField(null=True)
    appeal_id = fields.UUIDField(null=True)
    event = fields.CharField(40)
    way = fields.CharField(8)  # wechat | sms | task
    state = fields.CharField(8)  # planned | sending | sent | retry | failed | unknown
    reason = fields.CharField(60, default="")
    attempts = fields.IntField(default=0)
    receipt = fields.CharField(80, default="")
    created_at = InstantField()
    changed_at = InstantField()
    dedupe_key = fields.CharField(160, unique=True)

    class Meta:
        table = "deliveries"
        indexes = (("notice_id",), ("appeal_id",), ("state", "id"))


class SubscribeCredit(Model):
    """How many one-time messages of a template (WeChat's id) a resident has agreed to."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    resident_id = fields.UUIDField()
    template = fields.CharField(64)
    credits = fields.IntField(default=0)

    class Meta:
        table = "subscribe_credits"
        unique_together = (("resident_id", "template"),)


class TellTask(Model):
    """Tell an answer in person: for an appellant whom neither WeChat nor SMS reaches."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    appeal_id = fields.UUIDField()
    case_id = fields.UUIDField()
    area_path = fields.CharField(120)
    text = fields.TextField()
    state = fields.CharField(8)  # open | done
    created_at = InstantField()
    done_at = InstantField(null=True)
    done_by = fields.UUIDField(null=True)
    note = fields.CharField(200, default="")
    dedupe_key = fields.CharField(160, unique=True)

    class Meta:
        table = "tell_tasks"
        indexes = (("area_path", "state", "id"),)


class WeChatPush(Model):
    """A push already taken in, so that a repeated one does nothing."""

    dedupe_key = fields.CharField(160, primary_key=True)
    event = fields.CharField(60)
    received_at = InstantField()

    class Meta:
        table = "wechat_pushes"
        indexes = (("received_at",),)
