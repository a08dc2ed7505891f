"""Resident door: how to be heard here, open to everybody: channels, steps, time limits, numbers, how to ask what became
of it (000-03, 《信访工作条例》 art 18)."""

from typing import Annotated, Any

from msgspec import Meta

from domain.appeals.words import CLOCKS
from domain.areas.queries import served
from domain.deadlines.tracks import Clock, Track
from domain.problems import invalid
from domain.rulebook import Rulebook, rulebook
from miniprogram_api.topics import CACHED
from web.bodies import Strict
from web.routes import PUBLIC, Answer, Ask, Route

STEPS = (
    ("反映", "扫门牌上的码、打热线或请网格员代办;说几句话或录一段音就行,可以不留姓名。"),
    ("受理", "马上给您编号和查询码;到期限前告诉您是否受理,不受理会写明原因和该找谁。"),
    ("办理", "交给负责的单位,单位会联系您、查清情况、处理。"),
    ("答复", "由另一人审核后答复您,写明查到的事实和依据。"),
    ("评价", "答复后 {window} 天内{else}由您评价过程和结果;不满意会督办并重新办理。"),
)
ELSEWHERE = "(当地另有规定的,以诉求页面写明的日期为准)"
PROGRESS = "登录后在“我的诉求”查看;没有手机的,凭编号和查询码在任何一台手机上查,或者拨打 {hotline}。"
RIGHTS = (
    "反映问题不收费,不限次数,任何人不得压制、打击报复。",
    "投诉、举报默认对承办单位隐藏您的身份;谁看过您的身份信息,您都能查到。",
    "随时可以催办、补充、撤回;对结果不满意可以提出异议。",
)


class GuideOf(Strict):
    """The place whose rules are asked for: the code of any area; none for those of the whole deployment."""

    area_code: Annotated[str, Meta(min_length=1, max_length=20)] | None = None


async def read_guide(ask: Ask) -> Answer:
    """Everything that has to be public about the way an appeal takes at a place, by the rules in force there."""
    query: GuideOf = ask.query
    place = await served(query.area_code) if query.area_code else None
    if query.area_code and place is None:
        raise invalid("area_code", "没有这个地区")
    book = rulebook().for_area(place.path) if place else rulebook()
    differs = place is None and any(one.rating_window_days != book.rating_window_days for one in book.overlays.values())
    values = {"window": book.rating_window_days, "hotline": book.hotline, "else": ELSEWHERE if differs else ""}
    guide = {
        "name": book.name,
        "hotline": book.hotline,
        "emergency_numbers": list(book.emergency_numbers),
        "channels": [{"code": code, "name": name} for code, name in book.channels.items()],
        "steps": [{"name": name, "text": text.format(**values)} for name, text in STEPS],
        "limits": _limits(book),
        "progress": PROGRESS.format(**values),
        "rights": list(RIGHTS),
    }
    return Answer(guide, headers=CACHED)


async def read_emergencies(ask: Ask) -> Answer:
    """The four kinds of emergencies with the numbers to call: what a client shows before any form (001-10)."""
    book = rulebook()
    items = [
        {"code": one.code, "name": one.name, "numbers": list(one.numbers), "text": book.call_first(one)["text"]}
        for one in book.emergencies.values()
    ]
    return Answer({**book.call_first(), "items": items, "hotline": book.hotline}, headers=CACHED)


def _limits(book: Rulebook) -> list[dict[str, Any]]:
    """The tracks for appeals; those of grid events are owed to the county, not to a person."""
    used = [rule.track for rule in book.track_rules if "appeal" in rule.when.get("kind", ("appeal",))]
    return [_track(book.tracks[code]) for code in dict.fromkeys(used)]


def _track(track: Track) -> dict[str, Any]:
    return {
        "code": track.code,
        "name": track.name,
        "basis": track.basis,
        "clocks": [_clock(clock) for clock in track.clocks.values()],
    }


def _clock(clock: Clock) -> dict[str, str]:
    return {"kind": clock.name.value, "name": CLOCKS[clock.name.value], "limit": clock.limit.text}


ROUTES = (
    Route(
        method="GET",
        path="/guide",
        handler=read_guide,
        query=GuideOf,
        gate=PUBLIC,
        reads=True,
        summary="怎样反映、多久答复、怎样查询",
    ),
    Route(method="GET", path="/emergencies", handler=read_emergencies, gate=PUBLIC, reads=True,
          summary="紧急情况先打什么电话"),
)  # fmt: skip
