"""Nothing in the repository names a machine, a person's folder or a secret."""

import re

import pytest

from tests.architecture.sources import ROOT, tracked_files

# Written in two parts, so that this file does not find itself.
MACHINE_PATHS = re.compile(
    "|".join(("/wo" + r"rk/(main|shared|notes)", "/ho" + r"me/(?!user\b|huying\b)[a-z]\w*/", "/ro" + "ot/", "/Us" + r"ers/\w+/"))
)
SECRETS = re.compile(
    "|".join((
        "BEGIN (RSA |EC |OPENSSH |)PRIV" + "ATE KEY",
        "AK" + r"IA[0-9A-Z]{16}",  # a cloud key
        "LT" + r"AI[0-9A-Za-z]{16,}",  # another cloud's key
        "gh" + r"[pousr]_[0-9A-Za-z]{36}",
        r"[Aa][Pp][Pp]_?[Ss]\w{5}\W{1,4}(?!0{32})[0-9a-f]{32}\b",  # of WeChat
    ))
)  # fmt: skip
BIG = 6_000_000


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked_files():
        data = path.read_bytes()
        if b"\0" not in data[:8192]:
            found.append((path.relative_to(ROOT).as_posix(), data.decode("utf-8")))
    return found


@pytest.mark.parametrize("line", ["/ro" + "ot/x", "/ho" + "me/li/code", "/wo" + "rk/main"])
def test_a_machine_path_is_recognised(line: str) -> None:
    assert MACHINE_PATHS.search(line)


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    assert [f"{name}: {hit.group()}" for name, text in texts() for hit in MACHINE_PATHS.finditer(text)] == []


def test_no_file_holds_a_secret() -> None:
    keys = [name for name, text in texts() if SECRETS.search(text)]
    assert [name for name in keys if not name.startswith("tests/")] == []


def test_no_environment_file_is_kept() -> None:
    assert [p.name for p in tracked_files() if p.name == ".env" or (p.suffix == ".env" and p.name != "example.env")] == []


def test_no_file_is_huge() -> None:
    assert [path.name for path in tracked_files() if path.stat().st_size > BIG] == []


def test_borrowed_data_names_its_licence() -> None:
    for folder in ("calendar", "divisions"):
        text = (ROOT / "config" / folder / "README.md").read_text(encoding="utf-8")
        assert re.search("licence", text), folder


def test_pins_name_no_host_and_no_folder() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in pins if not re.fullmatch(r"#.*|[A-Za-z0-9_.-]+==[\w.!+]+", line)] == []
