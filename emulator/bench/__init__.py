"""Benchmarks, off by default: each is a module to run, warms up, repeats, and prints a ratio to a named floor."""
