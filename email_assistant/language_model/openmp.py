"""How long threads spin while they wait for one another. libgomp, which torch has on Linux, reads it when loaded."""

import os

# Turns of the loop in which a thread waits before it sleeps, about 0.1 microseconds each. Products of a step of writing
# take a tenth of a millisecond or more. By default there are 300,000.
SPINS = 1000


def limit_spinning() -> None:
    """Let waiting threads sleep soon, in this process and its children, unless the environment says how they wait.

    A thread that spins keeps its core. Where another process is busy, the thread that is waited for may get none
    during that time, and there are hundreds of products in each step of writing. Call it before torch is imported.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))
