// What a service in Node.js does with DynamoDB; prints one JSON document. Usage: node dynamodb.mjs <endpoint> <table>
import {
  DynamoDBClient, CreateTableCommand, DeleteTableCommand, DescribeTableCommand, ExecuteStatementCommand, GetItemCommand,
  PutItemCommand, waitUntilTableExists, waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import {
  DynamoDBStreamsClient, DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand,
} from "@aws-sdk/client-dynamodb-streams";
import {
  DynamoDBDocumentClient, BatchWriteCommand, DeleteCommand, ExecuteStatementCommand as ExecuteDocumentCommand, GetCommand,
  NumberValue, PutCommand, TransactWriteCommand, UpdateCommand, paginateQuery, paginateScan,
} from "@aws-sdk/lib-dynamodb";

const [endpoint, table] = process.argv.slice(2);
const client = new DynamoDBClient({ endpoint });
const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
const streams = new DynamoDBStreamsClient({ endpoint });
const found = {};

await client.send(new CreateTableCommand({
  TableName: table,
  KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
  AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }],
  BillingMode: "PAY_PER_REQUEST",
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
}));
await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TableName: table });

// The plain client: typed values, blobs as bytes.
const typed = { pk: { S: "plain" }, sk: { N: "1" }, blob: { B: new Uint8Array([0, 128, 255]) }, none: { NULL: true }, set: { NS: ["2", "1"] } };
await client.send(new PutItemCommand({ TableName: table, Item: typed }));
const plain = (await client.send(new GetItemCommand({ TableName: table, Key: { pk: { S: "plain" }, sk: { N: "1.0" } } }))).Item;
found.plain = { ...plain, blob: { B: [...plain.blob.B] } };

// The document client: JavaScript's own values.
const document = { pk: "document", sk: 1, text: "grüße, 世界", big: NumberValue.from("12345678901234567890.5"), list: [1, "a", { deep: [true, null] }], set: new Set(["x", "y"]), missing: undefined };
await documents.send(new PutCommand({ TableName: table, Item: document, ConditionExpression: "attribute_not_exists(pk)" }));
const exact = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint }), { unmarshallOptions: { wrapNumbers: true } });
const got = (await documents.send(new GetCommand({ TableName: table, Key: { pk: "document", sk: 1 }, ProjectionExpression: "#t, #l, #s", ExpressionAttributeNames: { "#t": "text", "#l": "list", "#s": "set" } }))).Item;
found.document = { ...got, set: [...got.set].sort() };
found.big = (await exact.send(new GetCommand({ TableName: table, Key: { pk: "document", sk: 1 } }))).Item.big.toString();
found.updated = (await documents.send(new UpdateCommand({
  TableName: table, Key: { pk: "document", sk: 1 }, UpdateExpression: "SET #l[2].deep[0] = :no, n = if_not_exists(n, :zero) + :one REMOVE #b",
  ExpressionAttributeNames: { "#l": "list", "#b": "big" }, ExpressionAttributeValues: { ":no": false, ":zero": 0, ":one": 1 }, ReturnValues: "UPDATED_NEW",
}))).Attributes;
try {
  await documents.send(new DeleteCommand({
    TableName: table, Key: { pk: "document", sk: 1 }, ConditionExpression: "n > :n", ExpressionAttributeValues: { ":n": 5 }, ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  }));
} catch (error) {
  found.condition = [error.name, error.message, error.$metadata.httpStatusCode, error.Item.n];
}

await documents.send(new BatchWriteCommand({
  RequestItems: { [table]: Array.from({ length: 25 }, (_, number) => ({ PutRequest: { Item: { pk: "many", sk: number, even: number % 2 === 0 } } })) },
}));
found.pages = [];
for await (const page of paginateQuery({ client: documents, pageSize: 10 }, { TableName: table, KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": "many" } })) {
  found.pages.push(page.Items.map(({ sk }) => sk));
}
found.even = 0;
for await (const page of paginateScan({ client: documents, pageSize: 7 }, { TableName: table, FilterExpression: "even = :yes", ExpressionAttributeValues: { ":yes": true } })) {
  found.even += page.Count;
}

try {
  await documents.send(new TransactWriteCommand({ TransactItems: [
    { Put: { TableName: table, Item: { pk: "transaction", sk: 1 } } },
    { ConditionCheck: { TableName: table, Key: { pk: "transaction", sk: 2 }, ConditionExpression: "attribute_exists(pk)" } },
  ] }));
} catch (error) {
  found.cancelled = [error.name, error.CancellationReasons.map(({ Code }) => Code)];
}

await documents.send(new ExecuteDocumentCommand({ Statement: `INSERT INTO "${table}" VALUE {'pk': ?, 'sk': ?, 'tags': ?}`, Parameters: ["partiql", 1, ["a", "b"]] }));
found.partiql = (await documents.send(new ExecuteDocumentCommand({ Statement: `SELECT tags FROM "${table}" WHERE pk = ?`, Parameters: ["partiql"] }))).Items;
try {
  await client.send(new ExecuteStatementCommand({ Statement: "SELECT nothing" }));
} catch (error) {
  found.malformed = [error.name, error.$metadata.httpStatusCode];
}

const { LatestStreamArn } = (await client.send(new DescribeTableCommand({ TableName: table }))).Table;
found.events = [];
for (const { ShardId } of (await streams.send(new DescribeStreamCommand({ StreamArn: LatestStreamArn }))).StreamDescription.Shards) {
  const { ShardIterator } = await streams.send(new GetShardIteratorCommand({ StreamArn: LatestStreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }));
  for (const { eventName, dynamodb } of (await streams.send(new GetRecordsCommand({ ShardIterator }))).Records) {
    if (dynamodb.Keys.pk.S === "document") {
      found.events.push([eventName, dynamodb.NewImage.n?.N ?? null, dynamodb.ApproximateCreationDateTime instanceof Date]);
    }
  }
}

await client.send(new DeleteTableCommand({ TableName: table }));
await waitUntilTableNotExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TableName: table });
try {
  await client.send(new DescribeTableCommand({ TableName: table }));
} catch (error) {
  found.gone = [error.name, error.$metadata.httpStatusCode];
}
console.log(JSON.stringify(found));
