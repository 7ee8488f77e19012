"""Scripts: run each in a process of its own that can do nothing but reckon, and hand back what it asked for."""
