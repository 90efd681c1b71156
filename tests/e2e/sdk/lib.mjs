// lib.mjs -- clients of the SDK, messages, and a webhook: what the tests share.
import assert from 'node:assert/strict';
import { randomUUID, webcrypto } from 'node:crypto';
import { createServer } from 'node:http';
import {
  SendMessageRequest, StreamResponse, TaskState, verifyAgentCardSignature,
} from '@a2a-js/sdk';
import {
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import { isRestError, RequestMalformedError } from '@a2a-js/sdk/errors';

globalThis.crypto ??= webcrypto; // node 18 has it here only
console.debug = () => {}; // the SDK tells of every signature that is not the one that holds

export const bindings = ['JSONRPC', 'HTTP+JSON'];
export const url = process.env.JARVIS_URL;
assert.ok(url, 'JARVIS_URL is not set');

export const terminal = [
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
];

/** fetch with more headers, and others in place of its own. */
export function fetchWith(headers) {
  return (input, init) => {
    const all = new Headers(init?.headers);
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined) all.delete(name);
      else all.set(name, value);
    }
    return fetch(input, { ...init, headers: all });
  };
}

/** A client of the agent whose card is below `base`, over one binding. */
export function connect(binding, { base = `${url}/`, token, config, legacy = false } = {}) {
  const fetchImpl = token ? fetchWith({ Authorization: `Bearer ${token}` }) : fetch;
  const options = { fetchImpl, legacyCompat: { enabled: legacy } };
  const Factory = binding === 'JSONRPC' ? JsonRpcTransportFactory : RestTransportFactory;
  return new ClientFactory({
    transports: [new Factory(options)],
    clientConfig: config,
    cardResolver: new DefaultAgentCardResolver(options),
  }).createFromUrl(base);
}

/** The card as it was served: handed one of its own objects, the SDK forgets the security schemes. */
export async function verifyCard(base = `${url}/`) {
  const headers = { 'A2A-Version': '1.0' };
  const card = await (await fetch(`${base}.well-known/agent-card.json`, { headers })).json();
  await verifyAgentCardSignature(async (kid) => {
    const { keys } = await (await fetch(`${url}/.well-known/jwks.json`)).json();
    return keys.find((key) => key.kid === kid);
  })(card);
}

/** Refused as malformed: over HTTP+JSON the protocol has no reason for it that has a class. */
export const isMalformed = (e) =>
  e instanceof RequestMalformedError || (isRestError(e) && e.statusCode === 400);

/** A message to send: its id begins with what the conformance agent shall do. */
export function message(what, text = 'hello', members = {}, configuration = undefined) {
  return SendMessageRequest.fromJSON({
    message: {
      messageId: `${what}-${randomUUID()}`,
      role: 'ROLE_USER',
      parts: [{ text }],
      ...members,
    },
    configuration,
  });
}

/** The same with a tool call in place of text. */
export function toolCall(tool, args, configuration = undefined) {
  const parts = [
    { data: { tool, arguments: args }, mediaType: 'application/vnd.jarvis.tool-call+json' },
  ];
  return message('call', '', { parts }, configuration);
}

/** All events of a stream; the function may end it early. */
export async function collect(stream, enough = () => false) {
  const events = [];
  for await (const event of stream) {
    events.push(event.payload);
    if (enough(event.payload)) break;
  }
  return events;
}

export const kinds = (events) => events.map((e) => e.$case);

/** The states that a stream went through, as names. */
export function states(events) {
  const seen = events
    .filter((e) => e.$case === 'task' || e.$case === 'statusUpdate')
    .map((e) => TaskState[e.value.status.state]);
  return seen.filter((s, i) => s !== seen[i - 1]);
}

export const stateOf = (task) => TaskState[task.status.state];

/** The text of parts, one after the other. */
export const textOf = (parts) =>
  parts.filter((p) => p.content?.$case === 'text').map((p) => p.content.value).join('');

/** The text of all artifacts that a stream brought. */
export const artifactText = (events) =>
  events
    .filter((e) => e.$case === 'artifactUpdate')
    .map((e) => textOf(e.value.artifact.parts))
    .join('');

/** Asks again until it is so: for what happens on its own. */
export async function until(what, isSo, ms = 20_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await what();
    if (isSo(value)) return value;
    assert.ok(Date.now() < end, `waited ${ms / 1000} s; the last was ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A server that takes notifications. */
export class Webhook {
  requests = [];
  #waiting = [];

  async start(port = 0) {
    this.server = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(204).end();
        this.requests.push({
          headers: request.headers,
          event: StreamResponse.fromJSON(JSON.parse(Buffer.concat(chunks).toString())).payload,
        });
        this.#waiting.splice(0).forEach((wake) => wake());
      });
    });
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}/hook`;
    return this;
  }

  /** All requests, once one of them is as wanted. */
  async until(isSo, ms = 20_000) {
    const late = AbortSignal.timeout(ms);
    while (!this.requests.some(isSo)) {
      await new Promise((resolve, reject) => {
        this.#waiting.push(resolve);
        late.addEventListener('abort', () =>
          reject(new Error(`no such notification among ${JSON.stringify(this.requests)}`)));
      });
    }
    return this.requests;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
