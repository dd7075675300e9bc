"""Backups, and tables restored from them."""

from __future__ import annotations

from emulator.services.dynamodb.tests.conftest import DynamodbDriver, plain
from emulator.services.dynamodb.tests.test_tables import HASH, index


def test_backup_keeps_the_table_as_it_was(dynamodb: DynamodbDriver) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BackupRestore.html"""
    dynamodb.table(keys="pk:S g:S", KeySchema=HASH, GlobalSecondaryIndexes=[index()])
    dynamodb.put(pk="1", g="x", v="then")
    backup = dynamodb.call("CreateBackup", TableName="items", BackupName="before")["BackupDetails"]
    assert (backup["BackupStatus"], backup["BackupType"]) == ("AVAILABLE", "USER")
    dynamodb.put(pk="1", g="x", v="now")
    dynamodb.put(pk="2")
    dynamodb.call("DeleteTable", TableName="items")
    arn = backup["BackupArn"]
    described = dynamodb.call("DescribeBackup", BackupArn=arn)["BackupDescription"]
    assert described["SourceTableDetails"]["ItemCount"] == 1
    assert described["SourceTableFeatureDetails"]["GlobalSecondaryIndexes"][0]["IndexName"] == "idx"
    assert [row["BackupArn"] for row in dynamodb.call("ListBackups", TableName="items")["BackupSummaries"]] == [arn]
    made = dynamodb.call("RestoreTableFromBackup", BackupArn=arn, TargetTableName="again")["TableDescription"]
    assert made["RestoreSummary"] == {
        "SourceBackupArn": arn,
        "SourceTableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/items",
        "RestoreDateTime": 1_800_000_000.0,
        "RestoreInProgress": True,
    }
    found = dynamodb.call("Scan", TableName="again", IndexName="idx")["Items"]
    assert list(map(plain, found)) == [{"pk": "1", "g": "x", "v": "then"}]
    assert dynamodb.error("RestoreTableFromBackup", BackupArn=arn, TargetTableName="again")[0] == (
        "TableAlreadyExistsException"
    )
    assert (
        dynamodb.call("DeleteBackup", BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "DELETED"
    )
    assert dynamodb.error("DescribeBackup", BackupArn=arn) == ("BackupNotFoundException", f"Backup not found: {arn}")


def test_table_is_restored_as_it_is_now(dynamodb: DynamodbDriver) -> None:
    dynamodb.table()
    dynamodb.put(pk="1")
    params = {"SourceTableName": "items", "TargetTableName": "again", "UseLatestRestorableTime": True}
    assert dynamodb.error("RestoreTableToPointInTime", **params)[0] == "PointInTimeRecoveryUnavailableException"
    on = {"PointInTimeRecoveryEnabled": True}
    dynamodb.call("UpdateContinuousBackups", TableName="items", PointInTimeRecoverySpecification=on)
    dynamodb.call("RestoreTableToPointInTime", **params)
    dynamodb.put(pk="2")
    assert dynamodb.call("Scan", TableName="again")["Count"] == 1
    code, message = dynamodb.error(
        "RestoreTableToPointInTime", SourceTableName="items", TargetTableName="third", RestoreDateTime=1_799_999_000.0
    )
    assert code == "NotImplemented"
    assert "RestoreDateTime" in message
