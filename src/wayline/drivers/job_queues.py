"""The job queues, and how many jobs of each one process does at a time.

Many where a job mostly waits for somebody else, few where it takes this machine's own time.
"""

from __future__ import annotations

from collections.abc import Mapping

QUEUES: Mapping[str, int] = {
    "email": 4,
    "notification": 8,
    "push": 8,
    "chat": 8,
    "webhook": 32,
    "sync": 4,
    "ai-inference": 4,
    "report": 2,
    "script": 2,
    "import": 1,
    "export": 1,
    "maintenance": 1,
}
