"""The compiled loops on disk, as users ask for them."""

from __future__ import annotations

from tensorlab.core.loop_files import CacheInfo, loop_files


def cache_info() -> CacheInfo:
    """Where compiled loops are kept, how many bytes there are and may be, and what this process found and missed.

    Cost: a look at each file's size.
    """
    return loop_files().info()


def clear_cache() -> int:
    """Remove all compiled loops from the disk; gives the bytes that this freed.

    What this or another process has compiled or read already goes on working.
    """
    return loop_files().clear()
