"""What the load generator, its percentiles and the collector are worth, measured: `python -m loadtests.bench.generator`, and so on."""
