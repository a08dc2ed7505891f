"""QR symbols: error correction Q, quiet zone 4, the text exactly as given (lower-case host)."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from qr.mask import Grid, penalty

QUIET_ZONE = 4
ERROR_CORRECTION = "Q"
_MASKS = 8
_QR_CODES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

# True is a dark module; square, without the quiet zone.
Matrix = NDArray[np.bool_]


def make_matrix(text: str) -> Matrix:
    """The dark modules of the symbol for `text`, with the mask the standard prefers."""
    unmasked = _encode(text, 0)
    masks = _masks(unmasked.shape[0])
    packed = _pack(unmasked)
    points = [penalty(packed ^ change, masks.grid, masks.modules) for change in masks.integers]
    return np.not_equal(unmasked, masks.matrices[points.index(min(points))])


@dataclass(frozen=True, slots=True)
class _Masks:
    """What each mask changes, against mask 0, in a symbol of one size."""

    grid: Grid
    modules: int
    matrices: list[Matrix]
    integers: list[int]


@cache
def _masks(size: int) -> _Masks:
    # Sizes are 4 x version + 17, so whole bytes leave unused bits at the end of each row.
    grid = Grid(size, (size + 7) // 8 * 8)
    version = (size - 17) // 4
    samples = [_encode("0", mask, version) for mask in range(_MASKS)]
    matrices = [np.not_equal(sample, samples[0]) for sample in samples]
    return _Masks(grid, grid.modules, matrices, [_pack(matrix) for matrix in matrices])


def _pack(matrix: Matrix) -> int:
    # packbits fills each row up to whole bytes, which is the stride of the grid.
    return int.from_bytes(np.packbits(matrix, axis=1).tobytes(), "big")


def _encode(text: str, mask: int, version: int = 0) -> Matrix:
    fixed = {"version": version} if version else {}
    symbol = zxingcpp.create_barcode(
        text, zxingcpp.BarcodeFormat.QRCode, ec_level=ERROR_CORRECTION, data_mask=mask, **fixed
    )
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
