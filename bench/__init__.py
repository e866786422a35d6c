"""Benchmarks: what the figures in the documentation come from. `make bench` prints one JSON line a figure."""
