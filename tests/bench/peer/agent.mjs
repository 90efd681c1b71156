// agent.mjs -- an agent made with @a2a-js/sdk that does what the benchmark asks of Jarvis: the other side
// of its ratios.
//
// A token (JWT, ES256) is checked on every request; a ticket is read from memory and answered as a
// Message; a ticket is made and answered as a Task with one artifact; chunks-<n> and steps-<n>-<ms> are
// those of the conformance agent. Tasks are in the SDK's store in memory: nothing of it outlives the
// process. Prints one line when it listens: {"port", "token"}.
import { randomUUID } from 'node:crypto';
import express from 'express';
import { generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { AgentCard, Role, TaskState } from '@a2a-js/sdk';
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server';
import { restHandler } from '@a2a-js/sdk/server/express';

const ISSUER = 'bench';
const AUDIENCE = 'agents';
const TICKET_TYPE = 'application/vnd.jarvis.tool-result+json';

// ---- who asks ---------------------------------------------------------------------------------------

const { publicKey, privateKey } = await generateKeyPair('ES256');
const token = await new SignJWT({ name: 'vishal' })
  .setProtectedHeader({ alg: 'ES256' })
  .setSubject('vishal')
  .setIssuer(ISSUER)
  .setAudience(AUDIENCE)
  .setIssuedAt()
  .setExpirationTime('1h')
  .sign(privateKey);

async function userOf(request) {
  const { payload } = await jwtVerify(request.headers.authorization?.slice(7) ?? '', publicKey, {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
  });
  return { isAuthenticated: true, userName: payload.sub };
}

// ---- what is said -----------------------------------------------------------------------------------

const part = (content, mediaType) => ({ content, mediaType, filename: '', metadata: undefined });
const text = (value) => part({ $case: 'text', value }, 'text/markdown');
const data = (value) => part({ $case: 'data', value }, TICKET_TYPE);

function said(contextId, taskId, parts) {
  const rest = { metadata: undefined, extensions: [], referenceTaskIds: [] };
  return { messageId: randomUUID(), contextId, taskId, role: Role.ROLE_AGENT, parts, ...rest };
}

const statusOf = (state, message) => ({ state, message, timestamp: new Date().toISOString() });

function task(ctx, state, artifacts = []) {
  return {
    id: ctx.taskId,
    contextId: ctx.contextId,
    status: statusOf(state),
    artifacts,
    history: [ctx.userMessage],
    metadata: undefined,
  };
}

function artifact(artifactId, parts) {
  return { artifactId, name: artifactId, description: '', parts, metadata: undefined, extensions: [] };
}

function tellStatus(ctx, bus, state, words) {
  const message = words ? said(ctx.contextId, ctx.taskId, [text(words)]) : undefined;
  bus.publish(
    AgentEvent.statusUpdate({
      taskId: ctx.taskId,
      contextId: ctx.contextId,
      status: statusOf(state, message),
      metadata: undefined,
    }),
  );
}

function tellChunk(ctx, bus, i, n) {
  bus.publish(
    AgentEvent.artifactUpdate({
      taskId: ctx.taskId,
      contextId: ctx.contextId,
      artifact: artifact('chunks', [text(`chunk ${i + 1} of ${n}\n`)]),
      append: i > 0,
      lastChunk: i === n - 1,
      metadata: undefined,
    }),
  );
}

// ---- what is done -----------------------------------------------------------------------------------

const tickets = new Map();

function newTicket(operation) {
  const now = new Date().toISOString();
  const ticket_id = 12301 + tickets.size;
  const ticket = { ticket_id, operation, status: 'pending', username: 'vishal', created_at: now, updated_at: now };
  tickets.set(ticket_id, ticket);
  return ticket;
}

const inWords = (t) =>
  `**Ticket ${t.ticket_id}** is ${t.status}.\n\n- operation: ${t.operation}\n- for: ${t.username}\n` +
  `- created: ${t.created_at}\n- changed: ${t.updated_at}\n`;
const answer = (tool, t) => [text(inWords(t)), data({ tool, result: t })];

function readTicket(ctx, bus, call) {
  const ticket = tickets.get(call.arguments.ticket_id);
  if (!ticket) throw new Error('there is no such ticket');
  bus.publish(AgentEvent.message(said(ctx.contextId, '', answer(call.tool, ticket))));
}

function createTicket(ctx, bus, call) {
  const made = artifact('result', answer(call.tool, newTicket(call.arguments.operation)));
  bus.publish(AgentEvent.task(task(ctx, TaskState.TASK_STATE_COMPLETED, [made])));
}

function chunks(ctx, bus, n) {
  bus.publish(AgentEvent.task(task(ctx, TaskState.TASK_STATE_SUBMITTED)));
  tellStatus(ctx, bus, TaskState.TASK_STATE_WORKING);
  for (let i = 0; i < n; i++) tellChunk(ctx, bus, i, n);
  tellStatus(ctx, bus, TaskState.TASK_STATE_COMPLETED);
}

async function steps(ctx, bus, n, ms) {
  bus.publish(AgentEvent.task(task(ctx, TaskState.TASK_STATE_SUBMITTED)));
  for (let i = 1; i <= n; i++) {
    tellStatus(ctx, bus, TaskState.TASK_STATE_WORKING, `step ${i} of ${n}`);
    if (i < n) await new Promise((resolve) => setTimeout(resolve, ms));
  }
  tellStatus(ctx, bus, TaskState.TASK_STATE_COMPLETED);
}

const tools = { get_ticket: readTicket, create_my_ticket: createTicket };

const executor = {
  async execute(ctx, bus) {
    const call = ctx.userMessage.parts[0]?.content?.value;
    const [what, n, ms] = ctx.userMessage.messageId.split('-');
    if (what === 'chunks') chunks(ctx, bus, Number(n));
    else if (what === 'steps') await steps(ctx, bus, Number(n), Number(ms));
    else if (tools[call?.tool]) tools[call.tool](ctx, bus, call);
    else throw new Error('this is not understood');
    bus.finished();
  },
  async cancelTask() {},
};

// ---- the server -------------------------------------------------------------------------------------

newTicket('vpn access');
const app = express();
const server = app.listen(0, '127.0.0.1', 2048, () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const card = AgentCard.fromJSON({
    name: 'Peer',
    description: 'Does what the benchmark asks for.',
    version: '1.0.0',
    supportedInterfaces: [{ url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' }],
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain', 'application/json', 'application/vnd.jarvis.tool-call+json'],
    defaultOutputModes: ['text/markdown', 'application/json'],
    skills: [{ id: 'tickets', name: 'Tickets', description: 'Tickets.', tags: ['tickets'] }],
  });
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), executor);
  app.use(restHandler({ requestHandler, userBuilder: userOf }));
  console.log(JSON.stringify({ port: server.address().port, token }));
});
