// agents.mjs -- @a2a-js/sdk against the agents of a running system, as people who have signed in.
// JARVIS_TOKENS is {"vishal": "...", ...}; webhooks may be on port JARVIS_HOOK_PORT.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import * as v03 from 'a2a-sdk-v03/client';
import {
  bindings, collect, connect, fetchWith, isMalformed, message, stateOf, states, textOf, toolCall, url, verifyCard,
  Webhook,
} from './lib.mjs';
import { done, test } from './tap.mjs';

const tokens = JSON.parse(process.env.JARVIS_TOKENS);
const hookPort = Number(process.env.JARVIS_HOOK_PORT);
const newTicket = { operation: 'install a compiler' };

const at = (agent) => `${url}/a2a/${agent}/`;
const as = (person, binding, agent, config) =>
  connect(binding, { base: at(agent), token: tokens[person], config });

const questions = {
  tickets: ['show my tickets', /12301/],
  finops: ['show the aws cost', /AWS/i],
  oxygen: ['show my courses', /course/i],
  jarvis: ['show my tickets and aws cost', /12301[^]*AWS|AWS[^]*12301/i],
};

async function everyAgent(binding) {
  for (const [agent, [question, expected]] of Object.entries(questions)) {
    await test(`${binding}: ${agent}: the signed card`, async () => {
      const client = await connect(binding, { base: at(agent) }); // without a token
      await verifyCard(at(agent));
      assert.ok(client.agentCard.supportedInterfaces.some((i) => i.protocolBinding === binding));
      assert.ok(client.agentCard.securityRequirements.length);
    });
    await test(`${binding}: ${agent}: a question in words`, async () => {
      const client = await as('vishal', binding, agent);
      const answer = await client.sendMessage(message('question', question));
      const parts = answer.parts ?? answer.artifacts.flatMap((a) => a.parts);
      assert.match(textOf(parts), expected);
    });
    await test(`${binding}: ${agent}: nobody without a token`, async () => {
      const client = await connect(binding, { base: at(agent) });
      await assert.rejects(client.sendMessage(message('question', question)));
    });
    await test(`${binding}: ${agent}: the extended card`, async () => {
      const client = await as('vishal', binding, agent);
      assert.ok(client.agentCard.capabilities.extendedAgentCard);
      const card = await client.getAgentCard();
      assert.equal(card.name, client.agentCard.name);
    });
  }
}

async function tasks(binding) {
  const client = await as('vishal', binding, 'tickets');
  let task;

  await test(`${binding}: what changes something is a task`, async () => {
    task = await client.sendMessage(toolCall('create_ticket', newTicket));
    assert.equal(stateOf(task), 'TASK_STATE_COMPLETED');
    assert.equal(task.artifacts[0].name || task.artifacts[0].artifactId, 'result');
    assert.match(textOf(task.artifacts[0].parts), /12\d{3}/);
  });
  await test(`${binding}: it is there afterwards`, async () => {
    const found = await client.getTask({ tenant: '', id: task.id });
    const list = await client.listTasks(
      { tenant: '', contextId: task.contextId, status: 0, pageToken: '' });
    assert.equal(stateOf(found), 'TASK_STATE_COMPLETED');
    assert.deepEqual(list.tasks.map((t) => t.id), [task.id]);
  });
  await test(`${binding}: it is nobody else's`, async () => {
    const other = await as('alex', binding, 'tickets');
    await assert.rejects(other.getTask({ tenant: '', id: task.id }), TaskNotFoundError);
    const list = await other.listTasks(
      { tenant: '', contextId: task.contextId, status: 0, pageToken: '' });
    assert.deepEqual(list.tasks, []);
  });
  await test(`${binding}: what changes something, as a stream`, async () => {
    const events = await collect(client.sendMessageStream(toolCall('create_ticket', newTicket)));
    assert.equal(states(events).at(-1), 'TASK_STATE_COMPLETED');
  });
  await test(`${binding}: a tool call with a wrong argument names it`, () =>
    assert.rejects(client.sendMessage(toolCall('get_ticket', { ticket_id: 'x' })), /ticket_id/));
}

async function webhooks(binding) {
  const client = await as('vishal', binding, 'tickets');
  const config = (to) => ({ url: to, authentication: { scheme: 'Bearer', credentials: 'secret' } });

  await test(`${binding}: a webhook hears of a task`, async () => {
    const hook = await new Webhook().start(hookPort);
    const task = await client.sendMessage(
      toolCall('create_ticket', newTicket, { taskPushNotificationConfig: config(hook.url) }));
    await hook.until((r) => r.headers.authorization === 'Bearer secret' &&
      r.event.value.status && stateOf(r.event.value) === 'TASK_STATE_COMPLETED' &&
      (r.event.value.taskId ?? r.event.value.id) === task.id);
    hook.stop();
  });
  await test(`${binding}: no webhook on the inside`, () =>
    assert.rejects(client.sendMessage(toolCall('create_ticket', newTicket, {
      taskPushNotificationConfig: config('http://127.0.0.1:1/') })), isMalformed));
}

// A client of 0.3 that finds the agent by its card as it always has, without saying what it speaks.
async function oldClient(person) {
  const fetchImpl = fetchWith({ Authorization: `Bearer ${tokens[person]}` });
  return new v03.ClientFactory({
    transports: [new v03.JsonRpcTransportFactory({ fetchImpl })],
    cardResolver: new v03.DefaultAgentCardResolver({ fetchImpl }),
  }).createFromUrl(at('tickets'));
}

const say = (part) => ({
  message: { kind: 'message', messageId: randomUUID(), role: 'user', parts: [part] },
});

async function oldClients() {
  const create = { kind: 'data', data: { tool: 'create_ticket', arguments: newTicket } };
  const client = await oldClient('vishal');
  let task;

  await test('0.3.14: a question in words', async () => {
    const answer = await client.sendMessage(say({ kind: 'text', text: 'show my tickets' }));
    assert.equal(answer.kind, 'message');
    assert.match(answer.parts.map((p) => p.text ?? '').join(''), /12301/);
  });
  await test('0.3.14: what changes something is a task', async () => {
    task = await client.sendMessage(say(create));
    assert.equal(task.kind, 'task');
    assert.equal(task.status.state, 'completed');
    assert.equal((await client.getTask({ id: task.id })).id, task.id);
  });
  await test('0.3.14: it is nobody else\'s', async () =>
    assert.rejects((await oldClient('alex')).getTask({ id: task.id }), v03.TaskNotFoundError));
  await test('0.3.14: as a stream', async () => {
    const events = [];
    for await (const event of client.sendMessageStream(say(create))) events.push(event);
    assert.equal(events.at(-1).status.state, 'completed');
  });
}

await oldClients();
for (const binding of bindings)
  for (const tests of [everyAgent, tasks, webhooks]) await tests(binding);
done();
