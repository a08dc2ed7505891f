"""Answers to the four questions, by one-time link or to an interviewer; a bad one opens supervision (000-16)."""

from dataclasses import dataclass
from uuid import UUID

from domain.access.actor import SYSTEM, Actor
from domain.cases.move import lock_case
from domain.clock import now
from domain.journal.unit import Fact, record
from domain.problems import NotFound, SurveyOver, invalid
from domain.rulebook import rulebook
from domain.supervision.actions import open_supervision
from domain.surveys.models import SurveyInvite, SurveyWave
from domain.surveys.rules import FOUR
from domain.surveys.waves import lock_invite, token_digest


@dataclass(frozen=True)
class FourAnswers:
    """Solved, satisfied on five levels, staff active, and what else there is to say."""

    solved: str
    satisfied: int
    staff: str
    comment: str = ""

    def bad(self, area_path: str) -> bool:
        """Whether it calls for supervision: the replies that the rules of the wave's place call bad."""
        asked = rulebook().for_area(area_path).practices.surveys[FOUR].questions
        said = {"solved": self.solved, "satisfied": str(self.satisfied), "active": self.staff}
        return any(asked[name].replies[code].bad for name, code in said.items())


async def by_token(token: str) -> tuple[SurveyInvite, SurveyWave]:
    """The invite of a link; 404 for a token we never gave or took back, 410 once used or over."""
    invite = await SurveyInvite.get_or_none(token_hash=token_digest(token))
    if invite is None:
        raise NotFound
    wave = await SurveyWave.get(id=invite.wave_id)
    if invite.answered_at or now() > wave.expires_at:
        raise SurveyOver(answered=bool(invite.answered_at))
    return invite, wave


async def answer_by_link(token: str, said: FourAnswers) -> tuple[SurveyInvite, bool]:
    """Take the answers of a link, once; the invite, and whether they call for supervision."""
    found, wave = await by_token(token)
    invite = await SurveyInvite.filter(id=found.id).select_for_update().get()
    if invite.answered_at or invite.token_hash != token_digest(token):
        raise SurveyOver(answered=bool(invite.answered_at))
    bad = said.bad(wave.area_path)
    return await _keep(invite, said, ("link", bad), SYSTEM), bad


async def answer_to(actor: Actor, invite_id: UUID, mode: str, said: FourAnswers) -> SurveyInvite:
    """Take down what somebody said by telephone or at a visit; the interviewer is of no handling unit (404)."""
    invite, wave = await lock_invite(actor, invite_id)
    if mode not in wave.modes:
        message = "这一轮调查不用这种方式"
        raise invalid("mode", message)
    invite.interviewer_id = actor.id
    return await _keep(invite, said, (mode, said.bad(wave.area_path)), actor)


async def _keep(invite: SurveyInvite, said: FourAnswers, how: tuple[str, bool], by: Actor) -> SurveyInvite:
    mode, bad = how
    invite.solved, invite.satisfied, invite.staff, invite.comment = said.solved, said.satisfied, said.staff, said.comment
    invite.mode, invite.answered_at = mode, now()
    await invite.save()
    case, _ = await lock_case(invite.case_id)
    data = {"mode": mode, "wave_id": str(invite.wave_id), "bad": bad,
            "about": str(case.id), "solved": said.solved, "satisfied": said.satisfied, "staff": said.staff}  # fmt: skip
    # without the case: its timeline is read by the unit, the answers are not for it
    record(Fact("survey.answered", case.area_code, None, invite.id, data, actor=by))
    if bad:
        await open_supervision(case, "key", "survey", "四问调查中群众反映未解决或不满意,请核查并向群众说明。")
    return invite
