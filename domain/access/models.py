from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Department(Model):
    """A unit that can be made responsible: a line department, a town, a village, an office."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    code = fields.CharField(40, unique=True)
    name = fields.CharField(80)
    kind = fields.CharField(20)
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    phone = fields.CharField(30, default="")
    active = fields.BooleanField(default=True)

    class Meta:
        table = "departments"
        indexes = (("area_path",), ("name",))


class Staff(Model):
    """A person who signs in by password: desk staff and grid workers."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    login = fields.CharField(60, unique=True)
    name = fields.CharField(60)
    kind = fields.CharField(10)  # staff | worker
    phone = fields.CharField(30, default="")
    openid = fields.CharField(64, null=True, unique=True)
    department_id = fields.UUIDField(null=True)
    password_hash = fields.CharField(200)
    totp_secret = fields.CharField(64, null=True)
    totp_pending = fields.CharField(64, null=True)  # shown to the owner, not confirmed yet
    totp_last_step = fields.BigIntField(null=True)
    active = fields.BooleanField(default=True)
    failed_count = fields.IntField(default=0)
    locked_until = InstantField(null=True)
    created_at = InstantField()

    class Meta:
        table = "staff"
        indexes = (("phone",), ("department_id",))


class Assignment(Model):
    """A role of a staff member within an area subtree."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    staff_id = fields.UUIDField()
    role = fields.CharField(40)
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    department_id = fields.UUIDField(null=True)

    class Meta:
        table = "assignments"
        unique_together = (("staff_id", "role", "area_code"),)
        indexes = (("area_path", "role"), ("department_id", "role"))


class Session(Model):
    """An opaque token, of which only the SHA-256 is kept."""

    token_hash = fields.BinaryField(primary_key=True)
    kind = fields.CharField(10)  # resident | guest | lookup | staff | worker
    subject_id = fields.UUIDField()
    appeal_id = fields.UUIDField(null=True)
    created_at = InstantField()
    used_at = InstantField()
    expires_at = InstantField()
    idle_seconds = fields.IntField(null=True)

    class Meta:
        table = "sessions"
        indexes = (("subject_id",), ("expires_at",))


class AccessLogEntry(Model):
    """Somebody opened an appellant's identity; the appellant reads it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    appeal_id = fields.UUIDField()
    resident_id = fields.UUIDField(null=True)
    actor_label = fields.CharField(60)
    actor_role = fields.CharField(80)
    department_name = fields.CharField(80, default="")
    purpose = fields.CharField(200)
    at = InstantField()

    class Meta:
        table = "access_log"
        indexes = (("resident_id", "id"), ("appeal_id", "id"))


class Replay(Model):
    """The answer that a request with an Idempotency-Key got; kept for 30 days."""

    id = fields.BinaryField(primary_key=True)
    fingerprint = fields.BinaryField()
    status = fields.SmallIntField()
    body = fields.BinaryField()
    created_at = InstantField()

    class Meta:
        table = "replays"
        indexes = (("created_at",),)
