"""`python -m emulator` is the same as `windtunnel`."""

from emulator.cli import main

if __name__ == "__main__":
    main()
