"""Exhaustive verification: every interleaving of small fixed workloads, under every scheme."""
