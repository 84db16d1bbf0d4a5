"""The benchmarks `make bench` and `make timing`."""
