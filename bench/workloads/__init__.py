"""One file a workload; `catalogue.py` names them all."""
