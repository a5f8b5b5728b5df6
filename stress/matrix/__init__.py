"""The bug table: each known bug of the code, found by general detectors in general workloads, with numbers."""
