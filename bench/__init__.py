"""Wayline's benchmarks: workloads, the peers they are compared with, and the report."""
