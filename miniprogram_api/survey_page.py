"""The page that the link of a survey opens: the four questions as one plain form, without a script and without signing
in. It tells no more than the JSON of the same link: nothing about the person or the case."""

from typing import Any

import msgspec

from domain.problems import NotFound, SurveyOver
from domain.rulebook import rulebook
from domain.surveys.answers import FourAnswers, answer_by_link, by_token
from domain.surveys.models import SurveyWave
from domain.surveys.waves import LINK_PATH
from domain.text import clean_text
from miniprogram_api.page import HTML, render
from miniprogram_api.surveys import COMMENT, Answers, link_token, questions
from web.routes import PUBLIC, Answer, Ask, Limit, Route
from web.shapes import local

# A carrier's gateway brings thousands of phones from one address; nobody guesses 128 bits.
_LIMIT = (Limit("survey-page", 600, 60),)
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


async def open_survey(ask: Ask) -> Answer:
    """The form of a live link; one same page for every link that we never gave or took back."""
    wave = await _live(ask)
    return wave if isinstance(wave, Answer) else _form(wave, ask.path["token"], {}, {})


async def take_answers(ask: Ask) -> Answer:
    """Take the form, once; with a mistake it comes back with what was entered and the reason beside the question."""
    wave = await _live(ask)
    if isinstance(wave, Answer):
        return wave
    form = ask.request.form or {}
    given = {name: str(form.get(name) or "") for name in Answers.__struct_fields__}
    given["comment"] = clean_text(given["comment"])
    said, wrong = _read(given)
    if wrong:
        return _form(wave, ask.path["token"], given, wrong)
    try:
        _, bad = await answer_by_link(link_token(ask), FourAnswers(**said))
    except SurveyOver as over:  # another tap was quicker
        return _closed(over)
    return _end(201, "thanks", bad=bad)


async def _live(ask: Ask) -> SurveyWave | Answer:
    """The wave of a link that may be answered, or the page that says why it may not."""
    try:
        return (await by_token(link_token(ask)))[1]
    except NotFound:
        return _end(404, "unknown")
    except SurveyOver as over:
        return _closed(over)


def _read(given: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers, and what is wrong with which other one: `missing` (or none of the choices), `long`."""
    said, wrong = {}, {}
    for field in msgspec.structs.fields(Answers):
        try:
            said[field.name] = msgspec.convert(given[field.name], field.type, strict=False)
        except msgspec.ValidationError:
            wrong[field.name] = "long" if field.name == "comment" else "missing"
    return said, wrong


def _form(wave: SurveyWave, token: str, given: dict[str, str], wrong: dict[str, str]) -> Answer:
    asked = questions(wave.area_path)
    return _page(
        422 if wrong else 200, "survey.html", action=LINK_PATH + token, wave=wave.name, asked=asked, given=given,
        wrong=wrong, longest=COMMENT, until=local(wave.expires_at),
    )  # fmt: skip


def _closed(over: SurveyOver) -> Answer:
    return _end(410, "answered" if over.details.get("answered") else "expired")


def _end(status: int, end: str, *, bad: bool = False) -> Answer:
    return _page(status, "survey_end.html", end=end, bad=bad)


def _page(status: int, template: str, **values: Any) -> Answer:
    book = rulebook()
    page = render(template, title="四问调查", name=book.name, hotline=book.hotline, **values)
    return Answer(raw=page, status=status, headers=_HEADERS, content_type=HTML)


ROUTES = [
    Route(method="GET", path=LINK_PATH + "<token:str>", handler=open_survey, gate=PUBLIC, reads=True, also=(404, 410),
          limit=_LIMIT, content_type=HTML, summary="问卷链接打开的页面"),
    Route(method="POST", path=LINK_PATH + "<token:str>", handler=take_answers, gate=PUBLIC, replay=False, status=201,
          also=(404, 410, 422), limit=_LIMIT, content_type=HTML, summary="填写四问调查(网页)"),
]  # fmt: skip
