// Response streaming: `awslambda.streamifyResponse` and the chunked response that carries what a handler writes.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html

import http from "node:http";
import { PassThrough } from "node:stream";

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const DELIMITER = Buffer.alloc(8);

export function isStreaming(handler) {
  return handler[STREAMING] === "response";
}

export function installStreaming() {
  globalThis.awslambda = {
    streamifyResponse(handler) {
      handler[STREAMING] = "response";
      return handler;
    },
    HttpResponseStream: {
      // The metadata goes first, as JSON, then eight zero bytes, then the body.
      from(stream, metadata) {
        stream.setContentType("application/vnd.awslambda.http-integration-response");
        stream.write(Buffer.concat([Buffer.from(JSON.stringify(metadata)), DELIMITER]));
        return stream;
      },
    },
  };
}

export async function respondWithStream(target, handler, event, context, describe) {
  const stream = new PassThrough();
  let contentType = "application/octet-stream";
  stream.setContentType = (type) => {
    contentType = type;
  };
  let request;
  const answered = new Promise((resolve, reject) => {
    const begin = () => {
      if (request) return;
      request = http.request({ ...target, method: "POST" });
      request.setHeader("Content-Type", contentType);
      request.setHeader("Transfer-Encoding", "chunked");
      request.setHeader("Lambda-Runtime-Function-Response-Mode", "streaming");
      request.setHeader("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body");
      request.on("response", (response) => response.resume().on("end", resolve));
      request.on("error", reject);
    };
    stream.on("data", (part) => {
      begin();
      if (!request.write(part)) {
        stream.pause();
        request.once("drain", () => stream.resume());
      }
    });
    stream.on("end", () => {
      begin();
      request.end();
    });
    stream.on("error", (error) => {
      begin();
      const document = describe(error);
      const body = Buffer.from(JSON.stringify(document)).toString("base64");
      request.addTrailers({ "Lambda-Runtime-Function-Error-Type": document.errorType, "Lambda-Runtime-Function-Error-Body": body });
      request.end();
    });
  });
  try {
    await handler(event, stream, context);
  } catch (error) {
    if (!request) throw error;
    stream.destroy(error);
  }
  if (!stream.writableEnded && !stream.destroyed) stream.end();
  await answered;
}
