"""Resident door: the four questions (四问) by one-time link; nobody has to sign in."""

from typing import Annotated, Any

from msgspec import Meta

from domain.problems import NotFound, SurveyOver
from domain.surveys.answers import FourAnswers, answer_by_link, by_token
from domain.text import clean_text
from miniprogram_api.schemas import Score, Solved, StaffConduct, Strict
from web.routes import PUBLIC, Ask, Limit, Route
from web.shapes import local

LIMIT = (Limit("survey", 60, 60),)
QUESTIONS = [
    {"name": "solved", "text": "您的诉求解决了吗?", "choices": {"yes": "解决了", "partly": "部分解决", "no": "没有解决"}},
    {"name": "satisfied", "text": "您对办理满意吗?", "choices": {
        "5": "非常满意", "4": "满意", "3": "基本满意", "2": "不满意", "1": "非常不满意"}},
    {"name": "staff", "text": "工作人员积极吗?", "choices": {"active": "积极", "average": "一般", "inactive": "不积极"}},
    {"name": "comment", "text": "您还有什么意见建议?", "choices": {}},
]  # fmt: skip


class Answers(Strict):
    """The answers; nothing is filled in beforehand."""

    solved: Solved
    satisfied: Score
    staff: StaffConduct
    comment: Annotated[str, Meta(max_length=2000)] = ""


async def show_survey(ask: Ask) -> dict[str, Any]:
    """The questions of a link (contract: `GET /surveys/{token}`); nothing about the person or the case."""
    _, wave = await by_token(_token(ask))
    return {"name": wave.name, "expires_at": local(wave.expires_at), "questions": QUESTIONS,
            "privacy": "办理单位看不到是谁填的。"}  # fmt: skip


async def post_answers(ask: Ask) -> dict[str, Any]:
    """Answer, once (contract: `POST /surveys/{token}/answers`)."""
    body: Answers = ask.body
    said = FourAnswers(body.solved, body.satisfied, body.staff, clean_text(body.comment))
    done = await answer_by_link(_token(ask), said)
    return {"answered_at": local(done.answered_at), "next_step": "谢谢!不满意的,督查人员会核查。" if said.bad else "谢谢!"}


def _token(ask: Ask) -> str:
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
