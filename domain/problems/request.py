"""The request itself: its form, its size, its pace, and what stands in its way."""

from domain.problems.problem import Problem


class MalformedBody(Problem):
    code, status = "malformed-body", 422
    title = "提交的内容无法识别"
    advice = "请求体须为 UTF-8 编码的 JSON 对象,并符合接口文档。"


class InvalidFields(Problem):
    code, status = "invalid-fields", 422
    title = "部分内容填写有误"
    detail = "请检查标出的项目后重新提交。"
    advice = "errors 中逐项列出字段、代码和原因。"


def invalid(field: str, message: str, code: str = "invalid") -> InvalidFields:
    """The problem of one field."""
    return InvalidFields(errors=[{"field": field, "code": code, "message": message}])


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


class BadEncoding(Problem):
    code, status = "bad-encoding", 400
    title = "压缩的内容无法解开"
    detail = "只接受不压缩或完整的 gzip(Content-Encoding: {encoding})。"
    advice = "请检查 Content-Encoding,或不压缩再发送。"


class NoSuchRoute(Problem):
    code, status = "no-such-route", 404
    title = "没有这个地址"
    advice = "请核对网址。"


class MethodNotAllowed(Problem):
    code, status = "method-not-allowed", 405
    title = "此地址不支持这种操作"
    advice = "请查阅接口文档。"


class InvalidCursor(Problem):
    code, status, field = "invalid-cursor", 422, "cursor"
    title = "翻页位置无效"
    advice = "请从第一页重新开始。"


class IdempotencyKeyReused(Problem):
    code, status, field = "idempotency-key-reused", 422, "Idempotency-Key"
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
