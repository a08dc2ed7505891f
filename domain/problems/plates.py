"""Plates, codes and households."""

from typing import Any

from domain.problems.problem import Problem


class UnknownCode(Problem):
    code, status = "unknown-code", 404
    title = "没有这个门牌码"
    detail = "请核对门牌上的二维码,或直接拨打热线反映问题。"
    advice = "可能是伪造或损坏的门牌,请告知村委会。"


class CodeDead(Problem):
    code, status = "code-dead", 410
    title = "这个门牌码已停用"
    detail = "请使用新门牌,或直接拨打热线 {hotline} 反映问题。"
    advice = "门牌更换、注销后旧码不再使用。"

    def __init__(self, *, code_id: bytes | None = None, **details: Any) -> None:
        super().__init__(**details)
        self.code_id = code_id  # for the scan log; never part of the answer


class CodeNotPrinted(Problem):
    code, status = "code-not-printed", 409
    title = "这个门牌不能再启用"
    detail = "门牌当前状态为“{state}”。"
    advice = "只有已制作、未启用的门牌可以启用。"


class TooManyHouseholds(Problem):
    code, status = "too-many-households", 409
    title = "绑定的户数已达上限"
    detail = "每人最多绑定 3 户,请先解除不再需要的。"
    advice = "先解除一户再绑定。"


class AlreadyBound(Problem):
    code, status = "already-bound", 409
    title = "您已绑定这一户"
    advice = "无需再次绑定。"


class HouseholdExists(Problem):
    code, status = "household-exists", 409
    title = "登记册里已有这一户"
    detail = "相同的门牌或户编号已登记,编号 {serial}。"
    advice = "请打开已有的那一户修改,或核对门牌。"


class HouseholdEnded(Problem):
    code, status = "household-ended", 409
    title = "这一户已注销或并入另一户"
    advice = "已注销、已并入的户不能再办理此项。"


class HouseholdHasCode(Problem):
    code, status = "household-has-code", 409
    title = "这一户已有在用的门牌码"
    advice = "请先注销在用的码,再把找回的码归到这一户。"


class NotWaiting(Problem):
    code, status = "not-waiting", 409
    title = "这个绑定申请已经处理过了"
    advice = "请刷新列表。"
