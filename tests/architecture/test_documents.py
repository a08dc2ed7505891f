"""What the documents say is so: generated pages are current, settings are described, links lead somewhere."""

import re
from pathlib import Path

import pytest

from config.settings import Settings
from tests.architecture.sources import ROOT, tracked_files
from tools.coverage_table import UnknownMechanism, markdown, mechanisms, proofs, totals
from tools.marks import MarkNotLiteral, marked_tests
from tools.workflow_page import PAGE, page

LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def test_the_workflow_page_is_what_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "docs/workflow.md is old: make docs"


def test_the_mechanisms_are_complete() -> None:
    known = mechanisms()
    per_source = {source: count for source, count, _ in totals(known, {})}
    assert per_source == {"000": 49, "001": 22, "002": 18, "003": 26, "004": 32, "all": 147}
    for source, last in (("000", 49), ("001", 22), ("002", 18), ("003", 26), ("004", 32)):
        assert [i for i in known if i.startswith(source)] == [f"{source}-{n:02}" for n in range(1, last + 1)]


def test_marks_name_known_mechanisms() -> None:
    found = proofs(mechanisms())
    assert sum(len(tests) for tests in found.values()) > 0


def write(folder: Path, text: str) -> Path:
    (folder / "test_example.py").write_text(text, encoding="utf-8")
    return folder


def test_marks_are_read_from_functions_classes_modules_and_parameters(tmp_path: Path) -> None:
    folder = write(tmp_path, """
import pytest
pytestmark = [pytest.mark.anyio, pytest.mark.mechanism("000-01")]
@pytest.mark.mechanism("000-02", "000-03")
async def test_two(): ...
@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.mechanism("000-04"))])
def test_parameter(x): ...
@pytest.mark.mechanism("000-05")
class TestGroup:
    def test_inside(self): ...
@pytest.mark.skip
@pytest.mark.mechanism("000-06")
def test_never_run(): ...
""")  # fmt: skip
    assert {test.name: test.mechanisms for test in marked_tests(folder)} == {
        "test_two": ("000-01", "000-02", "000-03"),
        "test_parameter": ("000-01", "000-04"),
        "test_inside": ("000-01", "000-05"),
    }


def test_an_unknown_mechanism_or_a_computed_one_is_refused(tmp_path: Path) -> None:
    unknown = write(tmp_path, '@pytest.mark.mechanism("009-99")\ndef test_it(): ...\n')
    with pytest.raises(UnknownMechanism, match="009-99"):
        proofs({"000-01": "…"}, unknown)
    computed = write(tmp_path, "@pytest.mark.mechanism(*IDS)\ndef test_it(): ...\n")
    with pytest.raises(MarkNotLiteral, match="test_it"):
        marked_tests(computed)


def test_the_table_says_what_is_proven(tmp_path: Path) -> None:
    known = {"000-01": "一户一码", "000-02": "快速响应"}
    text = markdown(known, proofs(known, write(tmp_path, '@pytest.mark.mechanism("000-01")\ndef test_it(): ...\n')))
    assert "test_example.py::test_it` | yes |" in text
    assert "| 000-02 | 快速响应 |  | no |" in text
    assert "| all | 2 | 1 |" in text


def test_the_example_environment_names_every_setting_and_no_other() -> None:
    text = (ROOT / "config" / "example.env").read_text(encoding="utf-8")
    named = re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.__annotations__)


def test_the_operations_page_explains_every_setting() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name.upper() for name in Settings.__annotations__ if f"`{name.upper()}`" not in text] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in tracked_files():
        if path.suffix == ".md":
            for link in LINK.findall(path.read_text(encoding="utf-8")):
                if not (path.parent / link).exists():
                    broken.append(f"{path.relative_to(ROOT)}: {link}")
    assert broken == []


def test_commands_that_the_documents_name_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    pages = [path for path in tracked_files() if path.suffix == ".md"]
    named = {name for path in pages for name in re.findall(r"`make ([a-z-]+)", path.read_text(encoding="utf-8"))}
    assert {"demo", "test", "sure"} <= named
    assert named - targets == set()


def test_paths_that_the_map_of_the_house_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    places = re.findall(r"`((?:[a-z_]+/)+(?:[\w.-]+)?)`", text)
    assert len(places) > 10
    assert [place for place in places if not (ROOT / place).exists()] == []
