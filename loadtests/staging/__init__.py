"""Runs against a pipeline that is deployed for real: caps, checks before the first byte, read-back among strangers, and clean-up.

Which accounts and stacks may be used at all is decided where the target is opened, in `emulator.targets.aws`.
"""
