from __future__ import annotations

import gc
import threading
import time

import pytest

from tensorlab.errors import AliasError
from tensorlab.memory import OwnerRegistry


class Owner:
    pass


def test_one_buffer_has_one_owner() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    first = registry.get_or_create(4096, 100, Owner)
    assert registry.get_or_create(4096, 100, Owner) is first
    assert registry.owner_of(4096, 100) is first
    assert len(registry) == 1


def test_a_buffer_is_known_by_address_and_size() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    first = registry.get_or_create(4096, 100, Owner)
    assert registry.get_or_create(4096, 101, Owner) is not first
    assert registry.get_or_create(4097, 100, Owner) is not first


def test_owners_are_held_weakly_and_an_address_may_come_back() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    first = registry.get_or_create(4096, 100, Owner)
    first.mark = "first"  # type: ignore[attr-defined]
    del first
    assert registry.owner_of(4096, 100) is None
    assert len(registry) == 0
    second = registry.get_or_create(4096, 100, Owner)
    assert not hasattr(second, "mark")
    assert registry.owner_of(4096, 100) is second


@pytest.mark.usefixtures("small_heap")
def test_an_owner_that_dies_in_a_cycle_does_not_take_its_successor_along() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    first = registry.get_or_create(4096, 100, Owner)
    first.cycle = first  # type: ignore[attr-defined]
    del first
    gc.collect()
    second = registry.get_or_create(4096, 100, Owner)
    gc.collect()
    assert registry.owner_of(4096, 100) is second


def test_buffers_without_bytes_share_nothing() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    first = registry.get_or_create(4096, 0, Owner)
    assert registry.get_or_create(4096, 0, Owner) is not first
    registry.register(4096, 0, first)
    assert registry.owner_of(4096, 0) is None


def test_register() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    owner = Owner()
    registry.register(4096, 1000, owner)
    registry.register(4096, 1000, owner)
    assert registry.get_or_create(4096, 1000, Owner) is owner
    with pytest.raises(AliasError) as error:
        registry.register(4096, 1000, Owner())
    assert str(error.value) == (
        "OwnerRegistry.register: the 1,000 bytes at 0x1000 have an owner already; "
        "a second one would count their versions apart"
    )


def test_register_after_the_owner_has_died() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    registry.register(4096, 1000, Owner())  # dead at once: no one holds it
    assert registry.owner_of(4096, 1000) is None
    owner = Owner()
    registry.register(4096, 1000, owner)
    assert registry.owner_of(4096, 1000) is owner


def test_a_factory_that_fails_registers_nothing() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()

    def fail() -> Owner:
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$"):
        registry.get_or_create(4096, 100, fail)
    assert registry.owner_of(4096, 100) is None
    registry.get_or_create(4096, 100, Owner)


def test_a_factory_may_use_the_registry() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    kept: list[Owner] = []

    def outer() -> Owner:
        kept.append(registry.get_or_create(8192, 10, Owner))
        return Owner()

    kept.append(registry.get_or_create(4096, 100, outer))
    assert len(registry) == 2


def test_threads_that_import_one_buffer_at_once_share_its_owner() -> None:
    registry: OwnerRegistry[Owner] = OwnerRegistry()
    start = threading.Barrier(4)
    owners: list[Owner] = []

    def slow() -> Owner:
        time.sleep(0.002)  # lets the others in
        return Owner()

    def work() -> None:
        start.wait()
        owners.append(registry.get_or_create(4096, 100, slow))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(owners) == 4
    assert len(set(map(id, owners))) == 1
