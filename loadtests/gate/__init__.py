"""Gates: is this tree worse than another one, and is it worse than what was agreed?

counters   what a message costs in calls, bytes and units: exact, on every change
relative   base and head side by side on one machine: a bound on the difference, with a verdict
"""
