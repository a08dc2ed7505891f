import base64
import os
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qr.codes import (
    CodeRefused,
    Keyring,
    KeyringInvalid,
    mint,
    mint_many,
    normalise,
    parse_scan,
    plate_url,
    read,
)

K1, K2 = bytes(range(32)), bytes(range(32, 64))
RING = Keyring({1: K1, 2: K2}, active=1)
HOSTS = frozenset({"q.abc.gov.cn", "localhost:8000", "abc.gov.cn/huying"})

VECTORS = [
    (1, "00000000000000000000", "CEAAAAAAAAAAAAAAADQDTNHXY7GMMNHT"),
    (1, "0123456789abcdef0123", "CEASGRLHRGV433YBEOBHFY7Y4IROKNYX"),
    (2, "ffffffffffffffffffff", "CL7777777777777776CHMWKF7QU2O3A2"),
]
GENUINE = VECTORS[1][2]


def refused(text: str, keyring: Keyring = RING) -> bool:
    try:
        read(text, keyring)
    except CodeRefused as refusal:
        assert refusal.args == ("二维码无效",)
        return True
    return False


@pytest.mark.parametrize(("kid", "code_id", "text"), VECTORS)
def test_published_vectors(kid: int, code_id: str, text: str) -> None:
    code = mint(Keyring(RING.keys, active=kid), bytes.fromhex(code_id))
    assert (code.text, code.kid, code.code_id.hex()) == (text, kid, code_id)
    assert read(text, RING) == code


def test_each_of_160_bit_flips_is_refused() -> None:
    body = int.from_bytes(base64.b32decode(GENUINE))
    flipped = [base64.b32encode((body ^ 1 << bit).to_bytes(20)).decode() for bit in range(160)]
    assert len(set(flipped)) == 160
    assert all(refused(text) for text in flipped)


def test_a_hundred_thousand_random_tokens_are_refused() -> None:
    pool = os.urandom(20 * 100_000)
    tokens = [b"\x11" + pool[at : at + 19] for at in range(0, len(pool), 20)]
    assert all(refused(base64.b32encode(token).decode()) for token in tokens)


@given(st.binary(min_size=10, max_size=10), st.sampled_from([1, 2]))
def test_reading_what_was_minted_gives_it_back(code_id: bytes, kid: int) -> None:
    code = mint(Keyring(RING.keys, active=kid), code_id)
    assert read(code.text, RING) == code
    assert code.code_id == code_id


@given(st.text(max_size=64))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    assert refused(text) or normalise(text) == read(text, RING).text


@pytest.mark.parametrize(
    "typed",
    [
        GENUINE.lower(),
        GENUINE.replace("O", "0").replace("I", "1").replace("B", "8"),
        f"  {GENUINE[:8]} {GENUINE[8:16]}-{GENUINE[16:]}\n",
    ],
)
def test_typed_forms_are_understood(typed: str) -> None:
    assert read(typed, RING).text == GENUINE


def resealed(first: int, key: bytes) -> str:
    kid = first & 0x0F
    body = bytearray(base64.b32decode(mint(Keyring({kid: key}, active=kid), bytes(10)).text))
    body[0] = first
    return base64.b32encode(body).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        GENUINE[:31],
        GENUINE + "A",
        GENUINE[:-1] + "9",
        GENUINE[:-1] + "ſ",
        GENUINE[:-1] + "２",
        resealed(0x21, K1),
        resealed(0x13, K1),
        mint(Keyring({3: bytes(32)}, active=3)).text,
    ],
    ids=["empty", "31", "33", "digit-9", "long-s", "wide-digit", "version-2", "unknown-kid", "zero-key"],
)
def test_malformed_or_foreign_codes_are_refused_alike(text: str) -> None:
    assert refused(text)


def test_a_leaked_key_makes_the_row_decide() -> None:
    leaked = Keyring({1: K1, 2: K2}, active=2, db_only=frozenset({1}))
    assert read(GENUINE, leaked).needs_row
    forged = base64.b32encode(base64.b32decode(GENUINE)[:11] + bytes(9)).decode()
    assert read(forged, leaked).needs_row
    assert not read(VECTORS[2][2], leaked).needs_row
    thrown_away = Keyring({2: K2}, active=2, db_only=frozenset({1}))
    assert read(GENUINE, thrown_away).needs_row


@pytest.mark.parametrize(
    ("keys", "active", "db_only"),
    [
        ({1: K1}, 2, frozenset[int]()),
        ({16: K1}, 16, frozenset[int]()),
        ({1: b"short"}, 1, frozenset[int]()),
        ({1: K1}, 1, frozenset({1})),
    ],
)
def test_unsafe_keyrings_are_refused(keys: dict[int, bytes], active: int, db_only: frozenset[int]) -> None:
    with pytest.raises(KeyringInvalid):
        Keyring(keys, active, db_only)


def test_keys_never_show_in_a_log_line() -> None:
    assert repr(K1) not in repr(RING)
    assert "keys" not in repr(RING)


def test_minting_many_gives_distinct_readable_codes() -> None:
    codes = list(mint_many(RING, 5000))
    assert len({code.code_id for code in codes}) == 5000
    assert all(read(code.text, RING) == code for code in codes)
    assert list(mint_many(RING, 0)) == []


def test_a_code_id_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="10 字节"):
        mint(RING, bytes(9))


def test_plate_addresses_have_a_lower_case_host() -> None:
    code = read(GENUINE, RING)
    assert plate_url("HTTPS://Q.ABC.gov.cn/", code) == f"https://q.abc.gov.cn/h/{GENUINE}"
    assert plate_url("https://abc.gov.cn/huying", code) == f"https://abc.gov.cn/huying/h/{GENUINE}"


@pytest.mark.parametrize("address", ["q.abc.gov.cn", "ftp://a.cn", "https://a.cn/?x=1", "https://u@a.cn"])
def test_addresses_unfit_for_print_are_refused(address: str) -> None:
    with pytest.raises(ValueError, match="公开网址"):
        plate_url(address, read(GENUINE, RING))


URL = f"https://q.abc.gov.cn/h/{GENUINE}"


@pytest.mark.parametrize(
    "raw",
    [
        URL,
        f" {URL}\n",
        f"HTTPS://Q.ABC.GOV.CN/h/{GENUINE}",
        f"{URL}?from=poster",
        quote(URL, safe=""),
        quote(quote(URL, safe=""), safe=""),
        f"q={quote(URL, safe='')}&scancode_time=1700000000",
        GENUINE,
        GENUINE.lower(),
        f"scene={GENUINE}",
        f"pages/scan/index?scene={GENUINE}",
        f"pages/scan/index?q={quote(URL, safe='')}",
        f"http://localhost:8000/h/{GENUINE.lower()}",
        f"https://abc.gov.cn/huying/h/{GENUINE}",
    ],
)
def test_what_scanners_give_is_understood(raw: str) -> None:
    assert parse_scan(raw, HOSTS) == GENUINE


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "你好",
        f"https://evil.cn/h/{GENUINE}",
        f"https://q.abc.gov.cn.evil.cn/h/{GENUINE}",
        f"https://evil.cn/?q={quote(URL, safe='')}",
        f"https://q.abc.gov.cn@evil.cn/h/{GENUINE}",
        f"https://q.abc.gov.cn:8443/h/{GENUINE}",
        f"javascript://q.abc.gov.cn/h/{GENUINE}",
        f"https://q.abc.gov.cn/x/{GENUINE}",
        f"https://q.abc.gov.cn/h/{GENUINE}/x",
        f"https://q.abc.gov.cn/h/h/{GENUINE}",
        f"https://[q.abc.gov.cn/h/{GENUINE}",
        "https://q.abc.gov.cn/h/",
        "%25" * 300,
        "q=" * 400,
    ],
)
def test_foreign_or_broken_scans_are_nothing(raw: str) -> None:
    assert parse_scan(raw, HOSTS) is None


@given(st.text(max_size=200))
def test_no_scan_makes_the_parser_fail(raw: str) -> None:
    found = parse_scan(raw, HOSTS)
    assert found is None or len(found) == 32
