"""Fuzzing of a whole pipeline: messages of every form and troubles of every kind, in any order, and what must hold afterwards.

`steps` says what can be done, `player` does it to a target, `invariants` judges what is found, `machine` lets Hypothesis
choose the steps, `event_file` keeps a failing example. Nothing here is imported by the load itself.
"""
