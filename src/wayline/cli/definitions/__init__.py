"""Templates and rules as files: what the commands `check`, `apply`, `export` and `test` have in common."""
