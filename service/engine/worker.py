"""What vLLM's workers import as they start, before they load anything: from then on they die when their owner does.

Without it, the engine of a process that was killed with no chance to say so would live on, and keep its memory.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from contextlib import suppress

from service.telemetry.logs import set_up_as_parent

OWNER = "INNERLOOP_ENGINE_OWNER"
"""Environment variable: the id of the process that opened the engine."""


class WorkerExtension:
    """What vLLM is told to mix into its worker. That this file is imported there is all it is for."""


def _die_with(owner: int) -> None:
    end = select.poll()
    with suppress(ProcessLookupError):  # it is dead already
        end.register(os.pidfd_open(owner))
        end.poll()
    os.kill(os.getpid(), signal.SIGKILL)


if (owner := int(os.environ.get(OWNER, os.getpid()))) != os.getpid():
    set_up_as_parent()
    threading.Thread(target=_die_with, args=(owner,), name="die with the owner", daemon=True).start()
