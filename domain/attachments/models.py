from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Attachment(Model):
    """A photo, recording or video; immutable once stored. `subject_*` is empty until something refers to it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    owner = fields.CharField(60)
    kind = fields.CharField(10)  # image | audio | video
    mime = fields.CharField(60)
    bytes = fields.BigIntField()
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    duration_s = fields.FloatField(null=True)
    sha256 = fields.CharField(64)
    has_thumbnail = fields.BooleanField(default=False)
    subject_kind = fields.CharField(20, null=True)
    subject_id = fields.UUIDField(null=True)
    case_id = fields.UUIDField(null=True)
    purpose = fields.CharField(20, default="")
    created_at = InstantField()

    class Meta:
        table = "attachments"
        indexes = (("subject_id",), ("case_id",), ("created_at",))


class AttachmentDeclaration(Model):
    """A file that was announced and has not arrived; `subject_*` is what it will belong to."""

    attachment_id = fields.UUIDField(primary_key=True)
    owner = fields.CharField(60)
    subject_kind = fields.CharField(20, null=True)
    subject_id = fields.UUIDField(null=True)
    case_id = fields.UUIDField(null=True)
    purpose = fields.CharField(20, default="")
    declared_at = InstantField()

    class Meta:
        table = "attachment_declarations"
        indexes = (("subject_id",), ("case_id",), ("declared_at",), ("owner",))


class MediaCheck(Model):
    """A file that WeChat was asked to judge; its verdict comes later, by push, under the trace id."""

    trace_id = fields.CharField(80, primary_key=True)
    attachment_id = fields.UUIDField()
    verdict = fields.CharField(10, default="waiting")  # waiting | pass | review | risky
    asked_at = InstantField()

    class Meta:
        table = "media_checks"
        indexes = (("attachment_id",),)
