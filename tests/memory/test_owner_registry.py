"""Owners by intervals, against a plain list of them; owners that die; threads."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensorlab.memory import OwnerRegistry


class Owner:
    def __init__(self, start: int = 0, stop: int = 0) -> None:
        self.start, self.stop = start, stop


def made(start: int, stop: int) -> Callable[[tuple[Owner, ...]], Owner]:
    """The owner that has all of an interval, or a new one."""

    def choose(met: tuple[Owner, ...]) -> Owner:
        return next((o for o in met if o.start <= start and stop <= o.stop), Owner(start, stop))

    return choose


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 40), st.integers(0, 12)),
            st.tuples(st.just("die"), st.integers(0, 30), st.just(0)),
            st.tuples(st.just("ask"), st.integers(0, 40), st.integers(0, 12)),
        ),
        max_size=60,
    )
)
@settings(max_examples=200, deadline=None)
def test_owners_are_those_of_a_plain_list(steps: list[tuple[str, int, int]]) -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    living: list[Owner] = []
    for what, at, length in steps:
        if what == "add":
            owner = Owner(at, at + length)
            registry.add(at, at + length, owner)
            living += [owner] if length else []
            del owner
        elif what == "die" and living:
            del living[at % len(living)]
        start, stop = at, at + length
        met = [o for o in living if o.start < stop and start < o.stop and start < stop]
        assert {id(o) for o in registry.meeting(start, stop)} == {id(o) for o in met}
        assert len(registry) == len(living)


def test_a_part_of_a_buffer_has_the_owner_of_the_whole() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    whole = registry.get_or_create(4096, 4196, made(4096, 4196))
    assert registry.get_or_create(4100, 4200 - 4, made(4100, 4196)) is whole
    assert registry.meeting(4195, 4300) == (whole,)
    assert registry.meeting(4196, 4300) == ()
    assert registry.meeting(4000, 4096) == ()


def test_an_owner_that_joins_two_is_met_with_both_and_they_part_when_it_dies() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    low, high = Owner(0, 10), Owner(20, 30)
    registry.add(0, 10, low)
    registry.add(20, 30, high)
    assert registry.meeting(10, 20) == ()
    both = Owner(5, 25)
    registry.add(5, 25, both)
    assert set(registry.meeting(10, 20)) == {both}
    assert set(registry.meeting(0, 30)) == {low, high, both}
    del both
    assert registry.meeting(10, 20) == ()
    assert set(registry.meeting(0, 30)) == {low, high}


def test_owners_are_held_weakly_and_an_address_may_come_back() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    first = Owner()
    registry.add(4096, 4196, first)
    del first
    assert registry.meeting(4096, 4196) == ()
    assert len(registry) == 0
    second = Owner()
    registry.add(4096, 4196, second)
    assert registry.meeting(4096, 4196) == (second,)


@pytest.mark.usefixtures("small_heap")
def test_an_owner_that_dies_in_a_cycle_does_not_take_its_successor_along() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    first = Owner()
    first.cycle = first  # type: ignore[attr-defined]
    registry.add(4096, 4196, first)
    del first
    gc.collect()
    second = Owner()
    registry.add(4096, 4196, second)
    gc.collect()
    assert registry.meeting(4096, 4196) == (second,)


def test_buffers_without_bytes_share_nothing() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    owner = Owner()
    assert registry.add(4096, 4096, owner)
    assert registry.meeting(4096, 4096) == ()
    assert registry.meeting(4000, 5000) == ()


def test_an_owner_is_added_only_to_what_was_looked_at() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    seen = registry.changes
    first, second = Owner(), Owner()
    assert registry.add(0, 10, first, seen)
    assert not registry.add(0, 10, second, seen)
    assert registry.meeting(0, 10) == (first,)
    assert registry.add(0, 10, second, registry.changes)


def test_a_factory_that_fails_registers_nothing() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()

    def fail(_met: tuple[Owner, ...]) -> Owner:
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$"):
        registry.get_or_create(4096, 4196, fail)
    assert registry.meeting(4096, 4196) == ()


def test_a_factory_may_use_the_registry() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    kept: list[Owner] = []

    def outer(met: tuple[Owner, ...]) -> Owner:
        kept.append(registry.get_or_create(8192, 8202, made(8192, 8202)))
        return met[0] if met else Owner(4096, 4196)

    kept.append(registry.get_or_create(4096, 4196, outer))
    assert len(registry) == 2
    assert len(set(map(id, kept))) == 2


def test_threads_that_import_one_buffer_at_once_share_its_owner() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    start = threading.Barrier(4)
    owners: list[Owner] = []

    def slow(met: tuple[Owner, ...]) -> Owner:
        time.sleep(0.002)  # lets the others in
        return met[0] if met else Owner()

    def work() -> None:
        start.wait()
        owners.append(registry.get_or_create(4096, 4196, slow))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(owners) == 4
    assert len(set(map(id, owners))) == 1
