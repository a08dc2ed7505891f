"""Files and resumable uploads (tus 1.0)."""

from domain.problems.problem import Problem


class UnacceptableUpload(Problem):
    code, status, field = "unacceptable-file", 422, "file"
    title = "这个文件不能接收"
    detail = "{message}"
    advice = "请上传照片(JPG、PNG、WebP)、录音或视频。reason 说明原因。"


class RangeNotSatisfiable(Problem):
    code, status = "range-not-satisfiable", 416
    title = "要取的部分不存在"
    detail = "文件只有 {bytes} 字节。"
    advice = "请求头 Range 须落在文件之内,或者不带 Range 取整个文件。"


class UnknownAttachment(Problem):
    code, status, field = "unknown-attachment", 422, "attachment_ids"
    title = "找不到所附的文件"
    detail = "有文件不存在、不是您上传的,或已被使用。"
    advice = "请重新上传后再提交。"


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
