"""Memory: where bytes come from, who keeps them, and what has become of them.

A storage takes its bytes with ``current.allocate(nbytes)`` and gives them back with ``data.deleter(data)``.
"""

from __future__ import annotations

from tensorlab.memory.adaptors import (
    AllocEvent,
    LimitAllocator,
    MemoryStats,
    StatisticsAllocator,
    TrackingAllocator,
)
from tensorlab.memory.allocator import Adaptor, Allocator, DataPtr, layers
from tensorlab.memory.caching import BlockInfo, CachingAllocator
from tensorlab.memory.default import (
    current,
    default_allocator,
    describe,
    empty_cache,
    set_allocator,
    stats,
    use_allocator,
)
from tensorlab.memory.device_api import DeviceAPI, HostDevice
from tensorlab.memory.device_caching import DeviceCachingAllocator
from tensorlab.memory.host import HostAllocator
from tensorlab.memory.owners import OwnerRegistry

__all__ = [
    "Adaptor",
    "AllocEvent",
    "Allocator",
    "BlockInfo",
    "CachingAllocator",
    "DataPtr",
    "DeviceAPI",
    "DeviceCachingAllocator",
    "HostAllocator",
    "HostDevice",
    "LimitAllocator",
    "MemoryStats",
    "OwnerRegistry",
    "StatisticsAllocator",
    "TrackingAllocator",
    "current",
    "default_allocator",
    "describe",
    "empty_cache",
    "layers",
    "set_allocator",
    "stats",
    "use_allocator",
]
