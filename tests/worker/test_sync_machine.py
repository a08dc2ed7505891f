"""The sync protocol under every misfortune we know, against the real server over HTTP and real PostgreSQL.

`make soak` runs ten thousand random schedules and prints its seeds (`HUYING_SCHEDULES`, `HUYING_SEED`); `make test` runs
the scripted ones, in which four known mistakes must be caught.
"""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.support.cluster import Cluster
from tests.support.sync_world import Scene, World

SCHEDULES = int(os.environ.get("HUYING_SCHEDULES", "60"))
ROUND = 250
FATES = ("ok", "ok", "ok", "request-lost", "reply-lost", "twice", "portal", "delayed")
WHO, GRID, ANY = st.integers(0, 2), st.integers(0, 1), st.integers(0, 9)
RARE = st.integers(0, 29)  # a server is killed or restored in some schedules, not in each step


@pytest.fixture
def world_of(cluster: Cluster, stage: str, tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(mistake: str = "") -> World:
        folder = tmp_path / (mistake or "good")
        folder.mkdir()
        made.append(World(cluster, stage, folder, mistake))
        return made[-1]

    yield make
    for world in made:
        world.close()


def machine(world: World, folder: Path) -> type[RuleBasedStateMachine]:
    """The machine on a world; each schedule plays in a scene of its own."""

    class Machine(RuleBasedStateMachine):
        scene: Scene | None = None

        @initialize()
        def begin(self) -> None:
            self.scene = Scene(world, folder)
            world.backed_up = False

        @rule(who=WHO, grid=GRID)
        def visit(self, who: int, grid: int) -> None:
            self.scene.visit(who, grid)

        @rule(who=WHO, grid=GRID)
        def event(self, who: int, grid: int) -> None:
            self.scene.event(who, grid)

        @rule(who=WHO, which=ANY)
        def note(self, who: int, which: int) -> None:
            self.scene.note(who, which)

        @rule(who=WHO, which=ANY, base=st.integers(1, 3))
        def handle(self, who: int, which: int, base: int) -> None:
            self.scene.handle(who, which, base)

        @rule(who=WHO, fate=st.sampled_from(FATES))
        def sync(self, who: int, fate: str) -> None:
            self.scene.sync(who, fate)

        @rule(who=WHO, which=ANY, keep=st.booleans())
        def deliver(self, who: int, which: int, keep: bool) -> None:
            self.scene.deliver(who, which, keep=keep)

        @rule(who=WHO, grid=GRID)
        def switch(self, who: int, grid: int) -> None:
            self.scene.switch(who, grid)

        @rule(who=WHO, years=st.integers(-10, 10))
        def set_clock(self, who: int, years: int) -> None:
            self.scene.offset[who] = timedelta(days=365 * years)

        @rule(chance=RARE)
        def misfortune(self, chance: int) -> None:
            if chance == 11:
                world.kill()
            elif chance == 17:
                world.backup()
            elif chance in (19, 23) and world.backed_up:
                world.restore()
                self.scene.restored()

        @invariant()
        def feed_is_gapless(self) -> None:
            if self.scene:
                self.scene.gapless()

        def teardown(self) -> None:
            if self.scene:
                try:
                    self.scene.reckon()
                finally:
                    self.scene.close()

    return Machine


def play(world: World, folder: Path, schedules: int, number: int | None = None) -> None:
    options = settings(
        max_examples=schedules, stateful_step_count=14, deadline=None, database=None, derandomize=number is None,
        suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate),
        report_multiple_bugs=False,
    )  # fmt: skip
    kind: Any = machine(world, folder)
    if number is not None:
        kind = seed(number)(kind)
    run_state_machine_as_test(kind, settings=options)


@pytest.mark.soak
def test_schedules_of_misfortunes(world_of: Callable[..., World], tmp_path: Path) -> None:
    first = os.environ.get("HUYING_SEED")
    if first is None and SCHEDULES <= ROUND * 2:
        play(world_of(), tmp_path, SCHEDULES)
        return
    world = world_of()
    for number in range(-(-SCHEDULES // ROUND)):
        chosen = int(first or 1) + number
        print(f"seed {chosen}: {ROUND} schedules", flush=True)
        play(world, tmp_path, ROUND, chosen)


# ---- scripts for the four known mistakes: the right server passes, each mistake is caught by its invariant


def repeated(world: World, scene: Scene) -> None:
    """A reply is lost and the items go out again."""
    scene.event(0, 0)
    scene.sync(0)
    scene.note(0, 0)
    scene.sync(0, "reply-lost")


def restored(world: World, scene: Scene) -> None:
    """What was acknowledged after the backup is gone with the restore."""
    scene.sync(0)
    world.backup()
    scene.visit(0, 0)
    scene.sync(0)
    world.restore()
    scene.restored()


def early(world: World, scene: Scene) -> None:
    """A colleague's note arrives before the event that it is about."""
    scene.event(0, 0)
    scene.note(1, 0)
    scene.sync(1)


SCRIPTS = {"no-dedupe": repeated, "prune-on-ack": restored, "no-epoch": restored, "no-release": early}
CAUGHT = {"no-dedupe": "I2", "prune-on-ack": "I1", "no-epoch": "I1", "no-release": "I12"}


@pytest.mark.parametrize("mistake", SCRIPTS)
def test_a_known_mistake_is_caught_and_the_right_server_passes(
    mistake: str, world_of: Callable[..., World], tmp_path: Path
) -> None:
    for made, expected in ((mistake, CAUGHT[mistake]), ("", None)):
        world = world_of(made)
        scene = Scene(world, tmp_path)
        SCRIPTS[mistake](world, scene)
        if expected:
            with pytest.raises(AssertionError, match=f"{expected}\\b"):
                scene.reckon()
        else:
            scene.reckon()
        scene.close()
