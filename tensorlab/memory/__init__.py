"""Memory: where bytes come from, who keeps them, and what has become of them.

A storage takes its bytes with ``current.allocate(nbytes)`` and gives them back with ``data.deleter(data)``.
"""

from __future__ import annotations

from tensorlab.memory.adaptors import LimitAllocator, StatisticsAllocator
from tensorlab.memory.allocator import Adaptor, Allocator, DataPtr, layers
from tensorlab.memory.by_size import BySizeAllocator
from tensorlab.memory.cached_blocks import BlockInfo
from tensorlab.memory.caching import CachingAllocator
from tensorlab.memory.counts import CacheStats, MemoryStats
from tensorlab.memory.default import (
    current,
    default_allocator,
    describe,
    empty_cache,
    set_allocator,
    use_allocator,
)
from tensorlab.memory.device_api import DeviceAPI, HostDevice
from tensorlab.memory.device_caching import DeviceCachingAllocator
from tensorlab.memory.history import History, MemoryEvent
from tensorlab.memory.host import HostAllocator
from tensorlab.memory.logs import LogAllocator
from tensorlab.memory.owners import OwnerRegistry
from tensorlab.memory.pinned import CudaLock, PageLock, PinnedAllocator, SystemLock, is_pinned, pinned_allocator
from tensorlab.memory.poison import PoisonAllocator
from tensorlab.memory.recording import record_history
from tensorlab.memory.segments import Block, Frame, Segment, Segmented
from tensorlab.memory.shared import SharedAllocator
from tensorlab.memory.snapshot import dump_snapshot, held_segments, snapshot
from tensorlab.memory.summary import summary
from tensorlab.memory.tracking import LineUsage, LiveBlock, TrackingAllocator
from tensorlab.memory.usage import (
    get_limit,
    max_memory_allocated,
    max_memory_reserved,
    memory_allocated,
    memory_reserved,
    reset_accumulated_memory_stats,
    reset_peak_memory_stats,
    set_limit,
    stats,
)

__all__ = [
    "Adaptor",
    "Allocator",
    "Block",
    "BlockInfo",
    "BySizeAllocator",
    "CacheStats",
    "CachingAllocator",
    "CudaLock",
    "DataPtr",
    "DeviceAPI",
    "DeviceCachingAllocator",
    "Frame",
    "History",
    "HostAllocator",
    "HostDevice",
    "LimitAllocator",
    "LineUsage",
    "LiveBlock",
    "LogAllocator",
    "MemoryEvent",
    "MemoryStats",
    "OwnerRegistry",
    "PageLock",
    "PinnedAllocator",
    "PoisonAllocator",
    "Segment",
    "Segmented",
    "SharedAllocator",
    "StatisticsAllocator",
    "SystemLock",
    "TrackingAllocator",
    "current",
    "default_allocator",
    "describe",
    "dump_snapshot",
    "empty_cache",
    "get_limit",
    "held_segments",
    "is_pinned",
    "layers",
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "pinned_allocator",
    "record_history",
    "reset_accumulated_memory_stats",
    "reset_peak_memory_stats",
    "set_allocator",
    "set_limit",
    "snapshot",
    "stats",
    "summary",
    "use_allocator",
]
