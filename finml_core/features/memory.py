"""What the engine asks of the memory allocator."""

from functools import cache

import numpy as np

ADAPTED = 31 << 20  # bytes: just below the 32 MiB above which glibc no longer adapts
AHEAD = 30 << 20  # bytes: small enough to come from what a thread keeps at hand


def reuse_freed_memory() -> None:
    """Let this thread make its arrays from memory that earlier ones gave back, in large pages, not from fresh ones.

    glibc gives freed arrays of more than 128 KiB back to the system at once, which then clears their pages anew for the
    next array: that may cost more than computing it. It adapts when a larger array is freed, so one is, once in a
    process; from then on up to 64 MiB a thread stay at hand. numpy asks for large pages for arrays of more than 4 MiB,
    and what was asked for a place holds for the smaller arrays that follow there. Nothing is written into either.
    Other allocators keep freed memory anyway, and do not notice.
    """
    _adapt()
    np.empty(AHEAD, dtype=np.uint8)


@cache
def _adapt() -> None:
    np.empty(ADAPTED, dtype=np.uint8)
