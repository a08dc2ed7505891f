"""How a deployment's plates look, and how long their files are kept."""

import hashlib
import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pypdfium2
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image

from config.checks import check_profile
from config.profile import Plates
from config.reading import Findings
from config.rules import load_profile
from domain.attachments.store import FileMissing, Shelf
from domain.clock import now
from domain.households.models import HouseholdImport, HouseholdImportChunk, PlateBatch
from server.retention import purge
from tests.support.cast import DESK, Cast
from tests.support.households import VILLAGE, imported, row, xlsx

pytestmark = pytest.mark.anyio


async def printed(cast: Cast, **wish: Any) -> tuple[Any, dict[str, Any]]:
    staff = await cast.staff("admin")
    answer = await staff.post(f"{DESK}/plates/batches", json={"area": VILLAGE, "layout": "a4-10", **wish})
    await cast.react()
    return staff, (await staff.get(f"{DESK}/plates/batches/{answer.json()['id']}")).json()


async def test_the_profile_gives_colour_and_emblem(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (64, 64), "#0000ff").save(tmp_path / "emblem.png")
    services = cast.app.ctx.services
    plates = Plates(accent="#00ff00", emblem=str(tmp_path / "emblem.png"))
    monkeypatch.setattr(services, "profile", msgspec.structs.replace(services.profile, plates=plates))
    staff, batch = await printed(cast)
    assert batch["state"] == "done"
    raw = (await staff.get(f"{DESK}/plates/batches/{batch['id']}/file")).content
    page = pypdfium2.PdfDocument(io.BytesIO(raw))[0].render(scale=1).to_pil().convert("RGB")
    colours = {colour for _, colour in page.getcolors(100_000)}
    assert {(0, 255, 0), (0, 0, 255)} <= colours
    monkeypatch.setattr(
        services, "profile", msgspec.structs.replace(services.profile, plates=Plates(emblem=str(tmp_path / "gone.png")))
    )
    _, batch = await printed(cast, only="all")
    assert (batch["state"], batch["reason"]) == ("failed", "徽标文件无法读取:gone.png")


RARE = "\U000323af"  # CJK extension H: in no packaged font


def font_of(character: str, path: Path) -> Path:
    """A font file with one glyph, as a place with a rare name has it made."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((900, 0), (900, 800), (100, 800)):
        pen.lineTo(point)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "rare"])
    builder.setupCharacterMap({ord(character): "rare"})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "rare": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "rare": (1000, 100)})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Rare", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


@pytest.mark.parametrize("form", ["pdf", "svg", "zip"])
async def test_a_rare_character_comes_from_the_place_s_own_font(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    font = font_of(RARE, tmp_path / "rare.ttf")
    services = cast.app.ctx.services
    plates = Plates(rare_fonts=(str(font),))
    monkeypatch.setattr(services, "profile", msgspec.structs.replace(services.profile, plates=plates))
    await imported(cast, xlsx([row(f"{RARE}街 1 号")]))
    staff, batch = await printed(cast, format=form, layout="plate-150x90")
    assert batch["state"] == "done"
    report = (await staff.get(f"{DESK}/plates/batches/{batch['id']}/report")).json()
    assert report["missing_glyphs"] == {}
    if form == "pdf":
        raw = (await staff.get(f"{DESK}/plates/batches/{batch['id']}/file")).content
        pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(io.BytesIO(raw))]
        assert any(f"{RARE}街" in text.replace(" ", "") for text in pages)


def test_a_profile_with_a_misspelt_colour_or_a_missing_file_is_refused() -> None:
    profile = load_profile("ruijin")
    for plates in (Plates(accent="red"), Plates(emblem="gone.png"), Plates(rare_fonts=("gone.otf",))):
        findings = Findings()
        assert not check_profile(msgspec.structs.replace(profile, plates=plates), findings)
        assert len(findings.mistakes) == 1


async def test_print_files_go_after_ninety_days_and_their_sums_stay(cast: Cast) -> None:
    staff, batch = await printed(cast)
    path = f"{DESK}/plates/batches/{batch['id']}"
    raw = (await staff.get(f"{path}/file")).content
    assert hashlib.sha256(raw).hexdigest() == batch["sha256"]
    files = (await PlateBatch.get(id=batch["id"])).files
    await purge(cast.app.ctx.services, dry_run=False)
    assert (await staff.get(f"{path}/file")).status_code == 200
    await PlateBatch.filter(id=batch["id"]).update(finished_at=now() - timedelta(days=91))
    assert (await purge(cast.app.ctx.services, dry_run=True))["门牌印刷文件"] == 1
    assert (await purge(cast.app.ctx.services, dry_run=False))["门牌印刷文件"] == 1
    assert (await purge(cast.app.ctx.services, dry_run=True))["门牌印刷文件"] == 0
    for name in ("id", "csv", "xlsx"):
        with pytest.raises(FileMissing):
            await cast.app.ctx.services.files.open(Shelf.PRINTS, UUID(files[0][name]))
    assert (await staff.get(f"{path}/file")).status_code == 404
    assert (await staff.get(f"{path}/report")).json()["manifest"][0]["sha256"] == batch["sha256"]


async def test_import_results_go_too(cast: Cast) -> None:
    await imported(cast, xlsx([row("河背路 1 号")]))
    job = await HouseholdImport.all().first()
    assert await HouseholdImportChunk.filter(import_id=job.id).exists()
    await HouseholdImport.filter(id=job.id).update(finished_at=now() - timedelta(days=91))
    assert (await purge(cast.app.ctx.services, dry_run=False))["名单导入结果"] == 1
    assert not await HouseholdImportChunk.filter(import_id=job.id).exists()
    assert (await HouseholdImport.get(id=job.id)).result_file_id is None
