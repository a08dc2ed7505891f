"""`huying profile check|show|diff|apply`: the rules of a deployment as files, and what the database holds of them."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from config.changes import Change, compare
from config.profile import Profile
from config.rules import ProfileError, load_profile, profile_names
from domain.clock import SHANGHAI, local_date, now
from domain.deadlines.tracks import CLOCK_TEXTS, ClockName
from server.commands import profile_limits
from server.commands.serving import database, settings_or_exit

T = TypeVar("T")
console = Console()
KINDS = {"new": "[green]新增", "changed": "[yellow]变更", "ended": "[red]停用"}
COLUMNS = {
    "name": "名称", "kind": "类别", "area_code": "区划", "area_path": "区划路径", "active": "启用", "topic": "事项类别",
    "lead": "牵头单位", "co_units": "协办单位", "basis": "依据", "code": "编码", "responsibility": "责任依据",
    "place": "城乡", "areas": "适用区域", "ended_on": "终止日期", "limit": "时限",
}  # fmt: skip
TABLES = {"unit": "单位", "duty": "职责清单", "limit": "时限"}
PERIODS = {
    "day": "每天", "week": "每周", "half_month": "每半月", "month": "每月", "quarter": "每季度", "half_year": "每半年",
    "year": "每年", "regular": "定期",
}  # fmt: skip
LEVELS = {"city": "市", "county": "县市区", "town": "乡镇", "village": "村", "province": "省", "grid": "网格"}
MADE_FROM_CODE = 5  # the UUID version of `stable_id`
Differences = Mapping[str, Sequence[tuple[UUID, Change]]]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="规则:检查、查看、与数据库比较、写入")
    group.command("check")(check)
    group.command("show")(show)
    group.command("diff")(diff)
    group.command("apply")(apply)
    app.add_typer(group, name="profile")


def check(name: str = typer.Argument("", help="规则名,不写则检查全部")) -> None:
    """Check one profile or all of them; every mistake with file, line and reason."""
    broken = 0
    for each in [name] if name else profile_names():
        try:
            profile = load_profile(each)
        except ProfileError as error:
            broken += 1
            _print_mistakes(each, error)
            continue
        counts = f"单位 {len(profile.units)},渠道 {len(profile.all_channels)},职责 {len(profile.duties)}"
        console.print(f"[green]通过[/green] {each} {profile.name}({counts},局部规则 {len(profile.overlays)})")
    if broken:
        raise typer.Exit(1)


def show(name: str, area: str = typer.Option("", help="区划代码:显示该地实际执行的规则")) -> None:
    """Show the rules of a profile, or those in force in one of its areas."""
    profile = _loaded(name)
    if area and not area.startswith(profile.area):
        console.print(f"[red]区划 {area} 不在 {profile.area} 内[/red]")
        raise typer.Exit(2)
    found = profile.for_area(area)
    overlays = "、".join(f"{code} {each.name}" for code, each in profile.overlays.items()) or "无"
    console.print(f"[bold]{found.name}[/bold]  区划 {area or found.area}  局部规则:{overlays}")
    _print_tracks(found)
    _print_rules(found)
    _print_table("渠道", ("编码", "名称", "管理单位", "依据"), [
        (each.code, each.name, found.units[each.manager].name, each.basis) for each in found.channels.values()
    ])  # fmt: skip
    _print_table("网格工作", ("项目", "天数"), [("每户走访一遍 visit_round_days", str(found.field.visit_round_days))])
    _print_table("附带时限", ("编码", "时限"), [(code, limit.text) for code, limit in found.limits.items()])
    _print_table("固定职责", ("主体", "事项", "次数", "周期", "依据"), [
        (each.who, each.activity, str(each.times), PERIODS[each.period], each.basis)
        for each in found.practices.obligations.values()
    ])  # fmt: skip
    _print_table("会议机构", ("名称", "层级", "提请"), [
        (each.name, LEVELS[each.level], found.practices.bodies[each.up].name if each.up else "")
        for each in found.practices.bodies.values()
    ])  # fmt: skip


def diff(name: str) -> None:
    """Compare the units and duties of the file with those in the database."""
    profile = _loaded(name)
    changes = _with_database(profile, _differences)
    _print_changes(changes)
    _print_moves(profile, changes)


def apply(name: str, yes: bool = typer.Option(False, "--yes", help="不再询问")) -> None:
    """Show the difference, ask, and write it; what the file no longer names is switched off, never deleted."""
    profile = _loaded(name)
    changes = _with_database(profile, _differences)
    _print_changes(changes)
    if not any(changes.values()):
        return
    _print_moves(profile, changes)
    if not yes and not typer.confirm("写入数据库?"):
        raise typer.Exit(1)
    written = _with_database(profile, lambda found: _apply(found, changes))
    console.print(f"已写入 {written} 项。时限的调整由正在运行的服务随即执行,其余内容在服务重新启动后执行")


def _loaded(name: str) -> Profile:
    try:
        return load_profile(name)
    except ProfileError as error:
        _print_mistakes(name, error)
        raise typer.Exit(1) from None


def _with_database(profile: Profile, work: Callable[[Profile], Coroutine[Any, Any, T]]) -> T:
    """What the work answers on the open database; exit code 2 when the database serves another area."""

    async def run(dsn: str) -> T | None:
        from domain.areas.models import Area
        from server.db import model_modules, opened, tortoise_config

        async with opened(tortoise_config(dsn, model_modules(), 2)):
            return await work(profile) if await Area.exists(code=profile.area) else None

    settings = settings_or_exit()
    with database(settings) as dsn:
        found = asyncio.run(run(dsn))
    if found is None:
        console.print(f"[red]数据库里没有区划 {profile.area};请先用 PROFILE={profile.code} 启动一次[/red]")
        raise typer.Exit(2)
    return found


async def _differences(profile: Profile) -> Differences:
    """What differs, by table: units row by row, the catalogue line by line against the version in force today."""
    return {
        "unit": await _unit_differences(profile),
        "duty": await _catalogue_differences(profile),
        "limit": await profile_limits.differences(profile),
    }


async def _unit_differences(profile: Profile) -> list[tuple[UUID, Change]]:
    """Only rows that a profile wrote can end: the ids of others are not made from a code."""
    from domain.access.models import Department
    from server.rules import stable_id, unit_rows

    wanted = await unit_rows(profile)
    rows = {row["code"]: row for row in await Department.all().values()}
    held = {code: row for code, row in rows.items() if code in wanted or row["id"].version == MADE_FROM_CODE}
    ids = {code: row["id"] for code, row in held.items()}
    ids |= {code: stable_id("unit", code) for code in wanted.keys() - ids.keys()}
    return [(ids[change.code], change) for change in compare(wanted, held, {"active": False})]


async def _catalogue_differences(profile: Profile) -> list[tuple[UUID, Change]]:
    """Nothing where the version in force was published at the desk: then the file is no longer its source."""
    from domain.catalogue.versions import in_force, lines_of
    from server.rules import catalogue_lines, stable_id

    now_in_force = await in_force(local_date(now()))
    if now_in_force and now_in_force.source != "profile":
        console.print(f"职责清单现行版本“{now_in_force.title}”由工作台发布,不再由规则文件管理,未作比较")
        return []
    wanted = {code: asdict(line) for code, line in catalogue_lines(profile).items()}
    held = {code: asdict(line) for code, line in (await lines_of(now_in_force.id if now_in_force else None)).items()}
    return [(stable_id("duty", change.code), change) for change in compare(wanted, held, {"active": False})]


async def _apply(profile: Profile, differences: Differences) -> int:
    """Write the differences and their fact in one transaction; how many rows."""
    from domain.access.actor import SYSTEM
    from domain.access.models import Department
    from domain.journal.unit import Fact, record
    from server.services import enqueue_reactions
    from web.unit_of_work import run_unit

    async def work() -> int:
        for row_id, change in differences["unit"]:
            values = {column: after for column, (_, after) in change.cells.items()}
            if change.kind == "new":
                await Department.create(id=row_id, **values)
            else:
                await Department.filter(id=row_id).update(**values)
        await _apply_catalogue(profile, [change for _, change in differences["duty"]])
        await profile_limits.apply(profile, differences["limit"])
        counts = {table: len(changes) for table, changes in differences.items()}
        record(Fact("profile.applied", profile.area, data={"profile": profile.code, **counts}))
        return sum(counts.values())

    return await run_unit(SYSTEM, work, enqueue_reactions)


async def _apply_catalogue(profile: Profile, changes: Sequence[Change]) -> None:
    """A new version in force from today; what the file no longer names stays in it as ended, and is never matched."""
    from domain.catalogue.versions import in_force, lines_of, publish_lines
    from server.rules import catalogue_heading, catalogue_lines

    if not changes:
        return
    today = local_date(now())
    before = await in_force(today)
    lines = await lines_of(before.id if before else None)
    ended = {change.code for change in changes if change.kind == "ended"}
    kept = {code: replace(line, active=False, ended_on=today) for code, line in lines.items() if code in ended}
    gone = {code: line for code, line in lines.items() if not line.active}
    await publish_lines(catalogue_heading(profile), (gone | kept | catalogue_lines(profile)).values(), today, profile.area)


def _print_mistakes(name: str, error: ProfileError) -> None:
    console.print(f"[red]有误[/red] {name}:{len(error.mistakes)} 处")
    for mistake in error.mistakes:
        console.print(f"  {mistake}", highlight=False, markup=False, soft_wrap=True)


def _print_tracks(profile: Profile) -> None:
    rows = []
    for code, track in profile.tracks.items():
        clocks = {clock.name: clock.limit.text for clock in track.clocks.values()}
        rows.append((code, track.name, *(clocks.get(name, "—") for name in ClockName), track.basis))
    heads = ("编码", "名称", *(CLOCK_TEXTS[name] for name in ClockName), "依据")
    _print_table("轨道", heads, rows)


def _print_rules(profile: Profile) -> None:
    rules = sorted(profile.track_rules, key=lambda rule: -rule.rank)
    _print_table("选轨规则", ("次序", "轨道", "理由"), [(str(r.rank), r.track, r.reason) for r in rules])


def _print_changes(differences: Differences) -> None:
    rows = []
    for table, changes in differences.items():
        for _, change in changes:
            cells = change.cells.items() if change.kind != "new" else ()
            what = ";".join(f"{COLUMNS.get(name, name)}:{old} → {new}" for name, (old, new) in cells)
            rows.append((TABLES[table], KINDS[change.kind], change.code, change.name, what))
    if rows:
        _print_table(f"文件与数据库的差别({len(rows)} 项)", ("表", "差别", "编码", "名称", "内容"), rows)
    else:
        console.print("文件与数据库一致")


def _print_moves(profile: Profile, differences: Differences) -> None:
    """The open deadlines that other limits would move, before they are written."""
    if not differences["limit"]:
        return
    shifts, total = _with_database(profile, lambda found: profile_limits.moves(found, differences["limit"]))
    _print_table(f"在办工单的期限将变动 {total} 项(列出最近的 {len(shifts)} 项)", ("工单", "时限", "原期限", "新期限"), [
        (one.number, one.clock, f"{one.before.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
         f"{one.after.astimezone(SHANGHAI):%Y-%m-%d %H:%M}") for one in shifts
    ])  # fmt: skip
    if not total:
        console.print("在办工单的期限不受影响")


def _print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
