"""What a device's caching allocator counts, under PyTorch's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Counts:
    """A quantity that rises and falls: what it is, the most it was, and the sums of its rises and falls."""

    current: int
    peak: int
    allocated: int
    freed: int


@dataclass(frozen=True, slots=True)
class PoolCounts:
    """A quantity over both pools, and in each."""

    all: Counts
    large_pool: Counts
    small_pool: Counts


@dataclass(frozen=True, slots=True)
class DeviceStats:
    """Counts of a `DeviceCachingAllocator` at one moment.

    Active is what cannot be given out: allocated, or given back and awaiting events. Inactive split are free pieces of
    segments that have others in use, which cannot go back to the device. What was requested is before rounding.
    """

    allocation: PoolCounts
    allocated_bytes: PoolCounts
    segment: PoolCounts
    reserved_bytes: PoolCounts
    active: PoolCounts
    active_bytes: PoolCounts
    inactive_split: PoolCounts
    inactive_split_bytes: PoolCounts
    requested_bytes: PoolCounts
    num_alloc_retries: int  # requests that had all cached segments released
    num_ooms: int
    num_sync_all_streams: int  # waits for all events that were awaited
    num_device_alloc: int
    num_device_free: int

    def to_dict(self) -> dict[str, int]:
        """PyTorch's flat names: ``allocated_bytes.large_pool.peak``."""
        flat: dict[str, int] = {}
        for quantity in QUANTITIES:
            pools: PoolCounts = getattr(self, quantity)
            for pool in _POOLS:
                counts: Counts = getattr(pools, pool)
                for field in _FIELDS:
                    flat[f"{quantity}.{pool}.{field}"] = getattr(counts, field)
        for number in NUMBERS:
            flat[number] = getattr(self, number)
        return flat


QUANTITIES = (
    "allocation",
    "allocated_bytes",
    "segment",
    "reserved_bytes",
    "active",
    "active_bytes",
    "inactive_split",
    "inactive_split_bytes",
    "requested_bytes",
)
NUMBERS = ("num_alloc_retries", "num_ooms", "num_sync_all_streams", "num_device_alloc", "num_device_free")
_POOLS = ("all", "large_pool", "small_pool")
_FIELDS = ("current", "peak", "allocated", "freed")


class Gauge:
    """One quantity, counted.

    `add` is straight-line code (see `tensorlab.memory.allocator`): what a collection frees in the middle of an
    allocation may be counted in the middle of other counts.
    """

    __slots__ = ("allocated", "current", "freed", "peak")

    def __init__(self) -> None:
        self.current = self.peak = self.allocated = self.freed = 0

    def add(self, amount: int) -> None:
        """Rise by a positive amount, fall by a negative one."""
        self.current += amount
        if amount > 0:
            self.allocated += amount
            if self.current > self.peak:
                self.peak = self.current
        else:
            self.freed -= amount

    def counts(self) -> Counts:
        """The quantity as a record."""
        return Counts(self.current, self.peak, self.allocated, self.freed)


class PoolTally:
    """All quantities of one pool, or of both."""

    __slots__ = QUANTITIES

    def __init__(self) -> None:
        self.allocation = Gauge()
        self.allocated_bytes = Gauge()
        self.segment = Gauge()
        self.reserved_bytes = Gauge()
        self.active = Gauge()
        self.active_bytes = Gauge()
        self.inactive_split = Gauge()
        self.inactive_split_bytes = Gauge()
        self.requested_bytes = Gauge()

    def gauges(self) -> tuple[Gauge, ...]:
        """In the order of `QUANTITIES`."""
        return tuple(getattr(self, quantity) for quantity in QUANTITIES)


class DeviceTally:
    """The counts of both pools as they change."""

    __slots__ = ("_kept", "both", *NUMBERS)

    def __init__(self) -> None:
        self.both = PoolTally()
        small, large = PoolTally(), PoolTally()
        self._kept = {"small": (self.both, small), "large": (self.both, large)}
        self.num_alloc_retries = 0
        self.num_ooms = 0
        self.num_sync_all_streams = 0
        self.num_device_alloc = 0
        self.num_device_free = 0

    def reserve(self, pool: str, nbytes: int) -> None:
        """A segment was got from the device."""
        self.num_device_alloc += 1
        for tally in self._kept[pool]:
            tally.segment.add(1)
            tally.reserved_bytes.add(nbytes)

    def release(self, pool: str, nbytes: int) -> None:
        """A segment went back to the device."""
        self.num_device_free += 1
        for tally in self._kept[pool]:
            tally.segment.add(-1)
            tally.reserved_bytes.add(-nbytes)

    def allocate(self, pool: str, nbytes: int, requested: int) -> None:
        """A piece was given out."""
        for tally in self._kept[pool]:
            tally.allocation.add(1)
            tally.allocated_bytes.add(nbytes)
            tally.active.add(1)
            tally.active_bytes.add(nbytes)
            tally.requested_bytes.add(requested)

    def give_back(self, pool: str, nbytes: int) -> None:
        """A piece was given back, and may await events."""
        for tally in self._kept[pool]:
            tally.allocation.add(-1)
            tally.allocated_bytes.add(-nbytes)

    def complete(self, pool: str, nbytes: int, requested: int) -> None:
        """A piece that was given back is free."""
        for tally in self._kept[pool]:
            tally.active.add(-1)
            tally.active_bytes.add(-nbytes)
            tally.requested_bytes.add(-requested)

    def change_inactive_split(self, pool: str, pieces: int, nbytes: int) -> None:
        """Free pieces beside others came or went."""
        for tally in self._kept[pool]:
            tally.inactive_split_bytes.add(nbytes)
            if pieces:
                tally.inactive_split.add(pieces)

    def reset_peak(self) -> None:
        """Let the peaks begin again from what is now."""
        for tally in (self.both, self._kept["small"][1], self._kept["large"][1]):
            for gauge in tally.gauges():
                gauge.peak = gauge.current

    def stats(self) -> DeviceStats:
        """The counts as a record."""
        small, large = self._kept["small"][1], self._kept["large"][1]
        gauges = zip(QUANTITIES, self.both.gauges(), large.gauges(), small.gauges(), strict=True)
        pools: dict[str, Any] = {
            quantity: PoolCounts(both.counts(), big.counts(), little.counts()) for quantity, both, big, little in gauges
        }
        numbers: dict[str, Any] = {number: getattr(self, number) for number in NUMBERS}
        return DeviceStats(**pools, **numbers)
