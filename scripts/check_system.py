"""Name the system library that is missing, before a page fails on it."""

import ctypes
import sys


def main() -> int:
    if sys.platform != "linux":
        return 0
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        print("FinML needs libgomp1 (LightGBM's OpenMP runtime). Install it: apt-get install libgomp1", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
