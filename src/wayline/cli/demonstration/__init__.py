"""The demo desk: a made-up company with three weeks behind it.

`people` and `calendars` say who is there and when they work; `stories` tell what they have asked for and what has come
of it. `living` has all of it happen on a clock of its own, through the same door as everything else.
"""
