"""Mutants of a locking scheme: broken in every small way there is, each of which has to be noticed."""
