"""Resident door: the four questions (四问) by one-time link; nobody has to sign in."""

from typing import Annotated, Any

from msgspec import Meta

from domain.problems import NotFound, SurveyOver
from domain.rulebook import rulebook
from domain.surveys.answers import FourAnswers, answer_by_link, by_token
from domain.surveys.rules import FOUR
from domain.text import clean_text
from miniprogram_api.schemas import Score, Solved, StaffConduct
from web.bodies import Strict
from web.routes import PUBLIC, Ask, Limit, Route
from web.shapes import local

LIMIT = (Limit("survey", 60, 60),)
COMMENT = 2000
NAMES = {"active": "staff", "advice": "comment"}  # as the profile calls a question, and as the answer calls it


class Answers(Strict):
    """The answers; nothing is filled in beforehand."""

    solved: Solved
    satisfied: Score
    staff: StaffConduct
    comment: Annotated[str, Meta(max_length=COMMENT)] = ""


async def show_survey(ask: Ask) -> dict[str, Any]:
    """The questions of a link (contract: `GET /surveys/{token}`); nothing about the person or the case."""
    _, wave = await by_token(link_token(ask))
    return {"name": wave.name, "expires_at": local(wave.expires_at), "questions": questions(wave.area_path),
            "privacy": "办理单位看不到是谁填的。"}  # fmt: skip


async def post_answers(ask: Ask) -> dict[str, Any]:
    """Answer, once (contract: `POST /surveys/{token}/answers`)."""
    body: Answers = ask.body
    said = FourAnswers(body.solved, body.satisfied, body.staff, clean_text(body.comment))
    done, bad = await answer_by_link(link_token(ask), said)
    return {"answered_at": local(done.answered_at), "next_step": "谢谢!不满意的,督查人员会核查。" if bad else "谢谢!"}


def questions(area_path: str) -> list[dict[str, Any]]:
    """The four questions in the words of the place."""
    asked = rulebook().for_area(area_path).practices.surveys[FOUR].questions
    return [
        {"name": NAMES.get(name, name), "text": one.text, "choices": {code: each.text for code, each in one.replies.items()}}
        for name, one in asked.items()
    ]


def link_token(ask: Ask) -> str:
    """The token in the path; what cannot be one names nothing, so 404."""
    token = ask.path["token"]
    if not 20 <= len(token) <= 40 or not token.isascii():
        raise NotFound
    return token


ROUTES = (
    Route(method="GET", path="/surveys/<token:str>", handler=show_survey, gate=PUBLIC, reads=True, limit=LIMIT,
          summary="四问调查问卷", problems=(SurveyOver,)),
    Route(method="POST", path="/surveys/<token:str>/answers", handler=post_answers, gate=PUBLIC, body=Answers,
          status=201, limit=LIMIT, summary="填写四问调查", problems=(SurveyOver,)),
)  # fmt: skip
