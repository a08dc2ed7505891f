"""Which columns a list of households has, under the headers that village offices really write, and the empty list."""

from collections.abc import Mapping

from domain.households.places import Village
from domain.sheets.columns import Column
from domain.sheets.writing import Page, guide, workbook

MAX_ROWS = 20_000
VILLAGE_CODE, TOWN, VILLAGE_NAME, GRID, GROUP = "村编码", "乡镇", "村名", "网格编码", "组"
DOOR, HEAD, PHONE, EXTERNAL_NO = "门牌", "户主", "联系电话", "户编号"
_ASKED = (
    Column(VILLAGE_CODE, "村代码 村委会代码 村委会编码 村居编码 村居代码 行政村编码 行政村代码 村社区编码 村社区代码 村区划代码"
           " 区划代码 区划编码 统计用区划代码", True, "12 位村(居)委会区划代码。同名的村以此区分;不清楚时可只填村名。",
           "360781100201", instead=VILLAGE_NAME, length=(12, 12, "村编码应为 12 位数字")),
    Column(VILLAGE_NAME, "村 行政村 村社区 村居 村名称 村委会 村委会名称 行政村名称 社区 所属村", False,
           "填了编码时用来核对;只填村名时,全县不能有同名的村。", "示范村", 14),
    Column(GRID, "网格 网格代码 网格编号 网格号 所属网格", False, "网格编码(村编码加 3 位序号),或村内网格序号 1、2、3。",
           "360781100201001", 18),
    Column(GROUP, "村民小组 小组 组别 村组 组名 所属组 村小组", False, "村民小组,如 3 或 河背组。没有小组的社区留空。",
           "3组", 10),
    Column(DOOR, "门牌号 门牌号码 门牌地址 住址 家庭住址 居住地址 地址 详细地址 家庭地址", True,
           "门牌号或住址,同村同组内不能重复。", "河背路 12 号", 24, length=(0, 80, "门牌不能超过 80 个字")),
    Column(HEAD, "户主姓名 户主名 户主名字 户主名称", True, "户主姓名。", "张三", 12,
           length=(0, 60, "户主姓名不能超过 60 个字")),
    Column(PHONE, "手机 手机号 手机号码 电话 电话号码 联系方式 联系手机 户主电话 户主手机 户主联系电话", False,
           "一个 11 位手机号,或带区号的固定电话。", "13800138000", length=(7, 20, "请只填一个电话号码")),
    Column(EXTERNAL_NO, "户号 户编码 家庭编号 户代码", False,
           "本村自己的户编号,同村内不能重复;再次导入时凭它识别同一户。", "0012", 12),
)  # fmt: skip
# the town is understood where a list has it, and nothing but these columns is kept
COLUMNS = (*_ASKED, Column(TOWN, "镇 乡 街道 乡镇街道 镇街 所属乡镇 乡镇名称 乡镇名"))
_NOTES = (
    f"每个文件最多 {MAX_ROWS} 行、10 MB;可用 .xlsx,也可用 UTF-8 或 GB18030 编码的 .csv。",
    "请不要填写身份证号、银行卡号、人口和健康情况:系统不需要,也不会读取。",
    "请不要使用公式和宏;合并的单元格会按第一格的内容填充。",
    "有错误的行不会导入。下载结果文件,改正标红的单元格后可以直接再次导入,已导入的行不会重复。",
)


def template(villages: Mapping[str, Village] | None = None) -> bytes:
    """An xlsx to fill in, with a help page and, where `villages` are given, a page of their codes."""
    pages = [Page("户名单", _ASKED), guide(_ASKED, _NOTES)]
    if villages:
        heads = [Column(name, width=18) for name in (VILLAGE_CODE, TOWN, VILLAGE_NAME)]
        pages.append(Page("村编码表", heads, [(code, one.town, one.name) for code, one in sorted(villages.items())]))
    return workbook(*pages)
