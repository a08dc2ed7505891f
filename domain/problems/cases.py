"""Appeals, cases, ratings."""

from domain.problems.problem import Problem


class EmptyAppeal(Problem):
    code, status, field = "empty-appeal", 422, "content"
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


class CommonSuperiorDecides(Problem):
    code, status = "common-superior-decides", 409
    title = "承办单位须由共同上级确定"
    detail = "此件属于“三跨三分离”事项({flags}),主办单位须由共同上级({superior})确定,下级不能自行派单。"
    advice = "请提级,由共同上级的分办人员派单;《信访工作条例》第二十四条。"


class SameOfficer(Problem):
    code, status = "same-officer", 403
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
