// What a service in Node.js does with S3; prints one JSON document. Usage: node s3.mjs <endpoint> <bucket>
import { randomBytes, createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command,
  DeleteObjectsCommand, DeleteBucketCommand, CopyObjectCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";

const [endpoint, bucket] = process.argv.slice(2);
const client = new S3Client({ endpoint, forcePathStyle: true });
const send = (command) => client.send(command);
const sha = (bytes) => createHash("sha256").update(bytes).digest("hex");
const bytesOf = async (key) => Buffer.from(await (await send(new GetObjectCommand({ Bucket: bucket, Key: key }))).Body.transformToByteArray());
const found = {};

await send(new CreateBucketCommand({ Bucket: bucket }));
const small = "grüße, 世界";
const put = await send(new PutObjectCommand({ Bucket: bucket, Key: "a b/c+ü", Body: small, Metadata: { One: "1" } }));
found.etag = put.ETag;
const head = await send(new HeadObjectCommand({ Bucket: bucket, Key: "a b/c+ü" }));
found.metadata = head.Metadata;
found.text = (await bytesOf("a b/c+ü")).toString();

// A stream of unknown length goes out in aws-chunked coding, or in parts.
const large = randomBytes(12 * 1024 * 1024 + 17);
const upload = new Upload({ client, params: { Bucket: bucket, Key: "large", Body: Readable.from([large.subarray(0, 7_000_000), large.subarray(7_000_000)]) } });
found.parts = (await upload.done()).ETag.endsWith('-3"');
found.largeIsSame = sha(await bytesOf("large")) === sha(large);
await send(new PutObjectCommand({ Bucket: bucket, Key: "whole", Body: large, ChecksumAlgorithm: "SHA256" }));
found.wholeIsSame = sha(await bytesOf("whole")) === sha(large);
await send(new CopyObjectCommand({ Bucket: bucket, Key: "copy", CopySource: encodeURIComponent(`${bucket}/a b/c+ü`) }));

const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: "a b/c+ü" }), { expiresIn: 60 });
found.presigned = await (await fetch(url)).text();
const upUrl = await getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: "presigned" }), { expiresIn: 60 });
found.presignedPut = (await fetch(upUrl, { method: "PUT", body: "by url" })).status;
const post = await createPresignedPost(client, { Bucket: bucket, Key: "form/${filename}", Conditions: [["content-length-range", 0, 100]] });
const form = new FormData();
Object.entries(post.fields).forEach(([name, value]) => form.append(name, value));
form.append("file", new Blob(["by form"]), "f.txt");
found.post = (await fetch(post.url, { method: "POST", body: form })).status;
found.formText = (await bytesOf("form/f.txt")).toString();

const listed = await send(new ListObjectsV2Command({ Bucket: bucket }));
found.keys = listed.Contents.map(({ Key }) => Key);
try {
  await bytesOf("nothing");
} catch (error) {
  found.missing = [error.name, error.$metadata.httpStatusCode];
}
await send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: found.keys.map((Key) => ({ Key })) } }));
await send(new DeleteBucketCommand({ Bucket: bucket }));
console.log(JSON.stringify(found));
