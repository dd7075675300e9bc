"""The commands of the load tests, one module each."""
