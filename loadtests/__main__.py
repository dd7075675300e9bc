"""`python -m loadtests`."""

from __future__ import annotations

from loadtests.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
