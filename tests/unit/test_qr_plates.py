import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from importlib import resources
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pypdfium2
import pytest
import zxingcpp
from msgspec import structs
from PIL import Image

from qr.codes import Keyring, mint_many, plate_url
from qr.fonts import Family
from qr.images import render_png, write_png_zip
from qr.index import HEADER, write_csv, write_xlsx
from qr.layout import LayoutRefused, Line, layout_names, load_layout, parse_layout
from qr.plate import PlateData, WorkerCard
from qr.plates import RenderOptions, render_pdf
from qr.readback import Wear, read_back, read_back_pdf, read_page
from qr.serials import make_serial
from qr.svg import render_svg, write_svg_zip

RING = Keyring({1: bytes(range(32))}, active=1)
ORIGIN = "https://q.example.gov.cn"


def plates(count: int, origin: str = ORIGIN) -> list[PlateData]:
    return [
        PlateData(
            url=plate_url(origin, code),
            village="叶坪乡 𠮷水𡐓村",
            plate_text=f"𥻗子湾 {number} 号",
            serial=make_serial("RJ07", number),
            hotline="0797-2522345",
            domain="q.example.gov.cn",
            programme="呼应",
            card=WorkerCard("张小兰", "专职网格员", "0797-2520000", "第三网格"),
        )
        for number, code in enumerate(mint_many(RING, count), 1)
    ]


def printed(of: list[PlateData], layout: str, options: RenderOptions | None = None) -> pypdfium2.PdfDocument:
    out = io.BytesIO()
    report = render_pdf(of, load_layout(layout), out, options)
    assert report.faultless, report
    assert report.sha256 == hashlib.sha256(out.getvalue()).hexdigest()
    assert (report.plates, report.size) == (len(of), len(out.getvalue()))
    return pypdfium2.PdfDocument(out.getvalue())


def texts(page: pypdfium2.PdfPage) -> str:
    return str(page.get_textpage().get_text_range())


def codes(page: pypdfium2.PdfPage) -> set[str]:
    return set(read_page(page.render(scale=150 / 72, grayscale=True).to_pil(), Wear()))


@pytest.mark.parametrize("name", layout_names())
def test_every_plate_of_every_layout_is_read_from_the_printed_page(name: str) -> None:
    layout = load_layout(name)
    made = plates(layout.per_page + 1)
    document = printed(made, name)
    assert len(document) == 2
    assert codes(document[0]) == {plate.url for plate in made[:-1]}
    assert codes(document[1]) == {made[-1].url}
    assert document[0].get_size() == pytest.approx([side * 72 / 25.4 for side in layout.page], abs=0.01)


@pytest.mark.parametrize("name", layout_names())
def test_text_can_be_copied_rare_characters_included(name: str) -> None:
    made = plates(2)
    copied = "".join(texts(page) for page in printed(made, name))
    for plate in made:
        for said in (plate.village, plate.plate_text, plate.serial, plate.hotline, plate.domain):
            assert said in copied
    assert "微信扫一扫" in copied
    assert "本码不收费、不问密码" in copied
    assert "说事·查进度·评服务" in copied


def test_layouts_that_the_product_promises_are_there() -> None:
    assert {load_layout(name).per_page for name in layout_names() if name.startswith("a4-")} == {2, 8, 10, 21}
    assert {"plate-150x90", "sticker-60x80", "engrave-150x90"} <= set(layout_names())


def test_backs_stand_behind_their_fronts() -> None:
    made = [replace(plate, card=WorkerCard(f"网格员{number}")) for number, plate in enumerate(plates(3))]
    front, back = printed(made, "a4-8", RenderOptions(duplex=True))
    middle = back.get_width() / 2

    def left_edges(page: pypdfium2.PdfPage, said: str) -> list[float]:
        text = page.get_textpage()
        found = text.search(said).get_next()
        assert found is not None
        return [text.get_charbox(found[0])[0]]

    assert left_edges(front, "子湾 1 号")[0] < middle < left_edges(back, "网格员0")[0]
    assert left_edges(back, "网格员1")[0] < middle < left_edges(front, "子湾 2 号")[0]
    assert codes(back) == set()


def test_the_same_plates_give_the_same_file_with_any_number_of_processes() -> None:
    made = plates(600)
    files = []
    for processes in (1, 2):
        out = io.BytesIO()
        heard: list[int] = []
        report = render_pdf(made, load_layout("a4-10"), out, RenderOptions(processes=processes), heard.append)
        assert heard[-1] == 600
        assert heard == sorted(heard)
        assert report.pages == 60
        files.append(out.getvalue())
    assert files[0] == files[1]


def test_plates_are_taken_and_pages_written_as_they_come() -> None:
    written: list[int] = []

    class Paper(io.RawIOBase):
        size = 0

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            length = len(data)  # type: ignore[arg-type]
            self.size += length
            return length

    paper = Paper()

    def endless() -> Iterator[PlateData]:
        for plate in plates(2000):
            written.append(paper.size)
            yield plate

    render_pdf(endless(), load_layout("a4-10"), paper)
    assert written[0] == 0
    assert written[1000] > 500 * 400


def test_missing_characters_are_marked_and_reported() -> None:
    odd = replace(plates(1)[0], village="幸\U0003fffd福村", plate_text="1\u200d号")
    out = io.BytesIO()
    report = render_pdf([odd], load_layout("plate-150x90"), out)
    assert set(report.missing) == {"\U0003fffd", "\u200d"}
    assert report.missing["\U0003fffd"].serials == [odd.serial]
    assert not report.faultless
    copied = texts(pypdfium2.PdfDocument(out.getvalue())[0])
    assert "幸〓福村" in copied.replace(" ", "")
    assert "1号" in copied


def test_lines_too_long_to_read_are_reported_and_stay_on_the_plate() -> None:
    long = replace(plates(1)[0], plate_text="江西省赣州市瑞金市象湖镇幸福社区和平小组幸福路东段一百二十八号")
    report = render_pdf([long], load_layout("plate-150x90"), io.BytesIO())
    assert (report.cramped, report.cramped_serials) == (1, [long.serial])


def test_a_code_too_fine_for_phones_is_refused_before_anything_is_written() -> None:
    out = io.BytesIO()
    far = plates(1, "https://www.yihuyima.minsheng.pinganxiangcun.example.gov.cn")
    with pytest.raises(LayoutRefused, match=r"低于 0\.8 mm"):
        render_pdf(far, load_layout("a4-21"), out)
    assert out.getvalue() == b""


def test_no_plates_no_file() -> None:
    out = io.BytesIO()
    with pytest.raises(ValueError, match="没有要印的门牌"):
        render_pdf([], load_layout("a4-10"), out)
    assert out.getvalue() == b""


def test_lines_without_their_field_are_left_out() -> None:
    bare = replace(plates(1)[0], hotline="", domain="")
    copied = texts(printed([bare], "plate-150x90")[0])
    assert "热线" not in copied
    assert bare.serial in copied


def test_accent_and_emblem_are_the_deployments_own() -> None:
    emblem = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 255, 255)).save(emblem, format="PNG")
    options = RenderOptions(accent="#00ff00", emblem=emblem.getvalue())
    image = np.asarray(printed(plates(1), "plate-150x90", options)[0].render(scale=2).to_pil().convert("RGB"))
    colours = {tuple(pixel) for pixel in image.reshape(-1, 3).tolist()}
    assert {(0, 255, 0), (0, 0, 255)} <= colours
    assert 'fill="#00ff00"' in render_svg(plates(1)[0], load_layout("plate-150x90"), options)


@pytest.mark.parametrize("options", [RenderOptions(accent="red"), RenderOptions(emblem=b"no image")])
def test_unusable_decoration_is_refused(options: RenderOptions) -> None:
    with pytest.raises(LayoutRefused):
        render_pdf(plates(1), load_layout("a4-10"), io.BytesIO(), options)
    with pytest.raises(LayoutRefused, match="没有背面"):
        render_pdf(plates(1), load_layout("a4-21"), io.BytesIO(), RenderOptions(duplex=True))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("size = 40", "size = 60"), "超出门牌"),
        (("{village}", "{phone_of_owner}"), "没有字段"),
        (("{village}", "{village"), "花括号"),
        (("grid = [2, 5]", "grid = [2, 6]"), "排不进"),
        (("#b3191e", "red"), "rrggbb"),
        (('fill = "accent"', 'fill = "gold"'), "没有颜色"),
        (("cut_marks", "cutmarks"), "无法读取"),
        (("page = [210, 297]", "page = [0, 297]"), "大于零"),
    ],
)
def test_faulty_layouts_are_refused_with_the_reason(change: tuple[str, str], complaint: str) -> None:
    toml = resources.files("qr").joinpath("layouts", "a4-10.toml").read_text("utf-8")
    assert change[0] in toml
    with pytest.raises(LayoutRefused, match=complaint):
        parse_layout(toml.replace(*change).encode(), "own")


def test_an_unknown_layout_names_those_there_are() -> None:
    with pytest.raises(LayoutRefused, match="a4-10"):
        load_layout("../codes")


def test_one_plate_as_picture_is_what_would_be_printed() -> None:
    plate = plates(1)[0]
    image = Image.open(io.BytesIO(render_png(plate, load_layout("a4-10"), 300)))
    assert image.size == (1123, 650)
    assert set(read_page(image.convert("L"), Wear())) == {plate.url}


def test_a_zip_holds_one_picture_a_plate() -> None:
    made, out = plates(3), io.BytesIO()
    report = write_png_zip(made, load_layout("sticker-60x80"), out, 150)
    assert (report.plates, report.unread, report.faultless) == (3, [], True)
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == [f"{plate.serial}.png" for plate in made]
        image = Image.open(io.BytesIO(archive.read(archive.namelist()[1]))).convert("L")
    assert set(read_page(image, Wear())) == {made[1].url}


def test_an_archive_of_svgs_holds_the_very_same_drawings_and_tells_what_is_wrong() -> None:
    made = [*plates(3), replace(plates(4)[3], village="\U000323af村")]  # CJK extension H: in no packaged font
    out, layout = io.BytesIO(), load_layout("engrave-150x90")
    report = write_svg_zip(made, layout, out)
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == [f"{plate.serial}.svg" for plate in made]
        drawn = [archive.read(name).decode() for name in archive.namelist()]
    assert drawn[:3] == [render_svg(plate, layout) for plate in made[:3]]
    assert (report.plates, report.unread) == (4, [])
    assert report.missing["\U000323af"].serials == [made[3].serial]


def test_a_picture_that_cannot_be_read_is_named() -> None:
    made, layout = plates(2), load_layout("sticker-60x80")
    # A line of text across the finder patterns: drawn by mistake, seen by the decoder only.
    across = Line("■" * 12, x=0, y=24, w=60, size=60, weight="bold")
    spoilt = structs.replace(layout, front=structs.replace(layout.front, lines=(*layout.front.lines, across)))
    assert write_png_zip(made, spoilt, io.BytesIO(), 150).unread == [plate.serial for plate in made]


def test_svg_is_well_formed_outlined_and_holds_the_code() -> None:
    plate = replace(plates(1)[0], village="<村> & 组")
    layout = load_layout("engrave-150x90")
    root = ElementTree.fromstring(render_svg(plate, layout))
    assert (root.get("width"), root.get("height")) == ("150mm", "90mm")
    assert root.findall("{*}text") == []
    drawn = root.findall("{*}path")
    assert root[0].text == f"<村> & 组 {plate.plate_text} {plate.serial}"
    modules = np.full((45, 45), 255, np.uint8)
    for run in (drawn[-1].get("d") or "").split("z")[:-1]:
        x, y = map(int, run[1 : run.index("h")].split())
        width = int(run[run.index("h") + 1 : run.index("v")])
        modules[y + 4, x + 4 : x + 4 + width] = 0
    found = zxingcpp.read_barcode(np.kron(modules, np.ones((4, 4), np.uint8)))
    assert found is not None
    assert found.text == plate.url


def test_lists_open_in_excel_and_run_no_formula() -> None:
    made = [*plates(2), replace(plates(1)[0], village="=1+1", card=WorkerCard(phone="+86"))]
    out = io.BytesIO()
    assert write_csv(made, out) == 3
    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))
    assert rows[0] == list(HEADER)
    assert rows[1][:5] == ["1", made[0].serial, made[0].village, made[0].plate_text, made[0].url]
    assert (rows[3][2], rows[3][7]) == ("'=1+1", "'+86")
    book = io.BytesIO()
    assert write_xlsx(made, book) == 3
    sheet = openpyxl.load_workbook(book).active
    assert sheet is not None
    assert [cell.value for cell in sheet[4]][:3] == ["3", made[2].serial, "=1+1"]
    assert sheet["C4"].data_type == "s"


def test_codes_are_read_back_and_the_unread_are_named() -> None:
    urls = [plate.url for plate in plates(50)]
    assert read_back(urls).read == 50
    made = plates(10)
    out = io.BytesIO()
    render_pdf(made, load_layout("a4-10"), out)
    other = plates(1)[0].url
    result = read_back_pdf(out.getvalue(), [[plate.url for plate in made] + [other]])
    assert (result.expected, result.read, result.unread) == (11, 10, [other])


@pytest.mark.parametrize(
    "wear", [Wear(degrees=7), Wear(degrees=180), Wear(blur=1.0), Wear(covered=0.15), Wear(5, 0.6, 0.1)]
)
def test_worn_plates_are_still_read(wear: Wear) -> None:
    made = plates(8)
    out = io.BytesIO()
    render_pdf(made, load_layout("a4-8"), out)
    result = read_back_pdf(out.getvalue(), [[plate.url for plate in made]], wear)
    assert result.unread == []


def test_a_code_covered_beyond_repair_is_named_not_guessed() -> None:
    made = plates(8)
    out = io.BytesIO()
    render_pdf(made, load_layout("a4-8"), out)
    result = read_back_pdf(out.getvalue(), [[plate.url for plate in made]], Wear(covered=0.4))
    assert (result.read, result.unread) == (0, [plate.url for plate in made])


def test_every_common_character_has_a_glyph_and_rare_ones_of_villages_too() -> None:
    common = [bytes((high, low)).decode("gb2312") for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFA)]
    with closing(Family()) as family:
        lacking = [char for char in [*common, *"𠮷𡐓𥻗㙟㴋䶮𬭼𬘓"] if family.glyph(char, "bold") is None]
    assert lacking == []
