"""Waves of the four-question survey (四问调查, 000-16): who was drawn, how they were asked, what they said."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.fields import InstantField
from domain.ids import new_id


class SurveyWave(Model):
    """One wave: the cases closed in a period, a seeded sample of them over strata, and until when it runs."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(80)
    area_path = fields.CharField(120)
    closed_from = fields.DateField()
    closed_to = fields.DateField()
    stratum = fields.CharField(10)  # unit | town | track
    modes: Any = fields.JSONField(default=list)
    seed = fields.BigIntField()
    population = fields.IntField()
    size = fields.IntField()
    opened_at = InstantField()
    opened_by = fields.CharField(60)
    expires_at = InstantField()

    class Meta:
        table = "survey_waves"
        indexes = (("area_path", "id"),)


class SurveyInvite(Model):
    """One appellant drawn in a wave, and the answers once they came; of a link only the digest is kept."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    wave_id = fields.UUIDField()
    appeal_id = fields.UUIDField()
    case_id = fields.UUIDField()
    stratum = fields.CharField(120)
    token_hash = fields.CharField(64, null=True, unique=True)
    mode = fields.CharField(10, default="")  # link | phone | visit, once answered
    interviewer_id = fields.UUIDField(null=True)
    solved = fields.CharField(8, default="")
    satisfied = fields.SmallIntField(null=True)
    staff = fields.CharField(10, default="")
    comment = fields.TextField(default="")
    answered_at = InstantField(null=True)

    class Meta:
        table = "survey_invites"
        unique_together = (("wave_id", "appeal_id"),)
        indexes = (("case_id",),)
