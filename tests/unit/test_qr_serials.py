import pytest
from hypothesis import given
from hypothesis import strategies as st

from qr.serials import check_character, make_serial, read_serial


def test_the_standards_own_example() -> None:
    # ISO/IEC 7064 MOD 37,36: the strings used for ISAN and GRid check characters.
    assert check_character("A12425GABC1234002") == "M"


def test_made_serials_read_back_in_any_typing() -> None:
    serial = make_serial("rj07", 123)
    assert serial.startswith("RJ07-000123-")
    assert read_serial(serial) == serial
    assert read_serial(serial.lower().replace("-", " ")) == serial


@given(st.from_regex(r"\A[A-Z0-9]{1,12}\Z"), st.integers(0, 999_999), st.data())
def test_any_single_mistyped_character_is_noticed(area: str, number: int, data: st.DataObject) -> None:
    compact = make_serial(area, number).replace("-", "")
    at = data.draw(st.integers(0, len(compact) - 1))
    wrong = data.draw(
        st.sampled_from([c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c != compact[at]])
    )
    assert read_serial(compact[:at] + wrong + compact[at + 1 :]) is None


@pytest.mark.parametrize("text", ["", "RJ07", "RJ07-123", "瑞金-000123-A", "RJ07-000123-Ａ"])
def test_malformed_serials_are_nothing(text: str) -> None:
    assert read_serial(text) is None


@pytest.mark.parametrize(
    ("area", "number"), [("", 1), ("村", 1), ("A" * 13, 1), ("RJ", -1), ("RJ", 1_000_000)]
)
def test_serials_out_of_range_are_refused(area: str, number: int) -> None:
    with pytest.raises(ValueError, match="须"):
        make_serial(area, number)
