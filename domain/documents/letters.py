"""What a document says: pure. The words are data (`templates/letters.toml`), the values come from the case."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from domain.notices.texts import fill

KINDS = ("opinion", "acceptance", "non-acceptance", "closure-report")
DISPOSITIONS: Mapping[str, str] = {
    "solved_reasonable": "诉求合理,解决问题到位",
    "explained_unreasonable": "诉求缺乏依据,解释说明到位",
    "aided_hardship": "生活困难,帮扶救助到位",
    "referred_unlawful_act": "涉及违法行为,已移送有权机关",
}


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, paragraph by paragraph."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Letter:
    """A document under the office's header, ready to be set."""

    office: str
    title: str
    number: str
    addressee: str
    opening: str
    sections: tuple[Section, ...]
    dated: str


@dataclass(frozen=True)
class Sender:
    """Who sends a document to whom, under which number, and when."""

    office: str
    number: str
    addressee: str
    dated: str


def compose(kind: str, track: str, sender: Sender, values: Mapping[str, str]) -> Letter:
    """The letter of a kind in the words of a track; a section about which nothing is known is left out."""
    words = _words(kind, track)
    sections = []
    for heading, template in words["sections"]:
        text = _fill(template, values)
        if text.strip():
            sections.append((heading, tuple(line.strip() for line in text.splitlines() if line.strip())))
    numbered = tuple(Section(_renumber(h, n), lines) for n, (h, lines) in enumerate(sections))
    return Letter(
        sender.office, words["title"], sender.number, sender.addressee, fill(words["opening"], values), numbered,
        sender.dated,
    )  # fmt: skip


def _fill(template: str, values: Mapping[str, str]) -> str:
    """What people wrote stands whole: only our own sentences lose the clauses of unknown values."""
    name = template.removeprefix("{").removesuffix("}")
    return values.get(name, "") if template == f"{{{name}}}" else fill(template, values)


def _renumber(heading: str, place: int) -> str:
    return "一二三四五六七八九十"[place] + heading[heading.index("、") :]


@cache
def _all() -> dict[str, Any]:
    text = resources.files("domain.documents").joinpath("templates", "letters.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _words(kind: str, track: str) -> dict[str, Any]:
    found = _all()[kind]
    own = found.get(track)
    return {**found, **own} if isinstance(own, dict) else dict(found)
