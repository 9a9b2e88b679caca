"""Put on PYTHONPATH by the offline tests: every Python process of the kit reports whom it tries to reach.

Python imports a module of this name by itself at start-up, so servers and kernels report as well.
"""

import os
import sys
from pathlib import Path

LOG = os.environ.get("KIT_OFFLINE_LOG", "")
LOCAL = ("127.", "localhost", "::1", "0.0.0.0")


def _report(event: str, arguments: tuple) -> None:
    if event == "socket.connect":
        host = arguments[1][0] if isinstance(arguments[1], tuple) else ""  # a path is a socket of this machine
    elif event == "socket.getaddrinfo":
        host = arguments[0] or ""
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    if host and not host.startswith(LOCAL) and host != os.uname().nodename:
        with Path(LOG).open("a", encoding="utf-8") as kept:
            kept.write(f"{event} {host} {sys.argv[:3]}\n")


if LOG:
    sys.addaudithook(_report)
