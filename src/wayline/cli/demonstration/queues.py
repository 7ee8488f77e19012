"""The queues of the demo desk beside the built-in ones, and how its tickets are said to have been resolved."""

from __future__ import annotations

QUEUES = {"Purchasing": "ruth"}
"""Queues, and who manages each."""

RESOLUTION_CATEGORIES = {
    "fixed": "#2f9e44",
    "explained": "#1c7ed6",
    "delivered": "#0c8599",
    "part replaced": "#e8590c",
    "duplicate": "#868e96",
    "rejected": "#e03131",
}
"""Categories in their order, and their colours."""
