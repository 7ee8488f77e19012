"""Replaying an event log: every case becomes a ticket with a run, every event a command through the door.

`desk` sees to the tenant, the template and the people; `cases` turns a case into commands; `driving` hands them to the
door, beginning where an interrupted replay left off; `tally` counts what the store then holds.
"""
