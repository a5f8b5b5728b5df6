"""Benchmarks: what the harness costs, beside a reference measured in the same run. They report and never fail."""
