"""Administration of names, sheets and layouts."""

from domain.problems.problem import Problem


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
