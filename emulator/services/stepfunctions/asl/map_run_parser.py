"""The fields that only a Distributed Map has: ItemReader, ItemBatcher and ResultWriter.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.services.stepfunctions.asl.definition import Expression, ItemBatcher, ItemReader, ResultWriter
from emulator.services.stepfunctions.asl.fields import Fields
from emulator.services.stepfunctions.asl.jsonata_parsers import constant_or_query, query

__all__ = ["parse_batcher", "parse_reader", "parse_writer"]

_LARGEST = 2**31 - 1
_LARGEST_BATCH_BYTES = 262_144
_READERS = {"arn:aws:states:::s3:getObject": "getObject", "arn:aws:states:::s3:listObjectsV2": "listObjectsV2"}
_WRITER = "arn:aws:states:::s3:putObject"
_INPUT_TYPES = ("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET")
_DELIMITERS: Mapping[str, str] = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def _inner(fields: Fields, name: str) -> Fields | None:
    given = fields.object(name)
    return None if given is None else Fields(given, fields.at(name), fields.problems)


def _one_of(fields: Fields, name: str, allowed: tuple[str, ...]) -> str | None:
    value = fields.string(name)
    if value is not None and value not in allowed:
        fields.report(name, f"Value must be one of [{', '.join(allowed)}]")
        return None
    return value


def _arguments(fields: Fields, *, is_jsonata: bool) -> Expression | None:
    return query(fields, "Arguments") if is_jsonata else fields.template("Parameters")


def _limit(fields: Fields, name: str, most: int, *, is_jsonata: bool) -> tuple[int | None, Expression | None]:
    """A positive integer, or where it comes from."""
    if is_jsonata:
        expression = constant_or_query(fields, name, "number")
        return (None if expression is not None else fields.integer(name, 1, most)), expression
    fields.only_one_of(name, f"{name}Path")
    return fields.integer(name, 1, most), fields.expression(f"{name}Path")


def parse_reader(fields: Fields, *, is_jsonata: bool) -> ItemReader | None:
    """ItemReader, or None where it is absent."""
    reader = _inner(fields, "ItemReader")
    if reader is None:
        return None
    reader.require("Resource")
    resource = _one_of(reader, "Resource", tuple(_READERS))
    operation = "getObject" if resource is None else _READERS[resource]
    arguments = _arguments(reader, is_jsonata=is_jsonata)
    if arguments is None:
        reader.require("Arguments" if is_jsonata else "Parameters")
    config = _inner(reader, "ReaderConfig") or Fields({}, reader.at("ReaderConfig"), reader.problems)
    input_type = _one_of(config, "InputType", _INPUT_TYPES)
    transformation = _one_of(config, "Transformation", ("NONE", "LOAD_AND_FLATTEN"))
    loads = transformation == "LOAD_AND_FLATTEN"
    if input_type is None and (operation == "getObject" or loads):
        config.require("InputType")
    if input_type == "PARQUET":
        config.refuse("InputType", "The input type PARQUET")
    max_items, max_items_path = _limit(config, "MaxItems", _LARGEST, is_jsonata=is_jsonata)
    parsed = ItemReader(
        operation,
        arguments,
        input_type,
        loads,
        _csv_headers(config, input_type),
        _DELIMITERS[_one_of(config, "CSVDelimiter", tuple(_DELIMITERS)) or "COMMA"],
        max_items,
        max_items_path,
        config.string("ItemsPointer"),
        _one_of(config, "ManifestType", ("S3_INVENTORY", "ATHENA_DATA")),
    )
    config.finish()
    reader.finish()
    return parsed


def _csv_headers(config: Fields, input_type: str | None) -> tuple[str, ...] | None:
    location = _one_of(config, "CSVHeaderLocation", ("FIRST_ROW", "GIVEN"))
    given = config.array("CSVHeaders")
    if input_type == "CSV" and location is None:
        config.require("CSVHeaderLocation")
    if location == "GIVEN":
        if not given or not all(isinstance(header, str) for header in given):
            config.report("CSVHeaders", "Expected a non-empty Array of Strings")
            return ()
        return tuple(given)
    if given is not None:
        config.report("CSVHeaders", "The field is only allowed where CSVHeaderLocation is GIVEN")
    return None


def parse_batcher(fields: Fields, *, is_jsonata: bool) -> ItemBatcher | None:
    """ItemBatcher, or None where it is absent."""
    batcher = _inner(fields, "ItemBatcher")
    if batcher is None:
        return None
    items, items_path = _limit(batcher, "MaxItemsPerBatch", _LARGEST, is_jsonata=is_jsonata)
    size, size_path = _limit(batcher, "MaxInputBytesPerBatch", _LARGEST_BATCH_BYTES, is_jsonata=is_jsonata)
    if (items, items_path, size, size_path) == (None, None, None, None):
        text = "Missing one of the following fields: [MaxItemsPerBatch, MaxInputBytesPerBatch]"
        batcher.problems.report(text, batcher.location)
    batch_input = query(batcher, "BatchInput") if is_jsonata else batcher.template("BatchInput")
    batcher.finish()
    return ItemBatcher(items, items_path, size, size_path, batch_input)


def parse_writer(fields: Fields, *, is_jsonata: bool) -> ResultWriter | None:
    """ResultWriter, or None where it is absent."""
    writer = _inner(fields, "ResultWriter")
    if writer is None:
        return None
    name = "Arguments" if is_jsonata else "Parameters"
    resource = _one_of(writer, "Resource", (_WRITER,))
    arguments = _arguments(writer, is_jsonata=is_jsonata)
    config = _inner(writer, "WriterConfig")
    if resource is not None and arguments is None:
        writer.require(name)
    if resource is None and arguments is not None:
        writer.require("Resource")
    if config is None and resource is None:
        text = f"Missing one of the following fields: [WriterConfig, Resource, {name}]"
        writer.problems.report(text, writer.location)
    transformation, output_type = None, None
    if config is not None:
        config.require("Transformation", "OutputType")
        transformation = _one_of(config, "Transformation", ("NONE", "COMPACT", "FLATTEN"))
        output_type = _one_of(config, "OutputType", ("JSON", "JSONL"))
        config.finish()
    writer.finish()
    return ResultWriter(arguments, transformation or "NONE", output_type == "JSONL")
