"""What the desk is told about a poor record; nobody is refused for it."""

from dataclasses import replace

import pytest

from domain.appeals.quality import Entry, flaws

GOOD = Entry("村口的路灯坏了三天", "named", "李大山", "13912340001", "0901", "360781100001", "help", complained=False)


def test_a_good_record_has_no_flaw() -> None:
    assert flaws(GOOD) == []


@pytest.mark.mechanism("004-23")
@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"content": "灯坏"}, ["too-short"]), ({"content": "", "audio": True}, ["no-words"]),
        ({"name": ""}, ["no-name"]), ({"phone": ""}, ["no-phone"]), ({"phone": "139123"}, ["bad-phone"]),
        ({"topic": ""}, ["no-topic"]), ({"area_code": "360781"}, ["vague-place"]), ({"kind": "report"}, ["no-subject"]),
        ({"kind": "report", "complained": True}, []), ({"identity": "anonymous", "name": "", "phone": ""}, []),
    ],
)  # fmt: skip
def test_each_flaw_is_named(change: dict[str, object], codes: list[str]) -> None:
    found = flaws(replace(GOOD, **change))  # type: ignore[arg-type]
    assert [flaw["code"] for flaw in found] == codes
    assert all(flaw["message"] for flaw in found)
