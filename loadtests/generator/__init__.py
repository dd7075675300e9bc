"""The load generator: what runs inside Locust, alone or as a master with workers.

Only Locust's own processes import this package's modules: Locust patches the standard library when it is imported.
"""
