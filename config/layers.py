"""Layers of a profile: what all share, over it the profile, over that the overlay of an area; the upper one wins.

Tables are laid over each other key by key. Of the lists, `rules` and `hotlines` grow: an entry with the same
condition (`when`) or the same number replaces the lower one. Every other value replaces the lower one whole.
"""

from collections.abc import Mapping
from typing import Any

from config.reading import Findings

Raw = dict[str, Any]
KEYS = {"rules": "when", "hotlines": "number"}
HEAD = "[[overlays]]"


def over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Raw:
    """Return the lower layer with the upper one over it; neither is changed."""
    found = dict(below)
    for name, value in above.items():
        under = below.get(name)
        if isinstance(value, dict) and isinstance(under, dict):
            found[name] = over(under, value)
        elif name in KEYS and isinstance(value, list) and isinstance(under, list):
            found[name] = _grown(under, value, KEYS[name])
        else:
            found[name] = value
    return found


def shared_rules(common: Raw, profile: Raw) -> Raw:
    """Return the common layer without the rules of tracks that the profile does not use."""
    tracks = profile.get("tracks")
    used = tracks.get("use", []) if isinstance(tracks, dict) else []
    return {**common, "rules": [rule for rule in common.get("rules", []) if rule.get("track") in used]}


def take_overlays(values: Raw, file: str, findings: Findings) -> list[tuple[Raw, tuple[int, int]]]:
    """Take the overlays out of a profile: each with its first and last line, the widest area first."""
    overlays = values.pop("overlays", [])
    if not isinstance(overlays, list) or not all(isinstance(one, dict) for one in overlays):
        findings.add(file, "overlays 应写作 [[overlays]]", near="[overlays]")
        return []
    lines = findings.texts.get(file, [])
    starts = [number for number, line in enumerate(lines, 1) if line.strip().startswith(HEAD)]
    ends = [*(start - 1 for start in starts[1:]), len(lines)][: len(starts)]
    if len(starts) != len(overlays):
        findings.add(file, f"每个 overlays 应以单独一行 {HEAD} 开头", near="overlays")
        return []
    found = list(zip(overlays, zip(starts, ends, strict=True), strict=True))
    return sorted(found, key=lambda one: len(str(one[0].get("area", ""))))


def _grown(below: list[Any], above: list[Any], key: str) -> list[Any]:
    replaced = [entry.get(key) for entry in above if isinstance(entry, dict)]
    return [entry for entry in below if entry.get(key) not in replaced] + above
