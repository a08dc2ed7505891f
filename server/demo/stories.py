"""What happened in the demo's county in the last weeks: cases of every state, told as data and played through the
very actions that the doors call, each step at its own past instant."""

from dataclasses import dataclass, field
from typing import Any

Step = tuple[float, str, str, dict[str, Any]]  # hours after the step before, who, action, body

CITY = "市城管局"
WATER = "市水利局"
TOWN = "象湖镇"


@dataclass(frozen=True)
class Story:
    """One case: who said what, where, how many days ago, and what was done."""

    days_ago: float
    village: int
    kind: str
    topic: str
    content: str
    steps: tuple[Step, ...] = ()
    identity: str = "named"
    resident: str = "demo-li"
    urgent: str = ""
    rating: tuple[int, int, str] | None = None
    event: str = ""  # an event type makes it a grid event instead of an appeal
    level: str = "ordinary"
    self_handled: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


def _register(topic: str, kind: str = "help", **more: Any) -> Step:
    body = {"appeal_type": kind, "topic": topic, "petition_class": "appeal_for_decision", **more}
    return (1.5, "dispatcher", "register", body)


ACCEPT: Step = (0.5, "dispatcher", "accept", {})
SIGN: Step = (2, "handler", "sign", {})
CONTACT: Step = (3, "handler", "contact", {"stage": "accept", "mode": "phone", "note": "电话了解情况,约定现场查看。"})
VISIT: Step = (5, "handler", "contact", {"stage": "investigate", "mode": "in_person", "note": "到现场查看,情况属实。"})
GRADE: Step = (1, "handler", "grade", {"grade": "clear", "facts": "现场查看属实,责任清楚,可以马上办理。"})


def _dispatch(unit: str, *co_units: str) -> Step:
    reasons = ["职责清单:该类事项由该单位负责", "属地优先:所在镇协办" if co_units else "单一责任单位"]
    return (1, "dispatcher", "dispatch", {"lead": unit, "co_units": list(co_units), "rule_reasons": reasons})


def _result(text: str, basis: str) -> Step:
    return (20, "handler", "submit-result", {"result": text, "basis": basis, "disposition": "solved_reasonable",
                                             "rectification": text})  # fmt: skip


def _answer(text: str) -> Step:
    return (2, "reviewer", "answer", {"text": text})


MEET: Step = (3, "handler", "contact", {"stage": "answer", "mode": "phone", "note": "告知办理结果,对方表示清楚。"})
FOLLOW: Step = (4, "handler", "follow-up", {"note": "次日回访,路灯正常。"})
CALL_GOOD: Step = (
    6, "callback", "callback",
    {"reached": True, "solved": "yes", "process": 5, "result": 5, "staff": "active", "comment": "办得快,谢谢。"},
)  # fmt: skip

LAMP = (_dispatch(CITY), SIGN, CONTACT, VISIT, GRADE)
LAMP_DONE = (
    _register("0906"), ACCEPT, *LAMP,
    _result("更换路灯灯头 2 个,检修线路,当晚恢复照明。", "《城市照明管理规定》"),
    _answer("您反映的路灯不亮问题已修复:更换灯头 2 个并检修线路,当晚恢复照明。今后再有不亮,可随时扫码反映。"),
)  # fmt: skip

STORIES: tuple[Story, ...] = (
    Story(0.1, 0, "help", "0906", "一组路口的路灯三天不亮了,晚上老人出门看不见路。"),
    Story(0.2, 1, "consult", "0401", "母亲八十二岁,想问高龄津贴怎么申请,要带什么材料?", resident="demo-wang"),
    Story(0.05, 0, "report", "1801", "村后面山坡有新裂缝,下雨怕塌,下面住了三户人。", urgent="可能滑坡,涉及三户人安全"),
    Story(1, 0, "help", "1101", "垃圾桶满了好几天没人收,味道很大。", (_register("1101"),), resident="demo-chen"),
    Story(
        2, 1, "help", "0901", "进村路坑洼,骑车摔了人,请修一下。",
        (_register("0901"), (1, "dispatcher", "ask-info", {"items": ["具体路段(从哪里到哪里)", "有没有照片"]})),
        resident="demo-wang",
    ),
    Story(1.2, 0, "help", "0803", "灌溉渠道堵了,秋种浇不上水。", (_register("0803"), ACCEPT)),
    Story(1.5, 1, "help", "0906", "村文化广场的灯坏了两盏。", (_register("0906"), ACCEPT, _dispatch(CITY, TOWN))),
    Story(2, 0, "help", "1101", "河边有人倒建筑垃圾。", (_register("1101"), ACCEPT, _dispatch(CITY), SIGN)),
    Story(2.5, 1, "help", "0906", "学校门口路灯一直闪。", (_register("0906"), ACCEPT, _dispatch(CITY), SIGN, CONTACT)),
    Story(3, 0, "complaint", "1104", "夜市油烟直排,住户不敢开窗。", (_register("1104", "complaint"), ACCEPT, *LAMP),
          identity="hidden_from_handler", resident="demo-chen"),
    Story(4, 0, "help", "0906", "二组巷子路灯线垂下来了。", LAMP_DONE[:-1]),
    Story(5, 1, "help", "0906", "桥头路灯不亮。", LAMP_DONE, resident="demo-wang"),
    Story(8, 0, "help", "0906", "卫生室门前路灯不亮,晚上看病不方便。",
          (*LAMP_DONE, MEET, FOLLOW, CALL_GOOD), rating=(5, 5, "yes")),
    Story(9, 1, "help", "0906", "村委会旁路灯修了又坏。", LAMP_DONE, resident="demo-wang", rating=(3, 1, "no")),
    Story(
        6, 0, "complaint", "1201", "与某公司的合同纠纷已经起诉,想让政府处理。",
        (_register("1201", "complaint"), (2, "dispatcher", "redirect", {"legal_path": "litigation",
                                                                          "body": "瑞金市人民法院"})),
        resident="demo-chen",
    ),
    Story(
        7, 1, "help", "1002", "高压线塔下的杂树要清理。",
        (_register("1002"), (1, "dispatcher", "transfer-out", {"target": "国网瑞金市供电公司", "basis": "《电力设施保护条例》",
                                                               "contact": "95598"})),
    ),
    Story(
        10, 0, "suggestion", "1103", "建议在广场边放几张长椅,老人歇脚。",
        (_register("1103", "suggestion"),
         (1, "dispatcher", "not-accept", {"reason_code": "already_planned", "next_channel": "象湖镇政府规划建设办公室",
                                          "reason": "此事已列入本年度广场改造项目"}),
         (1, "dispatcher2", "not-accept", {"reason_code": "already_planned", "next_channel": "象湖镇政府规划建设办公室",
                                           "reason": "此事已列入本年度广场改造项目"})),
    ),
    Story(
        3, 1, "thanks", "9901", "测试一下能不能提交。",
        ((1, "dispatcher", "void", {"reason_code": "test"}), (1, "dispatcher2", "void", {"reason_code": "test"})),
    ),
    Story(5, 0, "help", "0906", "菜场路灯不亮。", (_register("0906"), (2, "resident", "withdraw", {"reason": "已经亮了"}))),
    Story(12, 1, "help", "0803", "水渠闸门坏了关不上,田里积水。",
          (_register("0803"), ACCEPT, (1, "dispatcher", "dispatch", {"lead": WATER})), resident="demo-wang"),
    Story(0.3, 0, "", "", "路边井盖移位,已经放了警示牌。", event="E4", level="serious"),
    Story(1, 0, "", "", "楼道堆放杂物。", event="E2", self_handled="当场和住户一起清走,楼道畅通。"),
    Story(2, 0, "", "", "公告栏玻璃碎了。", ((1, "villagedesk", "dispatch", {"lead": CITY}), SIGN), event="E4"),
    Story(
        4, 0, "", "", "路灯杆倾斜。",
        ((1, "dispatcher", "dispatch", {"lead": CITY}), SIGN, CONTACT, GRADE,
         (10, "handler", "submit-result", {"result": "扶正加固路灯杆。"}),
         (5, "supervisor", "inspect", {"passed": True, "note": "现场查看,已加固。"})),
        event="E4",
    ),
)  # fmt: skip
