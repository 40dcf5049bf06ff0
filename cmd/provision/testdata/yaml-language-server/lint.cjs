// lint.cjs SERVER FILE…: prints the diagnostics of yaml-language-server for files, one per line,
// as an editor without further settings shows them.
const { spawn } = require("child_process");
const fs = require("fs");
const path = require("path");
const url = require("url");

const [server, ...files] = process.argv.slice(2);
const child = spawn(process.execPath, [server, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
const settings = { yaml: { validate: true, schemaStore: { enable: false } } };
const answers = new Map(); // id of a request → the function that waits for the answer
const diagnostics = new Map(); // uri → the function that waits for its diagnostics
let read = Buffer.alloc(0);
let id = 0;

function send(message) {
  const text = JSON.stringify({ jsonrpc: "2.0", ...message });
  child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

function request(method, params) {
  return new Promise((done) => {
    answers.set(++id, done);
    send({ id, method, params });
  });
}

function take(message) {
  if (message.method === "textDocument/publishDiagnostics") {
    diagnostics.get(message.params.uri)?.(message.params.diagnostics);
  } else if (message.method === "workspace/configuration") {
    send({ id: message.id, result: message.params.items.map((item) => settings[item.section] ?? {}) });
  } else if (message.method && message.id !== undefined) {
    send({ id: message.id, result: null });
  } else {
    answers.get(message.id)?.(message.result);
  }
}

child.stdout.on("data", (chunk) => {
  read = Buffer.concat([read, chunk]);
  for (;;) {
    const head = read.indexOf("\r\n\r\n");
    if (head < 0) return;
    const end = head + 4 + Number(/Content-Length: (\d+)/i.exec(read.subarray(0, head))[1]);
    if (read.length < end) return;
    const message = JSON.parse(read.subarray(head + 4, end));
    read = read.subarray(end);
    take(message);
  }
});

async function main() {
  await request("initialize", { processId: process.pid, rootUri: null, capabilities: {}, workspaceFolders: null });
  send({ method: "initialized", params: {} });
  for (const file of files) {
    const uri = url.pathToFileURL(path.resolve(file)).href;
    const found = new Promise((done) => diagnostics.set(uri, done));
    const text = fs.readFileSync(file, "utf8");
    send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId: "yaml", version: 1, text } } });
    for (const { range, message } of await found) {
      console.log(`${file}:${range.start.line + 1}:${range.start.character + 1}: ${message}`);
    }
  }
  child.kill();
}

main();
