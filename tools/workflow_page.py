"""Writes docs/workflow.md from the transition table: `python -m tools.workflow_page [--write]`.

The page cannot drift from the code: a test compares it with what this module makes of `domain/cases/states.py`.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

from domain.cases.states import BEFORE, ENDED, MOVES, SAME, STATES, Move, sources, target

PAGE = Path(__file__).parent.parent / "docs" / "workflow.md"
KINDS = {"appeal": "Appeals (诉求件)", "event": "Grid events (网格事件)"}
FEW = 7
_RELATIONS = {
    "area": "for the area of the case",
    "lead": "in the lead unit, or as the worker it is assigned to",
    "reviewer": "in the lead unit, another person than the handler",
    "inspector": "for the area or as the reporter, another person than the handler",
    "outside": "for the area, from neither lead nor co-unit",
    "reporter": "the worker who reported it",
    "field": "as a grid worker to whom the case is visible: own, reported, or an event of the own grids",
    "unit": "in the lead or a co-unit",
    "co": "in a co-unit",
    "appellant": "the person who filed",
    "system": "the server by itself",
}
_TARGETS = {SAME: "unchanged", BEFORE: "the state before"}
_INTRODUCTION = """# The workflow

<!-- Written by `make docs` from domain/cases/states.py. Do not edit: a test compares. -->

A case is the work owed for one or more appeals, or for one grid event. Every move of every case is a row below; one
function (`domain/cases/move.py`) carries them out. What a move does besides changing the state (notices, ratings,
supervision) stands in `domain/workflow/`; the limits of the clocks stand in `config/tracks.toml`.

A refused move answers 409 `move-not-allowed` and names the moves that are allowed. A move in the states named under
*later* does its work and changes no state. `*` under *stops* means every running clock.
"""


def page() -> str:
    """The whole page as Markdown."""
    parts = [_INTRODUCTION, _states(), _relations()]
    for kind, title in KINDS.items():
        wide = [move for move in _changing(kind) if _is_wide(move, kind)]
        note = f"Not drawn, because they lead there from almost everywhere: {_leads(wide)}." if wide else ""
        parts.append(f"## {title}\n\n{_diagram(kind)}\n\n{note}\n\n{_table(kind)}\n")
    return "\n".join(parts)


def _states() -> str:
    rows = [f"| `{state}` | {name} | {'ended' if state in ENDED else 'open'} |" for state, name in STATES.items()]
    return "\n".join(["## States\n", "| state | 中文 | |", "|---|---|---|", *rows, ""])


def _relations() -> str:
    used = dict.fromkeys(relation for move in MOVES.values() for relation in move.relation)
    rows = [f"| {name} | {_RELATIONS[name]} |" for name in used]
    return "\n".join(["## Who may move\n", "A move needs its permission and one of its relations to the case.\n",
                      "| relation | the permission is held … |", "|---|---|", *rows, ""])  # fmt: skip


def _diagram(kind: str) -> str:
    edges: dict[tuple[str, str], list[str]] = {}
    for move in _changing(kind):
        if _is_wide(move, kind):
            continue
        for state in _in_order(set(sources(move, kind)) - set(move.later)):
            edges.setdefault((state, target(move, state)), []).append(move.name)
            if move.otherwise:
                edges.setdefault((state, move.otherwise), []).append(f"{move.name} (failed)")
    reached = {"submitted"} | {state for edge in edges for state in edge}
    lines = [f'    state "{STATES[state]} {state}" as {state}' for state in STATES if state in reached]
    lines += ["    [*] --> submitted"]
    lines += [f"    {source} --> {into} : {', '.join(names)}" for (source, into), names in edges.items()]
    lines += [f"    {state} --> [*]" for state in STATES if state in reached & ENDED]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def _changing(kind: str) -> list[Move]:
    return [move for move in MOVES.values() if kind in move.kinds and move.target not in {SAME, BEFORE}]


def _is_wide(move: Move, kind: str) -> bool:
    """Whether arrows of this move would cover the picture."""
    return len(sources(move, kind)) > FEW


def _leads(moves: Iterable[Move]) -> str:
    return ", ".join(f"`{move.name}` → `{move.target}`" for move in moves)


def _table(kind: str) -> str:
    head = "| action | from | to | permission | relation | starts | stops | six fast steps | event |"
    rows = [_row(move, kind) for move in MOVES.values() if kind in move.kinds]
    return "\n".join([head, "|---" * 9 + "|", *rows])


def _row(move: Move, kind: str) -> str:
    into = _TARGETS.get(move.target, f"`{move.target}`")
    if move.otherwise:
        into += f" or `{move.otherwise}`"
    later = f"; later {_codes(_in_order(move.later))}" if move.later else ""
    if move.unregistered:
        later += f"; {_codes(_in_order(move.unregistered))} while nobody has registered it"
    origin = set(sources(move, kind)) - set(move.later)
    everywhere = "every state" if origin == set(STATES) else "every open state" if origin == set(STATES) - ENDED else ""
    cells = (
        f"`{move.name}`" + (" (two persons)" if move.two_persons else ""),
        (everywhere or _codes(_in_order(origin))) + later,
        into,
        f"`{move.permission}`" if move.permission else "",
        ", ".join(move.relation),
        _codes(move.starts),
        _codes(move.stops),
        move.step,
        f"`{move.event}`",
    )
    return "| " + " | ".join(cells) + " |"


def _in_order(states: Iterable[str]) -> list[str]:
    return [state for state in STATES if state in set(states)]


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/workflow.md")
    if parser.parse_args().write:
        PAGE.write_text(page(), encoding="utf-8")
        print(f"docs/{PAGE.name} written")
    else:
        print(page())


if __name__ == "__main__":
    main()
