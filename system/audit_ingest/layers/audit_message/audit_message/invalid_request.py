"""The caller's mistake, and the field it is in."""


class InvalidRequest(Exception):
    """The request cannot be ingested as it is; nothing is stored and the caller gets a 400 with both values."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
