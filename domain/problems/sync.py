"""What a phone without a network sends later."""

from domain.problems.problem import Problem


class SameIdOtherContent(Problem):
    code, status = "same-id-other-content", 409
    title = "同一编号已登记过不同的内容"
    advice = "新的记录请使用新的编号。"


class ClientTimeAbsurd(Problem):
    code, status = "absurd-time", 422
    title = "时间填写有误"
    detail = "填写的时间不合常理,或者没有带时区。"
    advice = "请核对手机时间。"


class EpochChanged(Problem):
    code, status = "epoch-changed", 409
    title = "服务器从备份恢复过"
    detail = "请把手机里保留的记录全部重新发送,并重新取数据;已登记的不会重复。"
    advice = "用答复里的 epoch 重发;epoch 变了之后旧的 cursor 作废。"


class CursorTooOld(Problem):
    code, status = "cursor-too-old", 410
    title = "离线太久,需要重新取数据"
    detail = "先发送未发的记录,再从头取数据。"
    advice = "不带 cursor 再请求一次。"


class TooManyItems(Problem):
    code, status = "too-many-items", 413
    title = "一次发送的记录太多"
    detail = "一次最多发送 {limit_items} 条记录。"
    advice = "请分次发送,每次减半。"


class ItemIdReused(Problem):
    code, status = "op-id-reuse", 409
    title = "同一编号已用于另一条记录"
    advice = "每条记录用自己的编号;服务器保留先到的那条。"


class DeviceCloned(Problem):
    code, status = "clone", 409
    title = "这部手机的记录序号已被占用"
    detail = "可能是从另一部手机复制过来的。请退出后重新登录,手机会得到新的设备编号。"
    advice = "换新的 device_id 后,把没有登记的记录重新排号发送。"


class Quarantined(Problem):
    code, status = "quarantined", 403
    title = "记录已收下,等待上级审核"
    detail = "账号已停用或设备已注销,内容原样保存,由管理人员决定是否补登。"
    advice = "请联系所在镇(村)的管理人员。"
