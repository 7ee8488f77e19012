"""Templates of the kind `inbox`: messages that show people a step and its paths, and move as they choose.

`definition` is how one is written, `check` what is wrong with it, `state` what a run of it holds; `activating` is what
coming to a step does, `choosing` what people do, `jobs` what becomes of what a step has set going outside.
"""
