"""Draws the pictures of the documents: a plate, a sheet, a plate too damaged to read. `python -m tools.pictures`."""

import io
from pathlib import Path

import pypdfium2
from PIL import Image, ImageDraw

from qr.codes import Keyring, mint, plate_url
from qr.images import render_png
from qr.layout import load_layout
from qr.plate import PlateData, WorkerCard
from qr.plates import render_pdf
from qr.serials import make_serial

FOLDER = Path(__file__).parent.parent / "docs" / "images"
KEYRING = Keyring({1: bytes(range(32))}, active=1)  # the published test key: these codes open nothing


def _plate(number: int) -> PlateData:
    code = mint(KEYRING, number.to_bytes(10, "big"))
    return PlateData(
        url=plate_url("https://ms.example.gov.cn", code),
        village="象湖镇 解放路居委会",
        plate_text=f"一组 {number} 号",
        serial=make_serial("360781", number),
        hotline="12345",
        domain="ms.example.gov.cn",
        card=WorkerCard("邱小兰", "网格员", "138****0001", "第1网格"),
    )


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    single = render_png(_plate(1), load_layout("plate-150x90"), dpi=150)
    (FOLDER / "plate.png").write_bytes(single)
    sheet = io.BytesIO()
    render_pdf([_plate(number) for number in range(1, 11)], load_layout("a4-10"), sheet)
    page = pypdfium2.PdfDocument(sheet.getvalue())[0].render(scale=90 / 72).to_pil()
    page.convert("RGB").quantize(48).save(FOLDER / "sheet.png", optimize=True)
    damaged = Image.open(io.BytesIO(single)).convert("RGB")
    width, height = damaged.size
    ImageDraw.Draw(damaged).rectangle((width * 0.72, height * 0.28, width * 0.90, height * 0.5), fill="#8a7a5c")
    damaged.quantize(64).save(FOLDER / "plate-unreadable.png", optimize=True)


if __name__ == "__main__":
    main()
