"""Why a replay does not go on."""

from __future__ import annotations


class ReplayStopped(Exception):
    """The replay cannot go on as things are. What has been replayed stays, and starting again goes on from there.

    `code` is stable: that of the refusal or of the log's misfit that stopped it, or one of `bad_template`,
    `already_replaying` and `run_went_on`. The text is for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
