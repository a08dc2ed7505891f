"""Who you are and what you may, signing in and WeChat."""

from domain.problems.problem import Problem


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
