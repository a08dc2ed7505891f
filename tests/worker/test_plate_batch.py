"""A batch of plates: codes issued once, printed, read back from the paper, found again at the right door."""

import csv
import hashlib
import io
import zipfile
from typing import Any
from uuid import UUID, uuid4

import httpx
import openpyxl
import pypdfium2
import pytest

from domain.access.actor import SYSTEM
from domain.attachments.store import Shelf
from domain.households import batches
from domain.households.models import Household, HouseholdCode, PlateBatch, PlatePrint
from domain.sql import fetch
from qr.codes import Keyring, read
from qr.readback import Wear, read_page
from server.jobs import Run
from server.printing.batch import BatchPrinter
from server.reactions import TASKS
from tests.support.cast import DESK, Cast
from tests.support.households import VILLAGE, imported, row, xlsx
from web.unit_of_work import run_unit

pytestmark = pytest.mark.anyio
WISH: dict[str, Any] = {"area": VILLAGE, "layout": "a4-10"}


async def printed(cast: Cast, **wish: Any) -> tuple[httpx.AsyncClient, dict[str, Any]]:
    """Ask for a batch, let the job run, and see how it went."""
    staff = await cast.staff("admin")
    answer = await staff.post(f"{DESK}/plates/batches", json={**WISH, **wish})
    assert answer.status_code == 202, answer.text
    await cast.react()
    return staff, (await staff.get(f"{DESK}/plates/batches/{answer.json()['id']}")).json()


def read_from_paper(pdf: bytes) -> list[str]:
    """What a decoder sees on the pages at 150 dpi."""
    pages = [page.render(scale=150 / 72, grayscale=True).to_pil() for page in pypdfium2.PdfDocument(pdf)]
    return [text for page in pages for text in read_page(page, Wear())]


async def doors_of(cast: Cast, urls: list[str]) -> list[str]:
    """The doors behind printed addresses."""
    ring: Keyring = cast.app.ctx.services.keyring
    ids = [read(url.rsplit("/", 1)[1], ring).code_id for url in urls]
    rows = await fetch(
        "SELECT h.door_text FROM unnest($1::bytea[]) WITH ORDINALITY AS u(code_id, n)"
        " JOIN household_codes c ON c.code_id = u.code_id JOIN households h ON h.id = c.household_id ORDER BY u.n",
        [ids],
    )
    return [found["door_text"] for found in rows]


async def live_codes() -> dict[UUID, int]:
    rows = await fetch(
        "SELECT household_id, count(*) AS n FROM household_codes WHERE state IN ('printed', 'active') GROUP BY 1"
    )
    return {found["household_id"]: found["n"] for found in rows}


@pytest.mark.mechanism("000-02")
async def test_every_code_of_the_file_is_read_from_paper_and_leads_home(cast: Cast) -> None:
    await imported(cast, xlsx([row(f"河背路 {number} 号") for number in (10, 9, 2, 1, 11, 3, 4, 5, 6, 7)]))
    staff, batch = await printed(cast)
    assert (batch["state"], batch["total"], batch["issued"], batch["read_back"]) == ("done", 13, 13, 13)
    file = await staff.get(f"{DESK}/plates/batches/{batch['id']}/file")
    assert file.headers["content-type"] == "application/pdf"
    assert batch["sha256"] == hashlib.sha256(file.content).hexdigest()
    urls = read_from_paper(file.content)
    wanted = [house.door_text for house in await Household.filter(village_code=VILLAGE)]
    assert sorted(await doors_of(cast, urls)) == sorted(wanted)
    for url in urls:
        assert (await cast.anybody().get(url)).status_code == 200
    head = await staff.head(f"{DESK}/plates/batches/{batch['id']}/file")
    assert (head.headers["content-length"], head.content) == (str(len(file.content)), b"")


async def test_the_index_lists_plates_as_one_walks(cast: Cast) -> None:
    await imported(cast, xlsx([row(f"河背路 {number} 号") for number in (10, 9, 2, 1)]))
    staff, batch = await printed(cast)
    raw = (await staff.get(f"{DESK}/plates/batches/{batch['id']}/index")).content
    lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    doors = [line[3] for line in lines[1:]]
    assert [door for door in doors if "河背路" in door] == [f"3组 河背路 {number} 号" for number in (1, 2, 9, 10)]
    book = openpyxl.load_workbook(
        io.BytesIO((await staff.get(f"{DESK}/plates/batches/{batch['id']}/index?format=xlsx")).content)
    )
    assert [line[3] for line in book.active.iter_rows(min_row=2, values_only=True)] == doors


async def test_the_report_tells_samples_and_missing_characters(cast: Cast) -> None:
    await imported(cast, xlsx([row("\U000323af街 1 号")]))  # CJK extension H: in no packaged font
    staff, batch = await printed(cast)
    report = (await staff.get(f"{DESK}/plates/batches/{batch['id']}/report")).json()
    assert list(report["missing_glyphs"]) == ["\U000323af"]
    assert report["unread"] == []
    assert {sample["wear"]: sample["read"] for sample in report["samples"]}["none"] == 4
    assert {sample["wear"] for sample in report["samples"]} == {"none", "rotated", "blurred", "covered"}
    assert report["manifest"][0]["sha256"] == batch["sha256"]


async def test_what_was_printed_is_not_printed_again_unless_asked(cast: Cast) -> None:
    staff, first = await printed(cast)
    before = await live_codes()
    none = await staff.post(f"{DESK}/plates/batches", json=WISH)
    assert (none.status_code, none.json()["errors"][0]["code"]) == (422, "nothing-to-print")
    house = await Household.get(village_code=VILLAGE, door_text="一组2号")
    _, again = await printed(cast, area=None, household_ids=[str(house.id)], only="selection", layout="plate-150x90")
    assert (again["total"], again["issued"], again["state"]) == (1, 0, "done")
    one = (await staff.get(f"{DESK}/plates/batches/{again['id']}/file")).content
    assert await doors_of(cast, read_from_paper(one)) == ["一组2号"]
    assert await live_codes() == before
    assert first["issued"] == 3


async def test_both_sides_show_the_plate_and_its_worker(cast: Cast) -> None:
    staff, batch = await printed(cast, duplex=True)
    pdf = pypdfium2.PdfDocument((await staff.get(f"{DESK}/plates/batches/{batch['id']}/file")).content)
    assert len(pdf) == 2
    back = pdf[1].get_textpage().get_text_range()
    assert "邱小兰" in back
    assert "13800000001" in back


@pytest.mark.parametrize(("form", "ending"), [("zip", ".png"), ("svg", ".svg")])
async def test_single_plates_come_in_an_archive(cast: Cast, form: str, ending: str) -> None:
    staff, batch = await printed(cast, format=form, layout="engrave-150x90")
    assert (batch["state"], batch["read_back"]) == ("done", 3)
    raw = (await staff.get(f"{DESK}/plates/batches/{batch['id']}/file")).content
    names = zipfile.ZipFile(io.BytesIO(raw)).namelist()
    serials = [house.serial for house in await Household.filter(village_code=VILLAGE)]
    assert sorted(names) == sorted(f"{serial}{ending}" for serial in serials)


async def test_a_large_batch_is_split_and_each_part_has_its_sum(cast: Cast) -> None:
    await imported(cast, xlsx([row(f"河背路 {number} 号") for number in range(1, 108)]))
    staff, batch = await printed(cast, per_file=100, layout="a4-21")
    assert (batch["parts"], batch["done"], batch["sha256"]) == (2, 110, None)
    report = (await staff.get(f"{DESK}/plates/batches/{batch['id']}/report")).json()
    assert [file["plates"] for file in report["manifest"]] == [100, 10]
    for file in report["manifest"]:
        raw = (await staff.get(f"{DESK}/plates/batches/{batch['id']}/file?part={file['part']}")).content
        assert hashlib.sha256(raw).hexdigest() == file["sha256"]
    assert (await staff.get(f"{DESK}/plates/batches/{batch['id']}/file?part=3")).status_code == 404


async def test_a_job_that_died_while_issuing_issues_nothing_twice(cast: Cast) -> None:
    batch_id, services = await waiting(cast), cast.app.ctx.services
    await run_unit(SYSTEM, lambda: batches.issue_chunk(batch_id, services.keyring, size=2), services.enqueue)
    half = await live_codes()
    assert len(half) == 2
    await cast.react()
    batch = await PlateBatch.get(id=batch_id)
    assert (batch.state, batch.issued, batch.listed, batch.done) == ("done", 3, 3, 3)
    assert set((await live_codes()).values()) == {1}
    assert [one.number for one in await PlatePrint.filter(batch_id=batch_id).order_by("number")] == [1, 2, 3]
    assert half.items() <= (await live_codes()).items()


async def test_a_job_that_died_between_two_files_keeps_the_first(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id, services = await waiting(cast), cast.app.ctx.services
    await PlateBatch.filter(id=batch_id).update(per_file=2)

    class Killed(BaseException):
        """Stands for the end of the process: nothing after it runs."""

    real, stored = services.files.adopt, list[UUID]()

    async def adopt(shelf: Shelf, file_id: UUID, draft: Any) -> None:
        if len(stored) == 3:
            raise Killed
        stored.append(file_id)
        await real(shelf, file_id, draft)

    monkeypatch.setattr(services.files, "adopt", adopt)
    with pytest.raises(Killed):
        await BatchPrinter(services, batch_id).run()
    monkeypatch.undo()
    first = (await PlateBatch.get(id=batch_id)).files
    assert [file["plates"] for file in first] == [2]
    await TASKS["print_plates"](services)(Run(1, "print_plates", {"subject_id": str(batch_id)}, None, 2))
    batch = await PlateBatch.get(id=batch_id)
    assert (batch.state, [file["plates"] for file in batch.files]) == ("done", [2, 1])
    assert batch.files[0] == first[0]
    assert set((await live_codes()).values()) == {1}


async def waiting(cast: Cast) -> UUID:
    answer = await (await cast.staff("admin")).post(f"{DESK}/plates/batches", json=WISH)
    return UUID(answer.json()["id"])


async def test_a_cancelled_batch_prints_nothing_and_its_codes_go_into_the_next(cast: Cast) -> None:
    batch_id, services = await waiting(cast), cast.app.ctx.services
    staff = await cast.staff("admin")
    assert (await staff.get(f"{DESK}/plates/batches/{batch_id}/file")).json()["code"] == "not-ready-yet"
    await run_unit(SYSTEM, lambda: batches.issue_chunk(batch_id, services.keyring, size=2), services.enqueue)
    assert (await staff.post(f"{DESK}/plates/batches/{batch_id}/cancellation", json={})).json()["state"] == "cancelled"
    await cast.react()
    assert (await PlateBatch.get(id=batch_id)).files == []
    assert (await staff.get(f"{DESK}/plates/batches/{batch_id}/file")).status_code == 404
    _, batch = await printed(cast)
    assert (batch["issued"], batch["done"]) == (1, 3)


async def test_a_stolen_print_file_is_revoked_as_a_whole(cast: Cast) -> None:
    staff, batch = await printed(cast)
    elsewhere = await cast.plate(1, 1)
    urls = read_from_paper((await staff.get(f"{DESK}/plates/batches/{batch['id']}/file")).content)
    body = {"batch_id": batch["id"], "reason": "stolen"}
    asked = await staff.post(f"{DESK}/plates/revocations", json=body)
    assert asked.status_code == 202
    await cast.react()
    done = (await staff.get(f"{DESK}/plates/revocations/{asked.json()['id']}")).json()
    assert (done["state"], done["revoked"]) == ("done", 3)
    assert {(await cast.anybody().get(url)).status_code for url in urls} == {410}
    assert (await cast.anybody().get(f"/h/{elsewhere}")).status_code == 200
    assert (await staff.post(f"{DESK}/plates/revocations", json={"reason": "stolen"})).status_code == 422


async def test_a_leaked_key_is_revoked_by_the_county_only(cast: Cast) -> None:
    code = await cast.plate(0, 1)
    kid = cast.app.ctx.services.keyring.active
    body = {"kid": kid, "reason": "leaked"}
    assert (await (await cast.staff("dispatcher")).post(f"{DESK}/plates/revocations", json=body)).status_code == 403
    assert (await (await cast.staff("admin")).post(f"{DESK}/plates/revocations", json=body)).status_code == 202
    await cast.react()
    assert (await cast.anybody().get(f"/h/{code}")).status_code == 410


async def test_codes_of_a_key_that_is_db_only_live_by_their_row(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    code, services = await cast.plate(0, 1), cast.app.ctx.services
    old: Keyring = services.keyring
    spare = (old.active + 1) % 16
    rotated = Keyring({**old.keys, spare: bytes(range(32))}, spare, frozenset({old.active}))
    monkeypatch.setattr(services, "keyring", rotated)
    assert (await cast.anybody().get(f"/h/{code}")).status_code == 200
    forged = code[:2] + ("A" * 8 if code[2:10] != "A" * 8 else "B" * 8) + code[10:]
    assert (await cast.anybody().get(f"/h/{forged}")).status_code == 404
    _, batch = await printed(cast)
    assert (batch["state"], batch["issued"]) == ("done", 2)
    kids = {one.kid for one in await HouseholdCode.filter(state="printed")}
    assert kids == {spare}


async def test_who_may_print_and_malformed_wishes(cast: Cast) -> None:
    admin, village = await cast.staff("admin"), await cast.staff("villagedesk")
    path = f"{DESK}/plates/batches"
    assert (await cast.anybody().post(path, json=WISH)).status_code == 401
    assert (await village.post(path, json=WISH)).status_code == 403
    assert (await admin.post(path, json={**WISH, "area": "999"})).status_code == 404
    assert (await admin.post(path, json={"household_ids": [str(uuid4())], "layout": "a4-10"})).status_code == 404
    unknown = await admin.post(path, json={**WISH, "layout": "a0"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "layout-unknown")
    assert "a4-10" in unknown.json()["allowed"]
    for bad in ({"format": "docx"}, {"only": "some"}, {"only": "selection"}, {"duplex": True, "format": "svg"}, {"x": 1}):
        assert (await admin.post(path, json={**WISH, **bad})).status_code == 422, bad
    assert (await admin.post(path, json={"layout": "a4-10"})).status_code == 422
    names = [item["name"] for item in (await admin.get(f"{DESK}/plates/layouts")).json()["items"]]
    assert {"a4-2", "a4-8", "a4-10", "a4-21", "plate-150x90"} <= set(names)
    assert (await admin.get(f"{path}/{uuid4()}")).status_code == 404
