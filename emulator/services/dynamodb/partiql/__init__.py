"""PartiQL for DynamoDB: statements on top of the same reads, writes and transactions."""

from emulator.services.dynamodb.partiql.operations import PartiqlOperations

__all__ = ["PartiqlOperations"]
