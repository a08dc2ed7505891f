"""Household lists at the desk: errors a row, the same list twice, and a job that died half-way."""

import io
from uuid import UUID

import pytest

from domain.areas.models import Area
from domain.households import imports
from domain.households.models import Household, HouseholdImportChunk
from domain.households.sheet import read
from server.jobs import Run
from server.reactions import TASKS
from server.reactions import households as reaction
from tests.support.cast import DESK, Cast
from tests.support.households import VILLAGE, csv_gbk, imported, result_rows, row, send, xlsx

pytestmark = pytest.mark.anyio
ROWS = [
    row("河背路 1 号", "张三", phone="13800138000", number="0001"),
    row("河背路 2 号", "李四", phone="138 0013 8001"),
    row("河背路 3 号", "欧阳修", grid="2"),
]


@pytest.mark.mechanism("000-02")
@pytest.mark.parametrize(("name", "made"), [("名册.xlsx", xlsx), ("名册.csv", csv_gbk)])
async def test_a_list_becomes_households_with_serials_and_grids(cast: Cast, name: str, made) -> None:
    done = await imported(cast, made(ROWS), name)
    assert (done["state"], done["created"], done["error"], done["total"]) == ("done", 3, 0, 3)
    houses = await Household.filter(village_code=VILLAGE, group_name="3组").order_by("door_text")
    assert [house.head_name for house in houses] == ["张三", "李四", "欧阳修"]
    assert houses[1].phone == "13800138001"
    assert [house.grid_code[-3:] for house in houses] == ["001", "001", "002"]
    assert len({house.serial for house in houses}) == 3
    assert all(house.serial.startswith("360781-") for house in houses)


async def test_the_same_list_twice_changes_nothing_and_a_corrected_one_updates(cast: Cast) -> None:
    await imported(cast, xlsx(ROWS))
    again = await imported(cast, xlsx(ROWS))
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 3)
    moved = [row("河背路 1-1 号", "张三丰", phone="13800138000", number="0001"), *ROWS[1:]]
    corrected = await imported(cast, xlsx(moved))
    assert (corrected["created"], corrected["updated"], corrected["unchanged"]) == (0, 1, 2)
    house = await Household.get(village_code=VILLAGE, external_no="0001")
    assert (house.door_text, house.head_name, house.version) == ("河背路 1-1 号", "张三丰", 2)
    assert await Household.filter(village_code=VILLAGE, group_name="3组").count() == 3


async def test_an_empty_cell_keeps_what_the_register_knows(cast: Cast) -> None:
    await imported(cast, xlsx(ROWS))
    done = await imported(cast, xlsx([row("河背路 1 号", "张三")]))
    assert done["unchanged"] == 1
    assert (await Household.get(village_code=VILLAGE, external_no="0001")).phone == "13800138000"


async def test_each_bad_row_says_why_and_good_rows_go_in(cast: Cast) -> None:
    rows = [
        *ROWS,
        row("河背路 4 号", "", phone="13800138000"),
        row("河背路 5 号", phone="12345"),
        row("河背路 6 号", village="999999999999"),
        row("河背路 1 号"),
    ]
    done = await imported(cast, xlsx(rows))
    assert (done["state"], done["created"], done["error"], done["done"], done["total"]) == ("done", 3, 4, 7, 7)
    answer = await (await cast.staff("admin")).get(f"{DESK}/households/imports/{done['id']}/result")
    assert answer.headers["content-disposition"].startswith("attachment")
    results = result_rows(answer.content)
    assert [line["结果"] for line in results] == ["导入成功"] * 3 + ["错误"] * 4
    for line, said in zip(results[3:], ("不能为空", "11 位手机号", "没有这个村编码", "重复"), strict=True):
        assert said in line["原因"]


async def test_rows_of_another_village_are_errors_for_the_village_office(cast: Cast) -> None:
    done = await imported(cast, xlsx([ROWS[0], row("河背路 9 号", village="360781100002")]), login="villagedesk")
    assert (done["created"], done["error"]) == (1, 1)
    assert not await Household.exists(village_code="360781100002", door_text="河背路 9 号")


async def test_a_missing_grid_is_made_only_with_a_code_of_its_village(cast: Cast) -> None:
    rows = [row("东街 1 号", grid=f"{VILLAGE}007"), row("东街 2 号", grid="XYZ-1")]
    done = await imported(cast, xlsx(rows))
    assert (done["created"], done["error"]) == (1, 1)
    made = await Area.get(code=f"{VILLAGE}007")
    assert (made.name, made.kind, made.parent_code) == ("第7网格", "grid", VILLAGE)


async def test_neighbours_of_a_group_stay_together(cast: Cast) -> None:
    await imported(cast, xlsx([row("东街 1 号", grid="2", group="东组"), row("东街 2 号", grid="2", group="东组")]))
    await imported(cast, xlsx([row("东街 3 号", group="东组")]))
    assert (await Household.get(door_text="东街 3 号")).grid_code == f"{VILLAGE}002"


async def test_a_number_and_a_door_of_two_houses_contradict(cast: Cast) -> None:
    await imported(cast, xlsx([row("东街 1 号", number="1"), row("东街 2 号", number="2")]))
    done = await imported(cast, xlsx([row("东街 2 号", number="1")]))
    assert (done["updated"], done["error"]) == (0, 1)
    assert (await Household.get(external_no="1", village_code=VILLAGE)).door_text == "东街 1 号"


async def test_a_job_that_died_goes_on_without_duplicates(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first chunk is committed, then the process is gone; the second run finds it and goes on."""
    monkeypatch.setattr(imports, "CHUNK", 2)
    monkeypatch.setattr(reaction, "CHUNK", 2)
    staff = await cast.staff("admin")
    data = xlsx([row(f"东街 {number} 号") for number in range(1, 6)])
    import_id = UUID((await send(staff, data)).json()["id"])
    sheet = read(data, "x.xlsx", await imports.all_villages())

    from domain.access.actor import SYSTEM
    from web.unit_of_work import run_unit

    enqueue = cast.app.ctx.enqueue
    await run_unit(SYSTEM, lambda: imports.start_import(import_id, sheet), enqueue)
    await run_unit(SYSTEM, lambda: imports.import_chunk(import_id, 0, sheet.rows[:2]), enqueue)
    assert await Household.filter(door_text__startswith="东街").count() == 2
    await cast.react()
    done = (await staff.get(f"{DESK}/households/imports/{import_id}")).json()
    assert (done["state"], done["created"], done["unchanged"], done["done"]) == ("done", 5, 0, 5)
    assert await Household.filter(door_text__startswith="东街").count() == 5
    results = result_rows((await staff.get(f"{DESK}/households/imports/{import_id}/result")).content)
    assert [line["结果"] for line in results] == ["导入成功"] * 5
    task = TASKS["import_households"](cast.app.ctx.services)
    await task(Run(1, "import_households", {"subject_id": str(import_id)}, None, 2))
    assert await HouseholdImportChunk.filter(import_id=import_id).count() == 3


async def test_a_merged_house_is_not_made_again_by_the_old_list(cast: Cast) -> None:
    await imported(cast, xlsx(ROWS))
    one, two = await Household.filter(village_code=VILLAGE, group_name="3组").order_by("door_text").limit(2)
    staff = await cast.staff("admin")
    answer = await staff.post(f"{DESK}/households/{one.id}/merge", json={"into": str(two.id)})
    assert answer.status_code == 200, answer.text
    again = await imported(cast, xlsx(ROWS))
    assert (again["created"], again["unchanged"]) == (0, 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"  \n", "空"), (b"<html><table></table>", "网页"), (b"\xd0\xcf\x11\xe0old", "旧版"), (b"a,b\n1,2\n", "表头")],
)
async def test_an_unusable_file_is_refused_at_once(cast: Cast, data: bytes, said: str) -> None:
    answer = await send(await cast.staff("admin"), data)
    assert (answer.status_code, answer.json()["code"]) == (422, "unacceptable-sheet")
    assert said in answer.json()["detail"]


async def test_more_than_ten_megabytes_are_refused(cast: Cast) -> None:
    answer = await send(await cast.staff("admin"), b"," * (10 * 1024 * 1024 + 70_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_who_may_import(cast: Cast) -> None:
    data = xlsx(ROWS)
    assert (await send(await cast.staff("dispatcher"), data)).status_code == 403
    outside = await send(await cast.staff("villagedesk"), data, area="360781100002")
    assert (outside.status_code, outside.json()["code"]) == (404, "not-found")
    made = (await send(await cast.staff("admin"), data)).json()["id"]
    assert (await (await cast.staff("villagedesk")).get(f"{DESK}/households/imports/{made}")).status_code == 404
    staff = await cast.staff("admin")
    assert (await staff.get(f"{DESK}/households/imports/nonsense")).status_code == 404
    assert (await staff.get(f"{DESK}/households/imports/{made}/result")).json()["code"] == "not-ready-yet"
    listed = (await staff.get(f"{DESK}/households/imports")).json()["items"]
    assert [item["id"] for item in listed] == [made]


async def test_the_template_carries_the_codes_of_an_area(cast: Cast) -> None:
    import openpyxl

    answer = await (await cast.staff("admin")).get(f"{DESK}/households/imports/template?area=360781100")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert VILLAGE in {cell.value for cell in book["村编码表"]["A"]}


async def test_the_uploaded_list_is_not_kept(cast: Cast) -> None:
    from domain.attachments.store import FileMissing, Shelf
    from domain.households.models import HouseholdImport

    done = await imported(cast, xlsx(ROWS))
    job = await HouseholdImport.get(id=done["id"])
    with pytest.raises(FileMissing):
        await cast.app.ctx.services.files.open(Shelf.SEALED, job.source_file_id)
