
import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.util import lost_point

from qr.mask import Grid, penalty
from qr.matrix import make_matrix, modules_across, read_matrix

URL = "https://q.abc.gov.cn/h/CEASGRLHRGV433YBEOBHFY7Y4IROKNYX"


@settings(deadline=None, max_examples=60)
@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=1, max_size=100))
def test_what_is_made_is_read(code: str) -> None:
    assert read_matrix(make_matrix(f"https://q.abc.gov.cn/h/{code}")) == f"https://q.abc.gov.cn/h/{code}"


def test_a_household_address_fits_version_four_with_its_quiet_zone() -> None:
    assert modules_across(make_matrix(URL)) == 33 + 8


def test_symbols_have_error_correction_q() -> None:
    pixels = np.where(make_matrix(URL), np.uint8(0), np.uint8(255))
    found = zxingcpp.read_barcode(pixels, is_pure=True)
    assert found is not None
    assert found.ec_level == "Q"


def packed(matrix: np.ndarray[tuple[int, int], np.dtype[np.bool_]], grid: Grid) -> int:
    padded = np.zeros((grid.size, grid.stride), np.bool_)
    padded[:, : grid.size] = matrix
    return int.from_bytes(np.packbits(padded).tobytes(), "big")


@pytest.mark.parametrize("seed", range(12))
def test_penalty_points_are_those_another_implementation_counts(seed: int) -> None:
    size = (21, 33, 37, 177)[seed % 4]
    grid = Grid(size, (size + 7) // 8 * 8)
    matrix = np.random.default_rng(seed).random((size, size)) < (0.5, 0.3, 0.9)[seed % 3]
    matrix[0, :11] = [1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0]
    matrix[-11:, -1] = [0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 1]
    matrix[10, :] = True
    assert penalty(packed(matrix, grid), grid, grid.modules) == lost_point(matrix.tolist())


def test_the_mask_chosen_has_the_fewest_points() -> None:
    points = []
    for mask in range(8):
        symbol = zxingcpp.create_barcode(URL, zxingcpp.BarcodeFormat.QRCode, ec_level="Q", data_mask=mask)
        points.append(lost_point((np.asarray(symbol.to_image(add_quiet_zones=False)) == 0).tolist()))
    assert lost_point(make_matrix(URL).tolist()) == min(points)


def test_a_damaged_matrix_is_not_read() -> None:
    matrix = make_matrix(URL)
    matrix[9:25, 9:25] ^= True
    assert read_matrix(matrix) is None
