"""Profile files into checked rows; every mistake is collected with file, line and reason."""

import csv
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_origin

import msgspec

T = TypeVar("T")
R = TypeVar("R", bound=msgspec.Struct)
SEPARATOR = "|"
TOML_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong where; line 0 = the whole file."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        """Show as an editor would: file:line: reason."""
        return f"{self.file}:{self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


class ProfileError(Exception):
    """A profile that cannot be used, with all its mistakes."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        """Keep the mistakes in the order of files and lines."""
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.file, mistake.line)))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


@dataclass(slots=True)
class Findings:
    """The mistakes found so far, and the lines of the files for pointing at them."""

    mistakes: list[Mistake] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    behind: dict[str, tuple[str, ...]] = field(default_factory=dict)  # files that a file is laid over
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)  # the lines of a file now being read

    def add(self, file: str, reason: str, line: int = 0, near: str | tuple[str, ...] = "") -> None:
        """Record a mistake; without a line number it stands where a line begins with or contains `near`."""
        if not line:
            file, line = self._find(file, (near,) if isinstance(near, str) else near)
        mistake = Mistake(file, line, reason)
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)

    def attempt(self, file: str, label: str, build: Callable[[], T], near: str = "") -> T | None:
        """Return what `build` gives, or record why it could not (ValueError, a wrong type)."""
        try:
            return build()
        except (ValueError, TypeError, AttributeError, msgspec.ValidationError) as problem:
            self.add(file, f"{label}:{problem}", near=near or label)
            return None

    def missing(self, file: str, near: str | tuple[str, ...], what: str, codes: Iterable[str]) -> None:
        """Record codes that lead nowhere."""
        for code in sorted(codes):
            self.add(file, f"{what}“{code}”不存在", near=near)

    def _find(self, file: str, nears: tuple[str, ...]) -> tuple[str, int]:
        """Return the line of the nearest layer that holds one of the texts, or the file as a whole."""
        first, last = self.spans.get(file, (1, len(self.texts.get(file, []))))
        places = [(file, range(first, last + 1)), (file, range(1, first))]
        places += [(one, range(1, len(self.texts.get(one, [])) + 1)) for one in self.behind.get(file, ())]
        # The heads inside an overlay bear its name: [limits] is [overlays.limits] there.
        wanted = [near for near in nears if near]
        wanted += [near.replace("[", "[overlays.", 1) for near in wanted if near.startswith("[")]
        for name, numbers in places:
            lines = [(number, self.texts.get(name, [])[number - 1].strip()) for number in numbers]
            for fits in (str.startswith, str.__contains__):
                for near in wanted:
                    found = next((number for number, line in lines if fits(line, near)), 0)
                    if found:
                        return name, found
        return file, 0


def read_toml(path: Path, name: str, findings: Findings) -> dict[str, Any]:
    """Return a TOML file as plain values, empty when it cannot be read (the mistake is recorded)."""
    text = _text(path, name, findings)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        line = TOML_LINE.search(str(problem))
        findings.add(name, f"TOML 写法有误:{problem}", line=int(line[1]) if line else 0)
        return {}


def read_rows(path: Path, name: str, shape: type[R], findings: Findings) -> list[R]:
    """Return the rows of a CSV file; lists are separated by `|`, empty cells take the default."""
    lists = {cell.name for cell in msgspec.structs.fields(shape) if get_origin(cell.type) is tuple}
    reader = csv.DictReader(_text(path, name, findings).splitlines())
    rows: list[R] = []
    seen: set[str] = set()
    for cells in reader:
        line = reader.line_num
        if None in cells or None in cells.values():
            findings.add(name, f"应有 {len(reader.fieldnames or ())} 列", line=line)
            continue
        values = {key: cell.split(SEPARATOR) if key in lists else cell for key, cell in cells.items() if cell}
        try:
            row = msgspec.convert(values, shape, strict=False)
        except msgspec.ValidationError as problem:
            findings.add(name, str(problem), line=line)
            continue
        code = cells.get("code", "")
        if code and code in seen:
            findings.add(name, f"编码“{code}”重复", line=line)
        seen.add(code)
        rows.append(row)
    return rows


def _text(path: Path, name: str, findings: Findings) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")  # a sheet saved by Excel begins with a mark
    except FileNotFoundError:
        findings.add(name, "文件不存在")
        return ""
    except UnicodeDecodeError:
        findings.add(name, "文件不是 UTF-8 编码")
        return ""
    findings.texts[name] = text.splitlines()
    return text
