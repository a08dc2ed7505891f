"""The page behind a plate as a browser receives it: size, caching, escaping, what it must not tell, the plain form."""

import gzip
import re

import httpx
import pytest

from domain.access.models import Session
from domain.appeals.models import Appeal, Appellant
from domain.areas.models import Area
from domain.households.models import Household, HouseholdCode
from tests.support.cast import Cast

pytestmark = pytest.mark.anyio

BUDGET = 25_000
VILLAGE = "360781100001"


async def open_page(cast: Cast, code: str, **headers: str) -> httpx.Response:
    return await cast.anybody().get(f"/h/{code}", headers=headers)


def key_of(page: httpx.Response) -> str:
    """The hidden key of the plain form."""
    found = re.search(r'name="key" value="([^"]+)"', page.text)
    assert found
    return found[1]


@pytest.mark.mechanism("002-03")
async def test_the_page_names_village_grid_worker_and_hotline_and_no_resident(cast: Cast) -> None:
    page = await open_page(cast, await cast.plate())
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    for shown in ("瑞金市民意速办", "解放路居委会", "第1网格", "邱小兰", "tel:13800000001", "tel:12345"):
        assert shown in page.text
    household = await Household.filter(village_code=VILLAGE).first()
    assert household is not None
    for hidden in (household.head_name, household.phone, household.serial, household.door_text, str(household.id)):
        assert hidden not in page.text


async def test_all_of_it_weighs_little_and_the_assets_are_kept_for_ever(cast: Cast) -> None:
    page = await open_page(cast, await cast.plate(), **{"accept-encoding": "gzip"})
    assets = re.findall(r'(?:src|href)="(/m/[^"]+)"', page.text)
    assert len(assets) == 2
    total = len(gzip.compress(page.content, 6))
    for address in assets:
        asset = await cast.anybody().get(address, headers={"accept-encoding": "gzip"})
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]
        assert asset.headers["content-encoding"] == "gzip"
        total += len(gzip.compress(asset.content, 9))
        plain = await cast.anybody().get(address, headers={"accept-encoding": "identity"})
        assert plain.content == asset.content
        stale = await cast.anybody().get(address.split("?")[0] + "?v=older")
        assert stale.headers["cache-control"] == "no-cache"
    assert total <= BUDGET
    assert (await cast.anybody().get("/m/page.py")).status_code == 404


async def test_no_script_and_no_style_stands_in_the_page_and_nothing_comes_from_elsewhere(cast: Cast) -> None:
    text = (await open_page(cast, await cast.plate())).text
    assert re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text) == []
    assert re.findall(r"\son[a-z]+=|<style|https?://", text) == []


async def test_names_from_the_register_are_text_never_markup(cast: Cast) -> None:
    code = await cast.plate()
    await Area.filter(code=VILLAGE).update(name='<img src=x onerror="alert(1)">')
    page = await open_page(cast, code)
    assert "<img" not in page.text
    assert "&lt;img" in page.text


async def test_unknown_codes_look_alike_and_a_dead_one_shows_the_hotline_and_no_place(cast: Cast) -> None:
    forged = await open_page(cast, "A" * 32)
    short = await open_page(cast, "abc")
    assert (forged.status_code, short.status_code) == (404, 404)
    assert forged.content == short.content
    code = await cast.plate()
    await HouseholdCode.all().update(state="revoked")
    dead = await open_page(cast, code)
    assert dead.status_code == 410
    assert "tel:12345" in dead.text
    assert "解放路" not in dead.text


async def post_form(cast: Cast, code: str, **form: str) -> httpx.Response:
    return await cast.anybody().post(f"/h/{code}", data=form)


async def test_the_plain_form_files_once_however_often_it_is_sent(cast: Cast) -> None:
    code = await cast.plate()
    form = {"key": key_of(await open_page(cast, code)), "kind": "complaint", "content": "井盖坏了", "topic": "0903",
            "name": "李婶", "phone": "138 0000 0009", "identity": "", "urgent_reason": ""}  # fmt: skip
    first, again = await post_form(cast, code, **form), await post_form(cast, code, **form)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    appeal = await Appeal.get(content="井盖坏了")
    assert appeal.number in first.text
    assert (appeal.kind, appeal.channel, appeal.identity) == ("complaint", "household_qr", "hidden_from_handler")
    assert (await Appellant.get(appeal_id=appeal.id)).phone == "13800000009"
    other = await post_form(cast, code, **{**form, "content": "又一件"})
    assert other.status_code == 422
    assert "重新扫码" in other.text
    assert not await Appeal.exists(content="又一件")
    assert await Session.all().count() == 0


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"kind": "help", "content": "  "}, "请说一下您要反映的事情"),
        ({"kind": "help", "content": "有事", "phone": "12"}, "电话号码不对"),
        ({"kind": "nonsense", "content": "有事"}, "没有选好"),
        ({"kind": "help", "content": "字" * 10_000}, "太长"),
        ({"kind": "help", "content": "有事", "topic": "7777"}, "没有这个问题类别"),
        ({}, "没有选好"),
    ],
)
async def test_a_plain_form_with_a_mistake_comes_back_with_what_was_written(
    cast: Cast, form: dict[str, str], told: str
) -> None:
    page = await post_form(cast, await cast.plate(), **form)
    assert page.status_code == 422
    assert told in page.text
    assert form.get("content", "") in page.text
    assert not await Appeal.exists(content=form.get("content", ""))


async def test_the_plain_form_of_an_unknown_or_dead_plate_files_nothing(cast: Cast) -> None:
    assert (await post_form(cast, "A" * 32, kind="help", content="假门牌")).status_code == 404
    code = await cast.plate()
    await HouseholdCode.all().update(state="lost")
    assert (await post_form(cast, code, kind="help", content="假门牌")).status_code == 410
    assert not await Appeal.exists(content="假门牌")
