"""The process that holds the model: reads jobs from its standard input, writes pieces of their texts.

It ends when its input ends, so that it never outlives the server, however that one ended.
"""

import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from email_assistant.privacy import guard
from email_assistant.storage import atomic


def main() -> None:
    """Load the model that the first line describes, then write jobs until the input ends."""
    guard.protect()
    # Ctrl-C reaches all processes of the terminal; this one ends with the server.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries print must not get between the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    setup = json.loads(sys.stdin.buffer.readline())
    received: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(received, Path(setup["scratch"])), daemon=True).start()
    # Imported here, so that the process sees the end of its input while torch is loaded.
    from email_assistant.compose.worker import serve

    serve(setup, received, out)


def _receive(received: "queue.SimpleQueue[dict[str, Any]]", scratch: Path) -> None:
    """Queue the lines of the standard input; end the process with it, even in the middle of a token."""
    for line in sys.stdin.buffer:
        received.put(json.loads(line))
    # A server that was killed cannot remove this.
    atomic.remove(scratch)
    os._exit(0)


if __name__ == "__main__":
    main()
