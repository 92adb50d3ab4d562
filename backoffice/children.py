"""Child processes that do not outlive who started them."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(number=signal.SIGTERM):
    """For `Popen(preexec_fn=…)`: the kernel sends the child `number` when its parent is gone, however it went. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
