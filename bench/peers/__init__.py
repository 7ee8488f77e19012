"""The engines Wayline is compared with, each driven through its own SDK."""
