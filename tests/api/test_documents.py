"""Documents of a case: opinion, notices and the closure report, as Word and PDF that people can read."""

import io
from typing import Any

import httpx
import pypdfium2
import pytest
from docx import Document  # type: ignore[import-untyped]

from domain.sql import fetch
from server.rules import stable_id
from tests.support.cast import DESK, Cast
from tests.support.life import CITY, REGISTER, bring_to

pytestmark = pytest.mark.anyio


async def get(cast: Cast, case_id: str, name: str, login: str = "handler", **query: str) -> httpx.Response:
    return await (await cast.staff(login)).get(f"{DESK}/cases/{case_id}/documents/{name}", params=query)


async def post(cast: Cast, path: str, login: str = "supervisor", **body: Any) -> httpx.Response:
    return await (await cast.staff(login)).post(f"{DESK}/{path}", json=body)


def words(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    if answer.content.startswith(b"%PDF"):
        pages = pypdfium2.PdfDocument(answer.content)
        return "".join(pages[n].get_textpage().get_text_bounded() for n in range(len(pages))).replace("\r\n", "")
    return "".join(paragraph.text for paragraph in Document(io.BytesIO(answer.content)).paragraphs)


@pytest.mark.mechanism("003-14")
@pytest.mark.parametrize("form", ["docx", "pdf"])
async def test_the_opinion_states_request_facts_opinion_basis_and_remedies(cast: Cast, form: str) -> None:
    case_id = await bring_to(cast, "answered", content="村口{{ 路灯 }}坏了 <b>& 看不见路")
    text = words(await get(cast, case_id, f"opinion.{form}"))
    for part in (
        CITY, "诉求办理答复意见书", "村口{{ 路灯 }}坏了 <b>& 看不见路", "三盏灯灯泡损坏", "路灯已于今日修好。",
        "《城市道路照明设施管理规定》第八条", "三十日内", "市政府办", "12345",
    ):  # fmt: skip
        assert part in text, (part, text)


async def test_a_statutory_case_gets_the_opinion_of_the_regulation(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered")
    await fetch("UPDATE cases SET handling_track = 'STATUTORY' WHERE id = $1 RETURNING id", [case_id])
    text = words(await get(cast, case_id, "opinion.docx"))
    assert "信访事项处理意见书" in text
    assert "《信访工作条例》第三十五条" in text


async def test_a_long_opinion_flows_over_pages_and_lines_begin_with_no_closing_mark(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered", content="这条路从去年起就坏了,一直没有人来修,大家都很着急。" * 60)
    answer = await get(cast, case_id, "opinion.pdf")
    pages = pypdfium2.PdfDocument(answer.content)
    assert len(pages) >= 3
    lines = "\r\n".join(pages[n].get_textpage().get_text_bounded() for n in range(len(pages))).split("\r\n")
    assert [line for line in lines if line[:1] in ",。、;"] == []


async def test_the_name_is_opened_only_with_a_purpose_and_the_appellant_sees_it(cast: Cast) -> None:
    case_id = await bring_to(cast, "answered", contact={"name": "李满仓", "phone": "13900001111"})
    assert "李满仓" not in words(await get(cast, case_id, "opinion.docx"))
    named = words(await get(cast, case_id, "opinion.docx", purpose="送达处理意见书"))
    assert "李满仓:" in named
    log = await fetch("SELECT purpose FROM access_log")
    assert [row["purpose"] for row in log] == ["送达处理意见书"]
    assert (await get(cast, case_id, "opinion.docx", "reviewer", purpose="送达处理意见书")).status_code == 403


async def test_notices_of_acceptance_and_of_refusal(cast: Cast) -> None:
    accepted = await bring_to(cast, "dispatched")
    text = words(await get(cast, accepted, "acceptance.pdf", "dispatcher"))
    for part in ("受理告知书", CITY, "您可以随时查询进展"):
        assert part in text, part
    refused = await bring_to(cast, "submitted")
    await cast.act("dispatcher", refused, "register", **REGISTER)
    assert (await get(cast, refused, "non-acceptance.docx", "dispatcher")).json()["missing"] == ["不予受理决定"]
    body = {"reason_code": "not_ours", "next_channel": "市人民法院", "reason": "已进入诉讼程序"}
    for login in ("dispatcher", "dispatcher2"):
        await cast.act(login, refused, "not-accept", **body)
    text = words(await get(cast, refused, "non-acceptance.docx", "dispatcher"))
    assert "已进入诉讼程序" in text
    assert "市人民法院" in text


async def test_documents_are_refused_early_out_of_scope_and_by_unknown_name(cast: Cast) -> None:
    early = await bring_to(cast, "signed")
    assert (await get(cast, early, "opinion.pdf")).json()["missing"] == ["答复"]
    assert (await get(cast, early, "opinion.exe")).status_code == 404
    assert (await get(cast, early, "secret.docx")).status_code == 404
    assert (await get(cast, early, "opinion.docx", "handler2")).status_code == 404
    assert (await get(cast, early, "opinion.docx", "admin")).status_code == 403
    assert (await get(cast, early, "opinion.docx", appeal_id="x")).status_code == 422


async def test_a_closure_report_goes_up_and_its_receipt_comes_back(cast: Cast) -> None:
    case_id = await bring_to(cast, "signed")
    sent = {"recipient": "赣州市信访局", "text": "该事项已办结,群众满意。"}
    assert (await post(cast, f"cases/{case_id}/closure-reports", **sent)).json()["missing"] == ["答复"]
    case_id = await bring_to(cast, "closed")
    assert (await post(cast, f"cases/{case_id}/closure-reports", "handler", **sent)).status_code == 403
    assert (await post(cast, f"cases/{case_id}/closure-reports", recipient="")).status_code == 422
    assert (await get(cast, case_id, "closure-report.docx")).json()["missing"] == ["上报"]
    report = await post(cast, f"cases/{case_id}/closure-reports", **sent)
    assert report.status_code == 201
    assert (await post(cast, f"cases/{case_id}/closure-reports", **sent)).status_code == 409
    text = words(await get(cast, case_id, "closure-report.pdf", "supervisor"))
    for part in ("赣州市信访局:", "诉求合理,解决问题到位", "已解决,结果评价 5 分", "群众满意"):
        assert part in text, part
    waiting = (await (await cast.staff("supervisor")).get(f"{DESK}/closure-reports?received=false")).json()["items"]
    assert [row["id"] for row in waiting] == [report.json()["id"]]
    receipt = await post(cast, f"closure-reports/{report.json()['id']}/receipt", number="赣信收〔2026〕12号")
    assert receipt.json()["receipt_number"] == "赣信收〔2026〕12号"
    assert receipt.json()["received_at"]
    assert (await post(cast, f"closure-reports/{case_id}/receipt", number="x")).status_code == 404


@pytest.mark.mechanism("003-12")
@pytest.mark.parametrize("form", ["docx", "pdf"])
async def test_minutes_are_a_document_under_the_header_of_the_office_that_kept_them(cast: Cast, form: str) -> None:
    case_id = await bring_to(cast, "handling")
    people = {name: str(stable_id("staff", name)) for name in ("leader", "handler", "unitlead")}
    minutes = {"held_on": "2026-03-12", "chair_id": people["leader"], "attendees": [people["unitlead"], people["handler"]],
               "strategy": "先装临时灯,{{ 再改 }}线路", "decisions": "一、城管局牵头。\n二、供电所配合。",
               "due_on": "2026-03-20"}  # fmt: skip
    made = (await post(cast, f"cases/{case_id}/minutes", **minutes)).json()["id"]
    path = f"{DESK}/cases/{case_id}/minutes/{made}/minutes"
    reader = await cast.staff("handler")
    answer = await reader.get(f"{path}.{form}")
    text = words(answer)
    number = (await fetch("SELECT number FROM cases WHERE id = $1", [case_id]))[0]["number"]
    for part in (
        "督查考评科", f"工单 {number}", "专题会议纪要", "2026年3月12日", "丁远航主持", "谢建国、钟志强", "先装临时灯,{{ 再改 }}线路",
        "一、城管局牵头。", "二、供电所配合。", CITY, "2026年3月20日前化解",
    ):  # fmt: skip
        assert part in text, (part, text)
    assert f'filename="minutes.{form}"' in answer.headers["content-disposition"]
    assert (await (await cast.staff("handler2")).get(f"{path}.{form}")).status_code == 404
    assert (await (await cast.staff("admin")).get(f"{path}.{form}")).status_code == 403
    other = await bring_to(cast, "submitted")
    for wrong in (path.replace(case_id, other), path.replace(made, other), path.replace(made, "x"), path[:-7] + "opinion"):
        assert (await reader.get(f"{wrong}.{form}")).status_code == 404, wrong
    assert (await (await cast.staff("supervisor")).get(f"{path.replace(case_id, other)}.{form}")).status_code == 404
    assert (await reader.get(f"{path}.exe")).status_code == 404
