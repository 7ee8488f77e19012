"""Trying again: how often, and how long to wait before."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field

JITTER_SHARE = 0.2
MAX_RETRY_AFTER_S = 86_400.0


class Retry(BaseModel):
    """How an action is tried again. Times in seconds; the wait before attempt n+1 is initial · backoff^(n-1)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_attempts: int = Field(default=3, ge=1, le=100)
    initial_s: float = Field(default=2.0, gt=0, le=86_400)
    backoff: float = Field(default=2.0, ge=1, le=100)
    max_s: float = Field(default=300.0, gt=0, le=86_400)


def delay_before(retry: Retry, attempt: int, effect_id: str, retry_after_s: float | None) -> float:
    """Seconds to wait after `attempt` failed: exponential, with up to a fifth of jitter taken from the effect's id
    (so that the same failure is always followed by the same wait), never sooner than the callee asked for."""
    wait_s = min(retry.max_s, retry.initial_s * retry.backoff ** (attempt - 1))
    digest = hashlib.sha256(f"{effect_id}:{attempt}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    wait_s *= 1 - JITTER_SHARE * share
    return max(wait_s, min(retry_after_s or 0.0, MAX_RETRY_AFTER_S))
