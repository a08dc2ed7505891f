"""Seeded samples over strata: pure, the same seed and list give the same sample, so everybody can draw it again."""

import random
from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID


def draw(strata: Mapping[UUID, str], size: int, seed: int) -> list[UUID]:
    """At most `size` of the ids, each stratum by its share (largest remainders), each with one where size allows."""
    groups: dict[str, list[UUID]] = defaultdict(list)
    for found in sorted(strata):
        groups[strata[found]].append(found)
    chance = random.Random(seed)  # noqa: S311 (a sample to be drawn again, not a secret)
    taken = [
        member
        for name, share in sorted(_shares({n: len(g) for n, g in groups.items()}, size).items())
        for member in chance.sample(groups[name], share)
    ]
    return sorted(taken)


def _shares(sizes: Mapping[str, int], size: int) -> dict[str, int]:
    total = sum(sizes.values())
    if size >= total:
        return dict(sizes)
    exact = {name: size * count / total for name, count in sizes.items()}
    shares = {name: int(share) for name, share in exact.items()}
    if size >= len(sizes):  # no stratum is left unheard
        shares = {name: max(share, 1) for name, share in shares.items()}
    order = sorted(sizes, key=lambda name: (shares[name] - exact[name], name))
    while (missing := size - sum(shares.values())) != 0:
        step = 1 if missing > 0 else -1
        for name in order if step > 0 else reversed(order):
            if size == sum(shares.values()):
                break
            if (step > 0 and shares[name] < sizes[name]) or (step < 0 and shares[name] > (size >= len(sizes))):
                shares[name] += step
    return shares
