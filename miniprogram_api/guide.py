"""Resident door: how to be heard here, open to everybody: channels, steps, time limits, numbers, how to ask what became
of it (000-03, 《信访工作条例》 art 18)."""

from typing import Any

from domain.appeals.words import CLOCKS
from domain.deadlines.tracks import Clock, Track
from domain.rulebook import Rulebook, rulebook
from miniprogram_api.topics import CACHED
from web.routes import PUBLIC, Answer, Ask, Route

STEPS = (
    ("反映", "扫门牌上的码、打热线或请网格员代办;说几句话或录一段音就行,可以不留姓名。"),
    ("受理", "马上给您编号和查询码;到期限前告诉您是否受理,不受理会写明原因和该找谁。"),
    ("办理", "交给负责的单位,单位会联系您、查清情况、处理。"),
    ("答复", "由另一人审核后答复您,写明查到的事实和依据。"),
    ("评价", "答复后 {window} 天内由您评价过程和结果;不满意会督办并重新办理。"),
)
PROGRESS = "登录后在“我的诉求”查看;没有手机的,凭编号和查询码在任何一台手机上查,或者拨打 {hotline}。"
RIGHTS = (
    "反映问题不收费,不限次数,任何人不得压制、打击报复。",
    "投诉、举报默认对承办单位隐藏您的身份;谁看过您的身份信息,您都能查到。",
    "随时可以催办、补充、撤回;对结果不满意可以提出异议。",
)


async def read_guide(ask: Ask) -> Answer:
    """Everything that has to be public about the way an appeal takes."""
    book = rulebook()
    values = {"window": book.rating_window_days, "hotline": book.hotline}
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
        gate=PUBLIC,
        reads=True,
        summary="怎样反映、多久答复、怎样查询",
    ),
    Route(method="GET", path="/emergencies", handler=read_emergencies, gate=PUBLIC, reads=True,
          summary="紧急情况先打什么电话"),
)  # fmt: skip
