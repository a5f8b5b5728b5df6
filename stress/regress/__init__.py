"""The regression test of a scheme: what somebody runs who has changed it, for a verdict in less than two minutes."""
