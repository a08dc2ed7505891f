"""QR symbols: error correction Q, quiet zone 4, the text exactly as given (lower-case host)."""

import io
from typing import Any

import numpy as np
import qrcode
import zxingcpp
from numpy.typing import NDArray
from qrcode.image.svg import SvgPathImage

QUIET_ZONE = 4
ERROR_CORRECTION = "Q"
_QR_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

# True is a dark module; square, without the quiet zone.
Matrix = NDArray[np.bool_]


def make_matrix(text: str) -> Matrix:
    """The dark modules of the symbol for `text`, by the encoder that is fast enough for whole provinces."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=ERROR_CORRECTION)
    pixels: NDArray[np.uint8] = np.asarray(symbol.to_image(scale=1, add_quiet_zones=False))
    return np.equal(pixels, 0)


def modules_across(matrix: Matrix) -> int:
    """How many modules wide the symbol is with its quiet zone."""
    return int(matrix.shape[0]) + 2 * QUIET_ZONE


def read_matrix(matrix: Matrix) -> str | None:
    """What a decoder reads from the modules themselves, or None."""
    pixels = np.where(matrix, np.uint8(0), np.uint8(255))
    found = zxingcpp.read_barcode(pixels, _QR_CODES, is_pure=True)
    return found.text if found is not None and found.valid else None


def code_png(text: str, pixels_per_module: int = 10) -> bytes:
    """One symbol as a black and white PNG with its quiet zone."""
    out = io.BytesIO()
    _single(text, pixels_per_module).make_image().save(out, format="PNG")
    return out.getvalue()


def code_svg(text: str) -> str:
    """One symbol as SVG with its quiet zone, one millimetre a module."""
    image = _single(text, 10).make_image(image_factory=SvgPathImage)
    return str(image.to_string(encoding="unicode"))


def _single(text: str, box_size: int) -> "qrcode.QRCode[Any]":
    symbol: qrcode.QRCode[Any] = qrcode.QRCode(
        error_correction=qrcode.ERROR_CORRECT_Q, box_size=box_size, border=QUIET_ZONE
    )
    symbol.add_data(text)
    return symbol
