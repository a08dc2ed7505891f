"""The error catalogue: everything that can go wrong at a door, each with a stable code, a status and plain words.

Raise the class; `web/problems.py` turns it into `application/problem+json` (RFC 9457). `detail` is a template over the
named details, which also travel as members of the answer. A retired code is never given a new meaning.
"""

from typing import Any, ClassVar


class Problem(Exception):
    """An expected refusal with a code that programs may rely on."""

    code: ClassVar[str] = ""
    status: ClassVar[int] = 400
    title: ClassVar[str] = ""
    detail: ClassVar[str] = ""
    advice: ClassVar[str] = ""

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.code)

    @property
    def text(self) -> str:
        """The detail sentence with its named values filled in."""
        return (self.detail or self.title).format_map(_Lenient(self.details))


class _Lenient(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def catalogue() -> list[type[Problem]]:
    """Every problem class, sorted by code."""
    found: set[type[Problem]] = set()
    waiting = [Problem]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            found.add(kind)
            waiting.append(kind)
    return sorted((kind for kind in found if kind.code), key=lambda kind: kind.code)


# ---- the request itself


class MalformedBody(Problem):
    code, status = "malformed-body", 422
    title = "提交的内容无法识别"
    advice = "请求体须为 UTF-8 编码的 JSON 对象,并符合接口文档。"


class InvalidFields(Problem):
    code, status = "invalid-fields", 422
    title = "部分内容填写有误"
    detail = "请检查标出的项目后重新提交。"
    advice = "errors 中逐项列出字段、代码和原因。"


class UnknownField(Problem):
    code, status = "unknown-field", 422
    title = "提交了无法识别的项目"
    detail = "项目“{field}”不被接受。"
    advice = "请去掉多余的字段。"


class BodyTooLarge(Problem):
    code, status = "body-too-large", 413
    title = "提交的内容太大"
    detail = "内容超过了 {limit_bytes} 字节的上限。"
    advice = "请压缩照片、缩短录音或分次提交。"


class NoSuchRoute(Problem):
    code, status = "no-such-route", 404
    title = "没有这个地址"
    advice = "请核对网址。"


class MethodNotAllowed(Problem):
    code, status = "method-not-allowed", 405
    title = "此地址不支持这种操作"
    advice = "请查阅接口文档。"


class InvalidCursor(Problem):
    code, status = "invalid-cursor", 422
    title = "翻页位置无效"
    advice = "请从第一页重新开始。"


class IdempotencyKeyReused(Problem):
    code, status = "idempotency-key-reused", 422
    title = "同一编号的请求内容不一致"
    detail = "这个 Idempotency-Key 已用于另一份内容。"
    advice = "新的内容请使用新的编号。"


class StillRunning(Problem):
    code, status = "still-running", 409
    title = "上一次提交仍在处理"
    advice = "请稍候片刻再试,不会重复登记。"


class TooManyRequests(Problem):
    code, status = "too-many-requests", 429
    title = "操作过于频繁"
    detail = "请在 {retry_after} 秒后再试。急事请直接拨打热线。"
    advice = "按 Retry-After 的秒数等待后重试。限制只为保护服务器,不限制任何人反映问题。"


class ServerFault(Problem):
    code, status = "server-fault", 500
    title = "系统出了点问题"
    detail = "我们已记录下来(编号 {request_id}),请稍后再试或拨打热线。"
    advice = "重试时请使用同一个 Idempotency-Key,不会重复登记。"


class TemporarilyUnavailable(Problem):
    code, status = "temporarily-unavailable", 503
    title = "系统暂时繁忙"
    detail = "请稍后再试,或拨打热线。"
    advice = "按 Retry-After 的秒数等待后重试。"


class StorageFull(Problem):
    code, status = "storage-full", 507
    title = "暂时无法保存文件"
    detail = "文字内容可以照常提交,照片请稍后再传。"
    advice = "运维人员请清理磁盘。"


# ---- who you are, what you may


class NotSignedIn(Problem):
    code, status = "not-signed-in", 401
    title = "请先登录"
    detail = "登录已失效,请重新登录。"
    advice = "请求头带上 Authorization: Bearer <token>。"


class WrongCredentials(Problem):
    code, status = "wrong-credentials", 401
    title = "账号或密码不正确"
    advice = "连续多次错误会暂时锁定账号。"


class SecondFactorRequired(Problem):
    code, status = "second-factor-required", 401
    title = "请输入动态口令"
    advice = "该账号启用了动态口令,请在 totp 中填写六位数字。"


class AccountLocked(Problem):
    code, status = "account-locked", 429
    title = "账号已暂时锁定"
    detail = "密码连续输错,请在 {retry_after} 秒后再试。"
    advice = "忘记密码请联系管理员重置。"


class NotAllowed(Problem):
    code, status = "not-allowed", 403
    title = "您没有此项权限"
    advice = "如工作需要,请联系管理员调整岗位。"


class NotFound(Problem):
    code, status = "not-found", 404
    title = "没有找到"
    advice = "内容不存在,或不在您的管辖范围内。"


class WeChatCodeRefused(Problem):
    code, status = "wechat-code-refused", 401
    title = "微信登录未成功"
    detail = "登录凭证已失效,请重新进入小程序再试。"
    advice = "重新调用 wx.login 取得新的 code。"


class WeChatUnavailable(Problem):
    code, status = "wechat-unavailable", 503
    title = "微信暂时连接不上"
    detail = "请稍后再试;也可以用浏览器打开门牌网址反映问题。"
    advice = "按 Retry-After 的秒数等待后重试。"


class WeChatNotBound(Problem):
    code, status = "wechat-not-bound", 401
    title = "这个微信还没有绑定工作账号"
    detail = "请先用手机号和密码登录,再在“我的”里绑定微信。"
    advice = "绑定一次后即可用微信直接登录。没有账号请联系管理员。"


class WeChatTaken(Problem):
    code, status = "wechat-taken", 409
    title = "这个微信已绑定其他账号"
    detail = "请先在原账号解除绑定,或联系管理员。"
    advice = "一个微信只能绑定一个工作账号。"


# ---- plates and households


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


# ---- files


class UnacceptableUpload(Problem):
    code, status = "unacceptable-file", 422
    title = "这个文件不能接收"
    detail = "{message}"
    advice = "请上传照片(JPG、PNG、WebP)、录音或视频。reason 说明原因。"


class RangeNotSatisfiable(Problem):
    code, status = "range-not-satisfiable", 416
    title = "要取的部分不存在"
    detail = "文件只有 {bytes} 字节。"
    advice = "请求头 Range 须落在文件之内,或者不带 Range 取整个文件。"


class UnknownAttachment(Problem):
    code, status = "unknown-attachment", 422
    title = "找不到所附的文件"
    detail = "有文件不存在、不是您上传的,或已被使用。"
    advice = "请重新上传后再提交。"


# ---- resumable uploads (tus 1.0)


class TusVersionUnsupported(Problem):
    code, status = "tus-version-unsupported", 412
    title = "断点续传协议的版本不对"
    detail = "只支持 tus 1.0.0。"
    advice = "请求头带上 Tus-Resumable: 1.0.0。"


class UnsupportedMediaType(Problem):
    code, status = "unsupported-media-type", 415
    title = "内容类型不对"
    detail = "内容类型应为 {expected}。"
    advice = "按 expected 设置请求头 Content-Type。"


class OffsetMismatch(Problem):
    code, status = "offset-mismatch", 409
    title = "续传的位置不对"
    detail = "已收到 {offset} 字节,请从这里继续。"
    advice = "以 HEAD 取得 Upload-Offset,从该位置续传。"


class ChecksumMismatch(Problem):
    code, status = "checksum-mismatch", 460
    title = "这一段在传输中损坏"
    detail = "这一段没有保存,请重新发送。"
    advice = "从 HEAD 所答的 Upload-Offset 重新发送这一段。"


class ChecksumUnsupported(Problem):
    code, status = "checksum-unsupported", 400
    title = "校验方式不支持"
    detail = "Upload-Checksum 应为 sha1 或 sha256,空格后是 Base64。"
    advice = "支持的方式见 OPTIONS 回答的 Tus-Checksum-Algorithm。"


class UploadBusy(Problem):
    code, status = "upload-busy", 423
    title = "这个文件正在由另一个连接上传"
    advice = "按 Retry-After 的秒数等待,再以 HEAD 取得位置后续传。"


class UploadGone(Problem):
    code, status = "upload-gone", 410
    title = "这次上传已过期"
    detail = "请重新上传这个文件。"
    advice = "重新创建上传;编号可以不变。"


class UploadStalled(Problem):
    code, status = "upload-stalled", 408
    title = "上传停顿过久"
    detail = "已收到的部分已保存,请继续上传。"
    advice = "以 HEAD 取得 Upload-Offset,从该位置续传。"


# ---- appeals, cases, ratings


class EmptyAppeal(Problem):
    code, status = "empty-appeal", 422
    title = "请说一下您要反映的事情"
    detail = "写几个字,或者录一段语音,都可以。"
    advice = "content 与录音附件至少要有一样。"


class MoveNotAllowed(Problem):
    code, status = "move-not-allowed", 409
    title = "当前不能这样办理"
    detail = "工单当前为“{state_name}”,不能执行这一步。"
    advice = "allowed 列出现在可以执行的动作。"


class GuardNotMet(Problem):
    code, status = "guard-not-met", 409
    title = "还差几步才能这样办理"
    detail = "{reason}"
    advice = "missing 列出尚缺的环节。"


class ChangedMeanwhile(Problem):
    code, status = "changed-meanwhile", 409
    title = "工单刚刚被别人更新过"
    detail = "您看到的是第 {version} 版,现在是第 {current} 版。"
    advice = "请刷新后再办理;since 列出其间发生的变化。"


class ConflictOfInterest(Problem):
    code, status = "conflict-of-interest", 409
    title = "按规定应当回避"
    detail = "被反映的单位或个人不得办理、查看此件。"
    advice = "请改派给无利害关系的单位。《信访工作条例》第三十条、第四十六条。"


class SameOfficer(Problem):
    code, status = "same-officer", 409
    title = "须由另一人办理"
    detail = "承办人不能审核、核验自己办理的工单。"
    advice = "请由其他人员办理这一步。"


class AlreadyRated(Problem):
    code, status = "already-rated", 409
    title = "您已经评价过了"
    advice = "每次答复可以评价一次。"


class NotYetAnswered(Problem):
    code, status = "not-yet-answered", 409
    title = "还没有答复,暂不能评价"
    advice = "收到答复后即可评价。"


class RatingWindowClosed(Problem):
    code, status = "rating-window-closed", 409
    title = "评价时间已过"
    detail = "答复后 {days} 天内可以评价;如问题未解决,可以提出异议。"
    advice = "仍可留言、提出异议或重新反映。"


class ReviewWindowClosed(Problem):
    code, status = "review-window-closed", 409
    title = "申请复查复核的期限已过"
    detail = "应在 {until} 前申请。有新的事实和理由,可以重新反映。"
    advice = "可以提出异议、留言,或者就新的情况重新反映。"


class ReviewFinal(Problem):
    code, status = "review-final", 409
    title = "复核意见是终结意见"
    detail = "同一事实和理由不再受理(《信访工作条例》第三十六条)。有新的事实和理由,请重新反映,我们照常登记。"
    advice = "重新反映不受限制;生活困难可以申请帮扶救助。"


class SurveyOver(Problem):
    code, status = "survey-over", 410
    title = "这个问卷链接已经用过或过期"
    advice = "每个链接只能填写一次。您仍可在诉求页面评价,或拨打热线。"


class SameIdOtherContent(Problem):
    code, status = "same-id-other-content", 409
    title = "同一编号已登记过不同的内容"
    advice = "新的记录请使用新的编号。"


class ClientTimeAbsurd(Problem):
    code, status = "absurd-time", 422
    title = "时间填写有误"
    detail = "“{field}”的时间不合常理。"
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


# ---- people's own data and administration


class UnknownTemplate(Problem):
    code, status = "unknown-template", 422
    title = "没有这个消息模板"
    detail = "“{template}”不是本系统使用的微信订阅消息模板。"
    advice = "请使用 GET /me 中 templates 列出的模板编号。"


class WeChatPushForged(Problem):
    code, status = "wechat-push-forged", 403
    title = "签名不对"
    detail = "这不是微信服务器发给本小程序的消息。"
    advice = "请核对小程序后台“消息推送”里的 Token、EncodingAESKey 与 WECHAT_PUSH_TOKEN、WECHAT_PUSH_AES_KEY。"


class NameTaken(Problem):
    code, status = "name-taken", 409
    title = "这个名称已被使用"
    advice = "请换一个。"


class UnacceptableSheet(Problem):
    code, status = "unacceptable-sheet", 422
    title = "这份名册无法读取"
    detail = "{message}"
    advice = "请下载模板,按模板填写后重新上传。"


class LayoutUnknown(Problem):
    code, status = "layout-unknown", 422
    title = "没有这种门牌版式"
    advice = "allowed 列出可用的版式。"


class NotReadyYet(Problem):
    code, status = "not-ready-yet", 409
    title = "还没有准备好"
    detail = "仍在制作中,请稍后再取。"
    advice = "先查询进度。"
