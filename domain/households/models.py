from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class Household(Model):
    """A house with a plate; `import_key` is what makes a second import of the same list harmless."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    village_code = fields.CharField(20)
    grid_code = fields.CharField(20)
    area_path = fields.CharField(120)
    group_name = fields.CharField(40, default="")
    door_text = fields.CharField(80)
    serial = fields.CharField(20, unique=True)
    external_no = fields.CharField(40, default="")
    head_name = fields.CharField(60, default="")
    phone = fields.CharField(30, default="")
    import_key = fields.CharField(140, unique=True)
    state = fields.CharField(10, default="active")  # active | vacant | demolished | merged
    version = fields.IntField(default=1)
    route_key = fields.CharField(200, default="")  # sorts doors as one walks past them
    merged_into = fields.UUIDField(null=True)
    split_from = fields.UUIDField(null=True)
    lon = fields.FloatField(null=True)
    lat = fields.FloatField(null=True)
    datum = fields.CharField(6, null=True)
    created_at = InstantField()
    changed_at = InstantField()

    class Meta:
        table = "households"
        indexes = (("area_path", "id"), ("village_code", "id"), ("grid_code", "id"), ("phone",))


LIVE = ("printed", "active", "suspect")  # states of a code that opens its house; the unique index says the same
LIVE_SQL = f"IN {LIVE}"


class HouseholdCode(Model):
    """A code that was made for a household's plate; a dead one stays for ever."""

    code_id = fields.BinaryField(primary_key=True)
    kid = fields.SmallIntField()
    household_id = fields.UUIDField()
    area_path = fields.CharField(120)
    state = fields.CharField(10, default="printed")  # printed | active | replaced | revoked | lost | suspect
    batch_id = fields.UUIDField(null=True)
    issued_at = InstantField()
    printed_at = InstantField(null=True)
    activated_at = InstantField(null=True)
    activated_by = fields.UUIDField(null=True)
    ended_at = InstantField(null=True)
    replaced_by = fields.BinaryField(null=True)

    class Meta:
        table = "household_codes"
        indexes = (("household_id", "issued_at"), ("batch_id",))


class PlateBatch(Model):
    """A job that issues codes and prints plates; `selection` says which households, `files` what came out."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    selection: Any = fields.JSONField()
    layout = fields.CharField(40)
    format = fields.CharField(4, default="pdf")  # pdf | zip | svg
    duplex = fields.BooleanField(default=False)
    per_file = fields.IntField(default=10_000)
    state = fields.CharField(10)  # waiting | running | done | failed | cancelled
    stage = fields.CharField(10, default="issuing")  # issuing | printing | finished
    cursor: Any = fields.JSONField(null=True)  # the household issued last: [area_path, route_key, id]
    total = fields.IntField(default=0)
    issued = fields.IntField(default=0)
    listed = fields.IntField(default=0)
    done = fields.IntField(default=0)
    read_back = fields.IntField(default=0)
    unread: Any = fields.JSONField(default=list)
    missing_glyphs: Any = fields.JSONField(default=dict)
    cramped: Any = fields.JSONField(default=list)
    samples: Any = fields.JSONField(default=list)
    files: Any = fields.JSONField(default=list)
    reason = fields.CharField(200, default="")
    requested_by = fields.UUIDField(null=True)
    created_at = InstantField()
    finished_at = InstantField(null=True)

    class Meta:
        table = "plate_batches"
        indexes = (("area_path", "id"),)


class PlatePrint(Model):
    """One plate of a batch, numbered in walking order: what was printed, when a stolen print file must be revoked."""

    id = fields.BigIntField(primary_key=True)
    batch_id = fields.UUIDField()
    number = fields.IntField()
    household_id = fields.UUIDField()
    code_id = fields.BinaryField()

    class Meta:
        table = "plate_prints"
        unique_together = (("batch_id", "number"),)


class PlateRevocation(Model):
    """Every live code of a batch or of a leaked key is revoked, in chunks."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    batch_id = fields.UUIDField(null=True)
    kid = fields.SmallIntField(null=True)
    area_path = fields.CharField(120)
    reason = fields.CharField(20)
    state = fields.CharField(10, default="waiting")  # waiting | done
    revoked = fields.IntField(default=0)
    requested_by = fields.UUIDField(null=True)
    created_at = InstantField()
    finished_at = InstantField(null=True)

    class Meta:
        table = "plate_revocations"
        indexes = (("area_path", "id"),)


class HouseholdImport(Model):
    """One uploaded household list and what became of each row (the result file)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    area_code = fields.CharField(20)
    area_path = fields.CharField(120)
    filename = fields.CharField(200)
    state = fields.CharField(10)  # waiting | running | done | failed
    total = fields.IntField(default=0)
    done = fields.IntField(default=0)
    created_rows = fields.IntField(default=0)
    updated_rows = fields.IntField(default=0)
    unchanged_rows = fields.IntField(default=0)
    error_rows = fields.IntField(default=0)
    source_file_id = fields.UUIDField()
    result_file_id = fields.UUIDField(null=True)
    reason = fields.CharField(200, default="")
    requested_by = fields.UUIDField()
    created_at = InstantField()
    finished_at = InstantField(null=True)

    class Meta:
        table = "household_imports"
        indexes = (("area_path", "id"),)


class HouseholdImportChunk(Model):
    """What became of the rows of one chunk of an import; its presence says that the chunk is done."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    import_id = fields.UUIDField()
    number = fields.IntField()
    outcomes: Any = fields.JSONField()  # [[row, status, reason], …]

    class Meta:
        table = "household_import_chunks"
        unique_together = (("import_id", "number"),)


class CodeScan(Model):
    """A scan of a plate, kept for a short time to see forgeries and worn plates; never who scanned."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    code_id = fields.BinaryField(null=True)
    kid = fields.SmallIntField(null=True)  # of an orphan: what its row will need
    at = InstantField()
    outcome = fields.CharField(10)  # live | dead | unknown | orphan | report | junk | crowd
    door = fields.CharField(10)  # web | resident | worker

    class Meta:
        table = "code_scans"
        indexes = (("at",), ("code_id", "at"))
