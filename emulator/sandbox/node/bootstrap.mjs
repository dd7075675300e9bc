// Runs a Node.js function behind the Lambda Runtime API: the contract of AWS's runtime interface client, which needs a native build.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

import { existsSync, readFileSync, writeSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";

import { installStreaming, isStreaming, respondWithStream } from "./streaming.mjs";

const BASE = "/2018-06-01/runtime";
const [HOST, PORT] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const AGENT = new http.Agent({ keepAlive: true, maxSockets: 1 });
const LOG_DESCRIPTOR = Number(process.env._LAMBDA_TELEMETRY_LOG_FD);
// From Node.js 24 on, Lambda no longer offers the callback.
const CALLBACKS = !/nodejs(2[4-9]|[3-9]\d)\.x$/.test(process.env.AWS_EXECUTION_ENV ?? "");
delete process.env._LAMBDA_TELEMETRY_LOG_FD;
let requestId;
let nothingLeft = () => {};

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

function ask(method, where, headers = {}, body = "") {
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(body);
    const options = { host: HOST, port: PORT, agent: AGENT, method, path: BASE + where };
    options.headers = method === "GET" ? headers : { "Content-Type": "application/json", "Content-Length": length, ...headers };
    const request = http.request(options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function describe(error) {
  if (util.types.isNativeError(error) || error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

async function report(where, error) {
  const document = describe(error);
  console.error(where === "/init/error" ? "Uncaught Exception" : "Invoke Error", JSON.stringify({ ...document, stack: document.trace, trace: undefined }));
  await ask("POST", where, { "Lambda-Runtime-Function-Error-Type": document.errorType }, JSON.stringify(document));
}

// -- logs: one frame per call, so that a text of many lines stays one log event -------------------------------------------------------

function installLogs() {
  const levels = { log: "INFO", info: "INFO", debug: "DEBUG", warn: "WARN", error: "ERROR", trace: "TRACE" };
  const json = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...given) => {
      const timestamp = new Date().toISOString();
      const message = util.format(...given);
      const only = given.length === 1 && typeof given[0] === "object" ? given[0] : message;
      const text = json
        ? JSON.stringify({ timestamp, level, requestId, message: only })
        : `${timestamp}\t${requestId ?? "undefined"}\t${level}\t${message}`;
      frame(`${text}\n`);
    };
  }
}

function frame(text) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(0xa55a0003, 0);
  head.writeUInt32BE(body.length, 4);
  head.writeBigInt64BE(BigInt(Date.now()) * 1000n, 8);
  const whole = Buffer.concat([head, body]);
  let written = 0;
  while (written < whole.length) {
    try {
      written += writeSync(LOG_DESCRIPTOR, whole, written);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

// -- the handler ----------------------------------------------------------------------------------------------------------------------

function isModule(file) {
  if (file.endsWith(".mjs")) return true;
  if (file.endsWith(".cjs")) return false;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, "package.json");
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, "utf8")).type === "module";
    if (folder === path.dirname(folder)) return false;
  }
}

async function load(handler) {
  const folder = path.dirname(handler);
  const [name, ...members] = path.basename(handler).split(".");
  if (members.length === 0) throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  const stem = path.resolve(process.env.LAMBDA_TASK_ROOT, folder, name);
  const file = ["", ".js", ".mjs", ".cjs"].map((suffix) => stem + suffix).find((one) => existsSync(one) && path.extname(one));
  if (!file) throw new RuntimeError("Runtime.ImportModuleError", `Error: Cannot find module '${name}'`);
  let loaded;
  try {
    loaded = isModule(file) ? await import(pathToFileURL(file).href) : createRequire(file)(file);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError("Runtime.UserCodeSyntaxError", `SyntaxError: ${error.message}`);
    if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") {
      throw new RuntimeError("Runtime.ImportModuleError", `Error: ${error.message}`);
    }
    throw error;
  }
  const found = members.reduce((value, member) => value?.[member], loaded);
  if (found === undefined) throw new RuntimeError("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof found !== "function") throw new RuntimeError("Runtime.HandlerNotFound", `${handler} is not a function`);
  if (!CALLBACKS && found.length >= 3 && !isStreaming(found)) {
    throw new RuntimeError(
      "Runtime.CallbackHandlerDeprecated",
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. " +
        "You need to modify this function to use a supported handler signature to use Node.js 24 or later.",
    );
  }
  return found;
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const client = headers["lambda-runtime-client-context"];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client ? JSON.parse(client) : undefined,
    identity: undefined,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    let answered = false;
    let pending = false;
    nothingLeft = () => {
      // Nothing is left to do, and the handler has not answered.
      if (answered) return;
      if (pending) reject(new RuntimeError("Runtime.NodejsExit", "The handler's promise was never settled"));
      else resolve(null);
    };
    process.once("beforeExit", nothingLeft);
    const callback = (error, value) => {
      answered = true;
      const settle = () => (error === undefined || error === null ? resolve(value) : reject(error));
      // With an empty event loop to wait for, the answer leaves when nothing is left to do.
      if (context.callbackWaitsForEmptyEventLoop) process.once("beforeExit", settle);
      else settle();
    };
    const finish = (error) => callback(error);
    const legacy = { ...context, done: callback, succeed: (value) => callback(null, value), fail: finish };
    const shown = CALLBACKS ? legacy : context;
    Object.defineProperty(shown, "callbackWaitsForEmptyEventLoop", {
      enumerable: true,
      get: () => context.callbackWaitsForEmptyEventLoop,
      set: (value) => {
        context.callbackWaitsForEmptyEventLoop = value;
      },
    });
    const returned = CALLBACKS ? handler(event, shown, callback) : handler(event, shown);
    pending = typeof returned?.then === "function";
    if (pending) returned.then(resolve, reject);
    else if (handler.length < 3 && (returned !== undefined || !CALLBACKS)) resolve(returned);
  });
}

async function invoke(handler) {
  const { headers, body } = await ask("GET", "/invocation/next");
  requestId = headers["lambda-runtime-aws-request-id"];
  if (headers["lambda-runtime-trace-id"]) process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
  else delete process.env._X_AMZN_TRACE_ID;
  const echo = headers["lambda-runtime-invocation-id"] ? { "Lambda-Runtime-Invocation-Id": headers["lambda-runtime-invocation-id"] } : {};
  const where = `/invocation/${requestId}`;
  try {
    const event = JSON.parse(body.toString());
    const context = contextOf(headers);
    if (isStreaming(handler)) {
      await respondWithStream({ host: HOST, port: PORT, path: `${BASE}${where}/response`, headers: echo }, handler, event, context, describe);
      return;
    }
    const value = await run(handler, event, context);
    await ask("POST", `${where}/response`, echo, JSON.stringify(value === undefined ? null : value) ?? "null");
  } catch (error) {
    await report(`${where}/error`, error);
  } finally {
    process.removeListener("beforeExit", nothingLeft);
  }
}

async function dieOf(name, error) {
  const wrapped = new RuntimeError(name, String(error?.stack ?? error).split("\n")[0]);
  const text = JSON.stringify({ ...describe(wrapped), reason: describe(error) });
  frame(`${new Date().toISOString()}\t${requestId ?? "undefined"}\tERROR\t${name === "Runtime.UnhandledPromiseRejection" ? "Unhandled Promise Rejection" : "Uncaught Exception"} \t${text}\n`);
  const where = requestId === undefined ? "/init/error" : `/invocation/${requestId}/error`;
  const document = requestId === undefined || name === "Runtime.UnhandledPromiseRejection" ? describe(wrapped) : describe(error);
  const type = document.errorType;
  await ask("POST", where, { "Lambda-Runtime-Function-Error-Type": type }, JSON.stringify(document));
  process.exit(129);
}

installLogs();
installStreaming();
process.on("unhandledRejection", (reason) => dieOf("Runtime.UnhandledPromiseRejection", reason));
process.on("uncaughtException", (error) => dieOf("Runtime.UncaughtException", error));

let handler;
try {
  handler = await load(process.env._HANDLER);
} catch (error) {
  await report("/init/error", error);
  process.exit(1);
}
for (;;) {
  await invoke(handler);
}
