"""The page behind the link of a survey: a plain form, once, in the words of the place, telling nothing about a case."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import httpx
import pytest

from domain.appeals.models import Appeal
from domain.areas.models import Area
from domain.clock import now
from domain.sql import fetch
from domain.surveys.models import SurveyInvite, SurveyWave
from tests.api.test_surveys import RESIDENT, opened, post
from tests.support.cast import Cast

pytestmark = pytest.mark.anyio
Move = Callable[[str], None]
WELL = {"solved": "yes", "satisfied": "4", "staff": "active", "comment": ""}
FIELDS = ("solved", "satisfied", "staff", "comment")


async def link(cast: Cast, at: Move) -> tuple[str, SurveyInvite]:
    """The path of a link in a wave of one, and the invite that it is for."""
    at("2026-06-01T10:00")
    appeal = await cast.appeal()
    day = date(2026, 5, 31)
    wave = await SurveyWave.create(
        name="六月四问", area_path=(await Area.get(code="360781")).path, closed_from=day, closed_to=day, stratum="unit",
        modes=["link"], seed=1, population=1, size=1, opened_at=now(), opened_by="staff:test",
        expires_at=now() + timedelta(days=15),
    )  # fmt: skip
    invite = await SurveyInvite.create(
        wave_id=wave.id, appeal_id=appeal["id"], case_id=await cast.case_of(appeal), stratum=""
    )
    return await fresh(cast, invite.id), invite


async def fresh(cast: Cast, invite_id: UUID | str) -> str:
    """The path of a new link of an invite; the one before it is void."""
    made = await post(cast, f"survey-invites/{invite_id}/link")
    assert made.status_code == 201, made.text
    return str(made.json()["path"])


async def fill(cast: Cast, path: str, **form: str) -> httpx.Response:
    return await cast.anybody().post(path, data=form)


def chosen(page: httpx.Response) -> list[tuple[str, str]]:
    """The replies that stand chosen in the form."""
    return re.findall(r'name="(\w+)" value="(\w+)" checked', page.text)


@pytest.mark.mechanism("000-16")
async def test_the_link_opens_the_four_questions_and_takes_the_answers_once(cast: Cast, at: Move) -> None:
    _, invites = await opened(cast, at, 1)
    path = await fresh(cast, invites[0]["id"])
    page = await cast.anybody().get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "form-action 'self'" in page.headers["content-security-policy"]
    asked = (await cast.anybody().get(f"{RESIDENT}/surveys/{path.removeprefix('/s/')}")).json()
    for question in asked["questions"]:
        assert question["text"] in page.text
        assert all(text in page.text for text in question["choices"].values())
    assert [field for field in FIELDS if f'name="{field}"' not in page.text] == []
    assert "6月16日前" in page.text
    assert asked["privacy"] in page.text
    assert chosen(page) == [], "nothing is filled in beforehand"
    thanks = await fill(cast, path, **WELL)
    assert (thanks.status_code, "谢谢您" in thanks.text, "督查人员" in thanks.text) == (201, True, False)
    kept = await SurveyInvite.get(id=invites[0]["id"])
    assert (kept.mode, kept.solved, kept.satisfied, kept.staff) == ("link", "yes", 4, "active")
    again = await fill(cast, path, **{**WELL, "solved": "no"})
    assert (again.status_code, "您已经答过了" in again.text) == (410, True)
    assert (await cast.anybody().get(path)).content == again.content
    assert (await SurveyInvite.get(id=kept.id)).solved == "yes"


async def test_a_bad_answer_is_thanked_for_and_opens_supervision(cast: Cast, at: Move) -> None:
    path, invite = await link(cast, at)
    thanks = await fill(cast, path, solved="no", satisfied="1", staff="inactive", comment=" 没人来\r\n一直等 ")
    assert (thanks.status_code, "督查人员会核查" in thanks.text) == (201, True)
    assert (await SurveyInvite.get(id=invite.id)).comment == "没人来\n一直等"
    supervised = await fetch("SELECT case_id, trigger FROM supervisions")
    assert [(str(row["case_id"]), row["trigger"]) for row in supervised] == [(str(invite.case_id), "survey")]


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({}, ["solved", "satisfied", "staff"]),
        ({**WELL, "satisfied": ""}, ["satisfied"]),
        ({**WELL, "satisfied": "6"}, ["satisfied"]),
        ({**WELL, "satisfied": "4.5", "comment": "写好的话"}, ["satisfied"]),
        ({**WELL, "solved": "<b>yes", "staff": "x"}, ["solved", "staff"]),
        ({**WELL, "comment": "长" * 2001}, ["comment"]),
    ],
)
async def test_a_mistake_stands_beside_its_question_and_the_rest_is_kept(
    cast: Cast, at: Move, form: dict[str, str], wrong: list[str]
) -> None:
    path, invite = await link(cast, at)
    page = await fill(cast, path, **form)
    assert page.status_code == 422
    assert re.findall(r'aria-describedby="(\w+)-trouble"', page.text) == wrong
    assert re.findall(r'id="(\w+)-trouble"', page.text) == wrong
    assert chosen(page) == [(name, form[name]) for name in FIELDS[:3] if name in form and name not in wrong]
    assert f">{form.get('comment', '')}</textarea>" in page.text
    assert "<b>yes" not in page.text
    assert (await SurveyInvite.get(id=invite.id)).answered_at is None
    assert (await fill(cast, path, **WELL)).status_code == 201


async def test_two_thousand_characters_over_several_lines_are_not_too_long(cast: Cast, at: Move) -> None:
    path, invite = await link(cast, at)
    lines = "\n".join(["字" * 99] * 20)  # a browser counts a line break as one and sends two characters
    assert (await fill(cast, path, **{**WELL, "comment": lines.replace("\n", "\r\n")})).status_code == 201
    assert (await SurveyInvite.get(id=invite.id)).comment == lines


async def test_unknown_malformed_and_revoked_links_look_alike_and_an_expired_one_says_so(cast: Cast, at: Move) -> None:
    path, invite = await link(cast, at)
    newer = await fresh(cast, invite.id)
    refused = [await cast.anybody().get(each) for each in (path, "/s/x", f"/s/{'A' * 22}", f"/s/{'字' * 22}")]
    refused.append(await fill(cast, path, **WELL))
    assert {page.status_code for page in refused} == {404}
    assert len({page.content for page in refused}) == 1
    assert "tel:12345" in refused[0].text
    at("2026-06-17T10:00")
    late = [await cast.anybody().get(newer), await fill(cast, newer, **WELL), await fill(cast, newer)]
    assert [(page.status_code, "已经结束" in page.text) for page in late] == [(410, True)] * 3
    assert await SurveyInvite.filter(answered_at__not_isnull=True).count() == 0


@pytest.mark.parametrize("body", [b"\xff\xfe=\x80", b"solved=%ff&satisfied=%00&staff=%ed%a0%80", b"--x\r\n", b""])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
async def test_a_body_that_is_no_form_is_an_empty_form(cast: Cast, at: Move, body: bytes, kind: str) -> None:
    path, _ = await link(cast, at)
    page = await cast.anybody().post(path, content=body, headers={"content-type": kind})
    assert page.status_code == 422
    assert "还没有选" in page.text


async def test_the_page_names_nobody_and_no_case_and_words_are_never_markup(cast: Cast, at: Move) -> None:
    path, invite = await link(cast, at)
    await SurveyWave.all().update(name='<img src=x onerror="alert(1)">')
    text = (await cast.anybody().get(path)).text
    assert "&lt;img" in text
    assert re.findall(r"<img|<script|\son[a-z]+=\"|<style|https?://", text) == []
    appeal = await Appeal.get(id=invite.appeal_id)
    for hidden in (appeal.number, appeal.content, str(invite.case_id), str(invite.id), str(appeal.id)):
        assert hidden not in text
    kept = await fill(cast, path, comment="</textarea><script>alert(1)</script>")
    assert "<script" not in kept.text
    assert "&lt;/textarea&gt;" in kept.text
