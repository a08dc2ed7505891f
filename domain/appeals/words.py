"""What a villager reads of the work on an appeal: plain words, as data. An event that is not here is not shown."""

from collections.abc import Mapping

# {unit} is the name of the responsible unit; never a person's.
EVENTS: Mapping[str, str] = {
    "appeal.submitted": "您的诉求已提交",
    "case.registered": "工作人员已登记",
    "case.info-asked": "需要您补充一些情况",
    "case.info-supplied": "已收到补充的情况",
    "case.info-lapsed": "补充期限已到,按现有情况继续办理",
    "case.accepted": "您的诉求已受理",
    "case.not-accepted": "您的诉求未能受理",
    "case.redirected": "此事要走法定途径",
    "case.voided": "此件已作废",
    "case.transferred": "已转送有权处理的单位",
    "case.transfer-confirmed": "对方单位已经收到",
    "case.transfer-refused": "对方单位退回,由我们重新办理",
    "case.merged": "与同一件事合并办理,您的编号不变,答复和评价仍单独进行",
    "case.unmerged": "恢复单独办理",
    "case.dispatched": "已交{unit}办理",
    "case.return-granted": "原单位不负责此事,重新确定承办单位",
    "case.signed": "{unit}已接手",
    "case.co-unit-added": "{unit}参与协办",
    "case.transferred-down": "已转{unit}核实情况",
    "case.escalated": "已报上一级研究解决",
    "case.contacted": "{unit}已与您联系;如果没有,请告诉我们",
    "case.graded": "情况已经查明,正在处理",
    "case.on-site": "工作人员已到现场",
    "case.co-done": "协办单位已完成",
    "case.result-submitted": "处理完毕,正在由另一人审核",
    "case.rejected": "审核未通过,退回继续处理",
    "case.answered": "{unit}已答复,请查看并评价",
    "case.followed-up": "{unit}已回访",
    "case.called-back": "回访人员已回访",
    "case.closed": "已办结",
    "case.reworked": "重新办理",
    "case.taken-up": "{unit}已开始重新办理",
    "case.held-long-term": "一时难以解决,列入长期推进",
    "case.resumed": "恢复办理",
    "case.extended": "办理期限已延长",
    "case.suspended": "暂停办理",
    "case.unsuspended": "恢复办理,暂停已结束",
    "case.regraded": "办理方式和期限有变",
    "case.leader-assigned": "由一位领导负责推动解决",
    "case.leader-changed": "负责推动解决的领导有变",
    "appeal.withdrawn": "已按您的意思撤回",
    "case.contested": "您提出异议,换一位工作人员重新审核",
    "case.urged": "已催办",
    "case.supervised": "有关部门已督办",
    "case.converted": "转为诉求件办理",
    "case.self-handled": "已当场处理,等待核验",
    "case.inspected": "已现场核验",
    "appeal.messaged": "您补充了留言",
    "appeal.objected": "您对答复有异议,已转督查人员",
    "rating.given": "您已评价",
    "supervision.opened": "已开展督办,要求{unit}说明情况",
    "supervision.answered": "{unit}已就督办作出说明",
    "supervision.closed": "督办已完成",
    "review.requested": "您申请了复查复核",
    "review.accepted": "复查复核申请已受理",
    "review.begun": "复查复核正在进行",
    "review.decided": "复查复核已有结果",
    "review.final": "复核已终结,已就新的来件作出说明",
    "hearing.requested": "已申请听证",
    "hearing.refused": "不举行听证,请看理由",
    "hearing.ordered": "将举行听证",
    "hearing.concluded": "听证已结束",
    "mediation.opened": "已转调解室,调解不收费",
    "mediation.ended": "调解已结束",
    "closure.reported": "办理情况已报上级",
    "closure.received": "上级已收到办理情况",
    "look-back.done": "已回头看",
}

# Said among colleagues only: notes, disputes about who is responsible, requests that wait for a second person.
INTERNAL = frozenset(
    {
        "case.noted", "case.returned", "case.return-refused", "case.second-asked", "case.joined", "case.left",
        "case.extension-asked", "case.extension-refused", "case.looked-at", "case.step-skipped", "case.instructed",
        "case.leader-duty-done", "case.recused", "case.crossing-marked", "case.verification-reported",
        "case.verification-judged", "case.resources-asked", "case.resources-answered", "case.filed", "case.cause-found",
    }
)

CLOCKS: Mapping[str, str] = {
    "accept": "是否受理的期限",
    "info": "请您补充情况的期限",
    "sign": "单位接手的期限",
    "first_contact": "首次联系您的期限",
    "handling": "答复您的期限",
    "rework": "重新办理的期限",
    "callback": "回访您的期限",
    "review": "下次检视进展的日期",
    "instructed": "按批示交办的期限",
}

# Who may open an identity, for the appellant's own access log.
ROLES: Mapping[str, str] = {
    "intake_officer": "受理人员",
    "handler": "承办人员",
    "callback_officer": "回访人员",
    "supervision_section": "督查人员",
    "audit_admin": "审计人员",
}


def role_words(roles: str) -> str:
    """Roles that were written down with commas, in words."""
    return "、".join(ROLES.get(role, "工作人员") for role in roles.split(",") if role) or "工作人员"


def sentence(event: str, unit: str | None) -> str:
    """The words of an event."""
    return EVENTS[event].format(unit=unit or "承办单位")
