"""The words of notices: which text belongs to which event, how placeholders are filled, what WeChat and SMS may carry.

What a resident reads comes from the profile (`rulebook().notices`, by the name of the action); what staff read stands
here. A value that is not known takes its clause with it: no notice ever shows an empty placeholder.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from string import Formatter

from domain.rulebook import NoticeText

RESIDENT: dict[str, str] = {
    "appeal.submitted": "submit",
    "case.info-asked": "ask-info",
    "case.accepted": "accept",
    "case.not-accepted": "not-accept",
    "case.redirected": "redirect",
    "case.transferred": "transfer-out",
    "case.voided": "void",
    "case.dispatched": "dispatch",
    "case.answered": "answer",
    "case.reworked": "rework",
    "case.closed": "close",
    "case.escalated": "escalate",
    "appeal.withdrawn": "withdraw",
    "case.merged": "merge",
    "case.held-long-term": "hold-long-term",
    "case.extended": "extend",
    "case.suspended": "suspend",
    "case.regraded": "regrade",
    "supervision.opened": "supervise",
    "review.decided": "review-decided",
    "hearing.ordered": "hearing",
    "hearing.refused": "hearing-refused",
    "hearing.concluded": "hearing-concluded",
}
IMPORTANT = frozenset({"answer", "not-accept", "redirect", "transfer-out", "ask-info", "survey"})
IN_PERSON = frozenset({"answer", "survey"})

STAFF: dict[str, NoticeText] = {
    "case.dispatched": NoticeText("有新工单", "工单 {number} 交你单位主办:{title}。请在 {due_on} 前签收。"),
    "co-unit": NoticeText("有协办工单", "工单 {number} 由 {unit} 主办,请你单位协办:{title}。"),
    "duty.rung": NoticeText("紧急呼叫", "紧急工单 {number} 请立即接办,地点:{place}。接到后请应答。"),
    "duty.unanswered": NoticeText("紧急呼叫无人应答", "紧急工单 {number} 的各级值班人员均未应答:{title}。请立即联系 {unit}。"),
    "case.transferred-down": NoticeText("有转交核实", "工单 {number} 转交你单位核实:{title}。请按期上报核实结果。"),
    "case.verification-reported": NoticeText("核实有进展", "转交核实的工单 {number} 有新进展:{title}。请查看。"),
    "case.verification-judged": NoticeText("核实结果已审", "工单 {number} 的核实结果已由上级单位审看:{title}。请查看。"),
    "case.part-late": NoticeText("协办超期", "工单 {number} 的协办任务已过期限:{title}。请尽快完成。"),
    "case.reworked": NoticeText("工单退回重办", "工单 {number} 群众不满意,退回重办:{title}。请在 {due_on} 前办结。"),
    "case.urged": NoticeText("催办", "工单 {number} 被催办:{title}。请尽快办理,{due_on} 到期。"),
    "appeal.messaged": NoticeText("群众补充了情况", "工单 {number} 的诉求人补充了情况,请查看:{title}。"),
    "appeal.withdrawn": NoticeText("诉求已撤回", "工单 {number} 的诉求人已撤回诉求,无需继续办理。"),
    "supervision.opened": NoticeText("督办", "工单 {number} 已列入督办:{title}。请在 {due_on} 前反馈办理情况。"),
    "office.judgement-opened": NoticeText("首办责任核查", "工单 {number} 群众不满意,请对首办责任作出结论:{title}。"),
    "case.extension-asked": NoticeText("有延期申请", "{unit} 申请延长工单 {number} 的办理时限:{title}。请决定是否同意。"),
    "case.instructed": NoticeText("有领导批示", "工单 {number} 有领导批示:{title}。请按批示办理。"),
    "case.leader-assigned": NoticeText("领导包案", "工单 {number} 已确定领导包案:{title}。"),
    "case.returned": NoticeText("有退单申请", "{unit} 申请退回工单 {number}:{title}。请决定是否同意。"),
    "case.escalated": NoticeText("有提级工单", "工单 {number} 已提级上报:{title}。请分办。"),
    "ladder-step": NoticeText("有提级事项", "工单 {number} 已由本级提级:{title}。请继续做好联系,按程序提请{unit}研究。"),
    "case.converted": NoticeText("事件转为诉求", "工单 {number} 由网格事件转为群众诉求,请审核是否受理:{title}。"),
    "case.contested": NoticeText("对处理决定有异议", "工单 {number} 的诉求人提出异议,请换一位工作人员重新审核。"),
    "appeal.content-flagged": NoticeText("内容待人工复核", "工单 {number} 的内容被提示需要人工复核。诉求照常办理。"),
    "case.info-lapsed": NoticeText("补充期限已过", "工单 {number} 的诉求人没有补充材料,请按现有材料决定是否受理。"),
    "case.closed": NoticeText("您上报的事件已办结", "工单 {number} 已办结:{title}。"),
    "inspect-passed": NoticeText("您上报的事件已验收", "工单 {number} 现场验收通过:{title}。"),
    "inspect-failed": NoticeText("验收未通过", "工单 {number} 现场验收未通过,退回处置:{title}。验收意见:{reason}。"),
    "hearing.requested": NoticeText("有听证申请", "工单 {number} 有听证申请,请决定是否举行:{title}。"),
    "hearing.ordered": NoticeText("听证通知", "工单 {number} 将举行听证,请承办单位派人参加:{title}。"),
    "hearing.member": NoticeText("请您担任听证员", "{time}在{place}举行工单 {number} 的听证,请您作为听证员参加。"),
    "hearing.by-hand": NoticeText("请邀请听证员", "工单 {number} 的听证定于{time}。系统无法通知 {names},请当面或打电话邀请。"),
    "hearing.concluded": NoticeText("听证结论", "工单 {number} 的听证已有结论,请按结论办理:{title}。"),
    "review.requested": NoticeText("有复查复核申请", "工单 {number} 的诉求人申请复查复核,请三个工作日内决定受理。"),
    "retaliation.reported": NoticeText("有打击报复反映", "有群众反映因诉求被打击报复,请 24 小时内与其联系。内容请在系统中查看。"),
    "event.reported": NoticeText("紧急事件", "{place} 上报紧急事件:{event_type}。工单 {number},请立即调度处置。"),
    "case.emergency": NoticeText("应急联动", "{place} 发生{emergency}类应急事件,各联动单位同时接到:工单 {number}。请立即处置。"),
    "case.resources-asked": NoticeText("请求调派人员设备", "工单 {number} 的承办人请求调派人员或设备:{title}。请立即答复。"),
    "case.resources-answered": NoticeText("资源申请有答复", "工单 {number} 的人员、设备申请已有答复,请查看。"),
    "case.filed": NoticeText("即办事项办理结果", "即办事项 {number} 已由 {unit} 办理并回访:{title}。结果请在系统中查看。"),
    "accountability.opened": NoticeText("有责任倒查线索", "有一条关于问题成因和办理责任的线索待核查,内容请在系统中查看。"),
    "membership.bound": NoticeText("有家人绑定了本户", "{plate} 新绑定了一位成员。如果不认识,请拨打 {hotline}。"),
    "household-done": NoticeText("门前的事已办好", "{place} 的问题({event_type})已处理并验收。还有问题,请扫门牌再次反映。"),
}
WARNINGS: dict[str, NoticeText] = {
    "yellow": NoticeText("黄色预警", "工单 {number} 的{clock}时限已过半,{due_on} 到期:{title}。"),
    "orange": NoticeText("橙色预警", "工单 {number} 的{clock}时限将到,{due_on} 到期:{title}。"),
    "red": NoticeText("红色预警:已超期", "工单 {number} 的{clock}已于 {due_on} 超期:{title}。"),
    "urge": NoticeText("超期催办", "工单 {number} 的{clock}已超期一个工作日以上,应于 {due_on} 完成:{title}。"),
    "supervision": NoticeText("超期督办", "工单 {number} 的{clock}严重超期,应于 {due_on} 完成,已自动督办:{title}。"),
    "principal": NoticeText("超期提请主要负责人", "工单 {number} 的{clock}长期超期,应于 {due_on} 完成:{title}。请亲自过问。"),
}
CLOCKS = {
    "accept": "受理", "sign": "签收", "first_contact": "首次联系", "handling": "办理", "callback": "回访", "rework": "重办",
    "closing": "闭环办结", "aim": "办理", "answer": "答复", "review": "挂账研究", "instructed": "批示交办",
    "return_decision": "退单决定",
    "review.accept": "复查受理", "review.decide": "复查决定", "rereview.accept": "复核受理", "rereview.decide": "复核决定",
    "hearing.hold": "听证", "retaliation.contact": "打击报复反映首次联系", "first_handler.verdict": "首办责任核查",
}  # fmt: skip
VOID_REASONS = {"spam": "无实际诉求", "test": "测试信息", "duplicate_entry": "重复录入"}
LEGAL_PATHS = {
    "litigation": "诉讼", "arbitration": "仲裁", "reconsideration": "行政复议", "prosecution": "检察监督",
    "police": "公安机关", "party": "党组织", "administrative": "行政程序",
}  # fmt: skip

_CLAUSE = re.compile("[^,;\uff0c\uff1b]+[,;\uff0c\uff1b]?")  # full-width ones too: profiles are written by hand
_SENTENCE = re.compile("[^。!\uff01]+[。!\uff01]?")
_ENDS = "。!\uff01"
_PAUSES = ",;\uff0c\uff1b"
_ASKED = "?!\uff1f\uff01"
_TRANSFER = re.compile(r"已转送(?P<unit>.+?)办理\((?P<reason>.+)\)(?:,联系方式:(?P<contact>.+))?。", re.DOTALL)
_NEXT = "建议途径:"


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill a template; a clause whose value is missing or empty is left out. The template sets the stops: what a value
    ends with makes way for them."""
    told = {name: value.strip().rstrip("。" + _PAUSES) for name, value in values.items()}
    sentences = (_sentence(found, told) for found in _SENTENCE.findall(template))
    return "".join(sentence for sentence in sentences if sentence)


def _sentence(sentence: str, values: Mapping[str, str]) -> str:
    end = sentence[-1] if sentence[-1] in _ENDS else ""
    clauses = _CLAUSE.findall(sentence.removesuffix(end))
    kept = "".join(clause.format_map(values) for clause in clauses if _known(clause, values)).rstrip(_PAUSES)
    if not kept.strip():
        return ""
    return kept if kept[-1] in _ASKED else kept + end


def _known(clause: str, values: Mapping[str, str]) -> bool:
    return all(values.get(name) for _, name, _, _ in Formatter().parse(clause) if name)


def day(on: date) -> str:
    """A day as people write it: 2026年3月18日."""
    return f"{on.year}年{on.month}月{on.day}日"


def spoken(name: str, text: str, data: Mapping[str, object]) -> dict[str, str]:
    """The placeholders that an officer's own words fill: items, reason, next_channel, unit."""
    if name == "ask-info":
        return {"items": text.removeprefix("请补充:")}
    if name == "not-accept":
        reason, _, channel = text.partition(_NEXT)
        return {"reason": reason.rstrip("。") or str(data.get("reason_code", "")), "next_channel": channel}
    if name == "hold-long-term":
        return {"reason": text.partition("\n")[0].rstrip("。"), "due_on": _day_of(data.get("review_on"))}
    if name == "review-decided":
        words = {"upheld": "维持原意见", "changed": "变更原意见", "redo": "责令重新办理", "revoked": "撤销原意见"}
        step = "(复核,终结)" if data.get("step") == "rereview" and data.get("state") != "redo" else ""
        return {"result": words.get(str(data.get("state")), "") + step}
    if name in {"hearing", "hearing-refused", "hearing-concluded"}:
        return {"reason": text.rstrip("。")}
    if name in {"extend", "suspend", "regrade"}:
        return {"reason": text.rstrip("。"), "due_on": _day_of(data.get("due_on"))}
    if name == "void":
        return {"reason": VOID_REASONS.get(str(data.get("reason_code")), "")}
    if name == "redirect":
        return {"reason": text.rstrip("。"), "next_channel": LEGAL_PATHS.get(str(data.get("legal_path")), "法定途径")}
    if name == "transfer-out":
        found = _TRANSFER.fullmatch(text)
        return {"unit": found["unit"], "reason": found["reason"]} if found else {"unit": "有权处理的单位", "reason": text}
    return {}


def _day_of(text: object) -> str:
    return day(date.fromisoformat(str(text))) if text else ""


@dataclass(frozen=True)
class Template:
    """A subscription template: WeChat's id and which value each of its fields shows."""

    id: str
    fields: Mapping[str, str]


DEFAULT_FIELDS = {"thing1": "title", "date2": "today"}


def wechat_template(text: str) -> Template:
    """Read a configured template: `ID`, or `ID|thing1:title|character_string2:number|date3:due_on`."""
    template_id, *pairs = text.split("|")
    fields = dict(pair.split(":", 1) for pair in pairs if ":" in pair)
    return Template(template_id.strip(), fields or DEFAULT_FIELDS)


def wechat_data(template: Template, values: Mapping[str, str]) -> dict[str, str]:
    """The data of a message: numbers, dates and titles of ours only, never a word of the case itself."""
    return {key: values.get(name) or "请打开查看" for key, name in template.fields.items()}
