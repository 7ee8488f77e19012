"""What a script that knows nothing of Wayline counts in the help-desk log (shared data/README.md)."""

from __future__ import annotations

from typing import Any

WHAT_AN_INDEPENDENT_SCRIPT_COUNTS: dict[str, Any] = {
    "cases": 4580,
    "events": 21348,
    "activities": {
        "Take in charge ticket": 5060,
        "Resolve ticket": 4983,
        "Assign seriousness": 4938,
        "Closed": 4574,
        "Wait": 1463,
        "Require upgrade": 119,
        "Insert ticket": 118,
        "Create SW anomaly": 67,
        "Resolve SW anomaly": 13,
        "Schedule intervention": 5,
        "VERIFIED": 3,
        "INVALID": 2,
        "RESOLVED": 2,
        "DUPLICATE": 1,
    },
    "variants": 226,
    "directly_follows": 55,
    "hand_offs": 8648,
    "longest_case": 15,
    "resources": 22,
}
