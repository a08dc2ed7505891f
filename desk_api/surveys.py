"""Staff door: waves of the four-question survey (四问调查), their links, interviews and results."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta

from desk_api.schemas import Code
from domain.access.permissions import Permission as P
from domain.problems import GuardNotMet, SurveyOver
from domain.surveys import results, waves
from domain.surveys.answers import FourAnswers, answer_to
from domain.text import clean_text
from web.bodies import Nothing, Strict
from web.paging import Page, paged
from web.routes import Ask, Route, path_id
from web.shapes import local

Mode = Literal["link", "phone", "visit"]


class NewWave(Strict, kw_only=True):
    """Which closed cases, how many appellants, how they are asked."""

    name: Annotated[str, Meta(min_length=2, max_length=80)]
    area_code: Code
    closed_from: date | None = None  # both left out: the last whole period of the profile
    closed_to: date | None = None
    size: Annotated[int, Meta(ge=1, le=2000)] | None = None  # left out: the share that the profile draws
    seed: Annotated[int, Meta(ge=0, le=2**53)]
    stratum: Literal["unit", "town", "track"] = "unit"
    modes: Annotated[list[Mode], Meta(min_length=1, max_length=3)] | None = None  # left out: all of the profile
    open_days: Annotated[int, Meta(ge=1, le=90)] = 15


class Interview(Strict):
    """What somebody said by telephone or at a visit."""

    mode: Literal["phone", "visit"]
    solved: Literal["yes", "partly", "no"]
    satisfied: Annotated[int, Meta(ge=1, le=5)]
    staff: Literal["active", "average", "inactive"]
    comment: Annotated[str, Meta(max_length=2000)] = ""


class DueWanted(Strict):
    """Where."""

    area_code: Code


async def post_wave(ask: Ask) -> dict[str, Any]:
    """Draw and open a wave (`POST /surveys`)."""
    body: NewWave = ask.body
    wave = await waves.open_wave(ask.actor, waves.WavePlan(
        clean_text(body.name), body.area_code, body.closed_from, body.closed_to, body.stratum,
        tuple(dict.fromkeys(body.modes or ())), body.size, body.seed, body.open_days,
    ))  # fmt: skip
    names = ("id", "closed_from", "closed_to", "modes", "population", "size", "seed")
    return {**{name: getattr(wave, name) for name in names}, "expires_at": local(wave.expires_at)}


async def show_due(ask: Ask) -> dict[str, Any]:
    """What the rules of an area ask for, and whether its wave was opened (`GET /surveys/due`)."""
    return await results.due_wave(ask.actor, ask.query.area_code)


async def list_waves(ask: Ask) -> dict[str, Any]:
    """The waves of my area (`GET /surveys`)."""
    rows = await results.waves(ask.actor, ask.query.before, ask.query.limit)
    plain = ("id", "name", "closed_from", "closed_to", "stratum", "modes", "seed", "population", "size", "answered")
    return paged(rows, ask.query.limit, lambda row: {
        **{name: row[name] for name in plain}, **{n: local(row[n]) for n in ("opened_at", "expires_at")},
    })  # fmt: skip


async def show_results(ask: Ask) -> dict[str, Any]:
    """What a wave found (`GET /surveys/{id}/results`)."""
    return await results.results(ask.actor, path_id(ask))


async def list_invites(ask: Ask) -> dict[str, Any]:
    """Whom I may ask (`GET /surveys/{id}/invites`)."""
    rows = await waves.invites(ask.actor, path_id(ask), ask.query.before, ask.query.limit)
    return paged(rows, ask.query.limit, lambda row: {**row, "answered_at": local(row["answered_at"])})


async def post_link(ask: Ask) -> dict[str, Any]:
    """A one-time link, told once (`POST /survey-invites/{id}/link`)."""
    token, expires_at = await waves.issue_link(ask.actor, path_id(ask))
    return {"token": token, "path": waves.LINK_PATH + token, "expires_at": local(expires_at)}


async def post_interview(ask: Ask) -> dict[str, Any]:
    """Take down an interview (`POST /survey-invites/{id}/answers`)."""
    body: Interview = ask.body
    said = FourAnswers(body.solved, body.satisfied, body.staff, clean_text(body.comment))
    done = await answer_to(ask.actor, path_id(ask), body.mode, said)
    return {"id": done.id, "mode": done.mode, "answered_at": local(done.answered_at)}


ROUTES = (
    Route(method="POST", path="/surveys", handler=post_wave, gate=P.CASE_SUPERVISE, body=NewWave, status=201,
          summary="开展四问调查"),
    Route(method="GET", path="/surveys", handler=list_waves, gate=P.CASE_SUPERVISE, query=Page, reads=True,
          summary="四问调查列表"),
    Route(method="GET", path="/surveys/due", handler=show_due, gate=P.CASE_SUPERVISE, query=DueWanted, reads=True,
          summary="四问调查的周期与本期是否已开展"),
    Route(method="GET", path="/surveys/<id:str>/results", handler=show_results, gate=P.CASE_SUPERVISE, reads=True,
          summary="四问调查结果"),
    Route(method="GET", path="/surveys/<id:str>/invites", handler=list_invites, gate=P.CASE_CALLBACK, query=Page,
          reads=True, summary="四问调查对象"),
    Route(method="POST", path="/survey-invites/<id:str>/link", handler=post_link, gate=P.CASE_CALLBACK, body=Nothing,
          status=201, replay=False, summary="生成一次性问卷链接", problems=(GuardNotMet, SurveyOver)),
    Route(method="POST", path="/survey-invites/<id:str>/answers", handler=post_interview, gate=P.CASE_CALLBACK,
          body=Interview, status=201, summary="记录四问访谈", problems=(SurveyOver,)),
)  # fmt: skip
