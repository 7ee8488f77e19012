"""Rate limits: a bucket of tokens a credential, and a stricter one for signing in."""

from __future__ import annotations

from collections import OrderedDict

from wayline.api.auth import Caller
from wayline.api.problems import Problem
from wayline.engine.clock import monotonic_s

LOGIN_TRIES = 10
LOGIN_TRIES_OF_A_CLIENT = 60
LOGIN_WINDOW_S = 60.0
LINKS_OF_A_CLIENT = 120
LINK_WINDOW_S = 60.0
HOOK_CALLS = 600
HOOK_WINDOW_S = 60.0
HOOK_MISSES_OF_A_CLIENT = 60
BUCKETS_KEPT = 50_000


class Buckets:
    """Token buckets by key: `size` calls at once, refilled over `window_s` seconds."""

    def __init__(self, size: int, window_s: float) -> None:
        self._size = size
        self._window_s = window_s
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Take one; raises Problem `rate_limited` saying when to come back."""
        now_s = monotonic_s()
        left, at_s = self._kept.pop(key, (float(self._size), now_s))
        left = min(self._size, left + (now_s - at_s) * self._size / self._window_s)
        self._kept[key] = (left - 1 if left >= 1 else left, now_s)
        while len(self._kept) > BUCKETS_KEPT:
            self._kept.popitem(last=False)
        if left < 1:
            wait_s = (1 - left) * self._window_s / self._size
            raise Problem("rate_limited", "Too many requests.", retry_after_s=round(wait_s, 1))


class Limits:
    """What callers may do how often. `per_minute` 0 sets no limit to calls with a credential."""

    def __init__(self, per_minute: int) -> None:
        self._calls = Buckets(per_minute, 60.0) if per_minute else None
        self._logins = Buckets(LOGIN_TRIES, LOGIN_WINDOW_S)
        self._clients = Buckets(LOGIN_TRIES_OF_A_CLIENT, LOGIN_WINDOW_S)
        self._links = Buckets(LINKS_OF_A_CLIENT, LINK_WINDOW_S)
        self._hooks = Buckets(HOOK_CALLS, HOOK_WINDOW_S)
        self._hook_misses = Buckets(HOOK_MISSES_OF_A_CLIENT, HOOK_WINDOW_S)

    def count(self, caller: Caller) -> None:
        """Count one call."""
        if self._calls is not None:
            self._calls.take(caller.token_id)

    def count_hook(self, secret: str) -> None:
        """Count one call of a rule's secret address."""
        self._hooks.take(secret)

    def count_hook_missed(self, client: str) -> None:
        """Count one call of this client to an address that is nobody's."""
        self._hook_misses.take(client)

    def count_login(self, client: str, name: str) -> None:
        """Count one try to sign in: of this client to this name, and of this client to any."""
        self._clients.take(client)
        self._logins.take(f"{client} {name}")

    def count_link(self, client: str) -> None:
        """Count one use of a personal link by this client, whether or not there is such a link."""
        self._links.take(client)
