"""What the engine asks of the memory allocator."""

from functools import cache

import numpy as np

ADAPTED = 31 << 20  # bytes: just below the 32 MiB above which glibc no longer adapts


@cache
def reuse_freed_memory() -> None:
    """Let arrays of a block be made from memory that earlier ones gave back, not from fresh pages.

    glibc gives freed arrays of more than 128 KiB back to the system at once, which then clears their pages anew for the
    next array: that may cost more than computing it. It adapts when a larger array is freed, so one is, once in a
    process; nothing is written into it. From then on up to 64 MiB a thread stay at hand. Other allocators keep freed
    memory anyway, and do not notice.
    """
    np.empty(ADAPTED, dtype=np.uint8)
