// v03.mjs -- clients of protocol 0.3 against the conformance agent: the SDK 0.3.14 as it is, and the
// 0.3 transport of the SDK 1.3.0.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { LegacyJsonRpcTransport } from '@a2a-js/sdk/compat/v0_3/client';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import * as v03 from 'a2a-sdk-v03/client';
import { collect, fetchWith, message, stateOf, states, textOf, until, url, Webhook } from './lib.mjs';
import { done, test } from './tap.mjs';

const say = (what, members = {}, configuration = undefined) => ({
  message: {
    kind: 'message',
    messageId: `${what}-${randomUUID()}`,
    role: 'user',
    parts: [{ kind: 'text', text: 'hello' }],
    ...members,
  },
  configuration,
});

async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

// The 0.3.14 client does not say what it speaks; the card in its shape has to be asked for.
async function oldClient() {
  const cards = new v03.DefaultAgentCardResolver({ fetchImpl: fetchWith({ 'A2A-Version': '0.3' }) });
  const card = await cards.resolve(`${url}/`);
  return { card, client: await new v03.ClientFactory().createFromAgentCard(card) };
}

async function oldSdk() {
  const { card, client } = await oldClient();
  const hook = await new Webhook().start();

  await test('0.3.14: the card', async () => {
    assert.equal(card.name, 'ConformanceAgent');
    assert.match(card.protocolVersion, /^0\.3/);
    assert.ok(card.url.startsWith(url));
    assert.ok(card.capabilities.streaming);
  });
  await test('0.3.14: message/send gives a task', async () => {
    const task = await client.sendMessage(say('tck-complete-task'));
    assert.equal(task.kind, 'task');
    assert.equal(task.status.state, 'completed');
    assert.equal(task.status.message.kind, 'message');
    assert.equal(task.status.message.role, 'agent');
    assert.deepEqual(task.status.message.parts.map((p) => [p.kind, p.text]),
      [['text', 'Hello from TCK']]);
    const found = await client.getTask({ id: task.id });
    assert.equal(found.kind, 'task');
    assert.equal(found.history[0].role, 'user');
  });
  await test('0.3.14: message/send gives a message', async () => {
    const answer = await client.sendMessage(say('tck-message-response'));
    assert.equal(answer.kind, 'message');
    assert.equal(answer.parts[0].text, 'Direct message response');
  });
  await test('0.3.14: a file, an address, data', async () => {
    const part = async (what) => (await client.sendMessage(say(what))).artifacts[0].parts[0];
    const bytes = Buffer.from('tck').toString('base64');
    assert.deepEqual((await part('tck-artifact-file')).file,
      { name: 'output.txt', mimeType: 'text/plain', bytes });
    assert.deepEqual((await part('tck-artifact-file-url')).file,
      { name: 'output.txt', mimeType: 'text/plain', uri: 'https://example.com/output.txt' });
    assert.deepEqual((await part('tck-artifact-data')).data, { key: 'value', count: 42 });
  });
  await test('0.3.14: message/stream', async () => {
    const events = await all(client.sendMessageStream(say('tck-stream-001')));
    assert.equal(events[0].kind, 'task');
    assert.ok(events.some((e) => e.kind === 'artifact-update'));
    assert.equal(events.at(-1).kind, 'status-update');
    assert.equal(events.at(-1).status.state, 'completed');
    assert.equal(events.at(-1).final, true);
    assert.ok(events.slice(0, -1).every((e) => !e.final));
  });
  await test('0.3.14: not blocking, and tasks/resubscribe', async () => {
    const task = await client.sendMessage(say('slow-1500', {}, { blocking: false }));
    assert.match(task.status.state, /submitted|working/);
    const events = await all(client.resubscribeTask({ id: task.id }));
    assert.equal(events.at(-1).status.state, 'completed');
    assert.equal(events.at(-1).final, true);
  });
  await test('0.3.14: a question and its answer', async () => {
    let task = await client.sendMessage(say('tck-input-required'));
    assert.equal(task.status.state, 'input-required');
    task = await client.sendMessage(say('tck-complete-task', { taskId: task.id }));
    assert.equal(task.status.state, 'completed');
  });
  await test('0.3.14: tasks/cancel', async () => {
    const task = await client.sendMessage(say('tck-input-required'));
    assert.equal((await client.cancelTask({ id: task.id })).status.state, 'canceled');
    await assert.rejects(client.cancelTask({ id: task.id }), v03.TaskNotCancelableError);
  });
  await test('0.3.14: push notification configurations', async () => {
    const { id: taskId } = await client.sendMessage(say('tck-input-required'));
    const made = await client.setTaskPushNotificationConfig(
      { taskId, pushNotificationConfig: { id: 'mine', url: hook.url, token: 'token-1' } });
    const ref = { id: taskId, pushNotificationConfigId: 'mine' };
    assert.equal(made.pushNotificationConfig.url, hook.url);
    const got = await client.getTaskPushNotificationConfig(ref);
    assert.equal(got.pushNotificationConfig.id, 'mine');
    assert.equal((await client.listTaskPushNotificationConfig({ id: taskId })).length, 1);
    await client.deleteTaskPushNotificationConfig(ref);
    assert.equal((await client.listTaskPushNotificationConfig({ id: taskId })).length, 0);
  });
  await test('0.3.14: an unknown task', () =>
    assert.rejects(client.getTask({ id: 'none' }), v03.TaskNotFoundError));
  hook.stop();
}

// What it receives it turns into 1.0; on the wire it is 0.3.
async function compatTransport() {
  const wire = [];
  const fetchImpl = async (input, init) => {
    wire.push(JSON.parse(init.body).method);
    return fetchWith({ 'A2A-Version': undefined })(input, init);
  };
  const client = new LegacyJsonRpcTransport({ endpoint: `${url}/`, fetchImpl });

  await test('compat: message/send, tasks/get', async () => {
    const task = await client.sendMessage(message('tck-complete-task'));
    assert.equal(stateOf(task), 'TASK_STATE_COMPLETED');
    assert.equal(textOf(task.status.message.parts), 'Hello from TCK');
    assert.equal((await client.getTask({ tenant: '', id: task.id })).id, task.id);
    assert.deepEqual(wire, ['message/send', 'tasks/get']);
  });
  await test('compat: message/stream', async () => {
    const events = await collect(client.sendMessageStream(message('tck-stream-001')));
    assert.equal(events[0].$case, 'task');
    assert.equal(states(events).at(-1), 'TASK_STATE_COMPLETED');
  });
  await test('compat: tasks/resubscribe', async () => {
    const task = await client.sendMessage(
      message('slow-1500', 'hello', {}, { returnImmediately: true }));
    const events = await collect(client.resubscribeTask({ tenant: '', id: task.id }));
    assert.equal(states(events).at(-1), 'TASK_STATE_COMPLETED');
  });
  await test('compat: tasks/cancel', async () => {
    const task = await client.sendMessage(
      message('slow-30000', 'hello', {}, { returnImmediately: true }));
    await client.cancelTask({ tenant: '', id: task.id, metadata: undefined });
    await until(() => client.getTask({ tenant: '', id: task.id }),
      (found) => stateOf(found) === 'TASK_STATE_CANCELED');
  });
  await test('compat: an unknown task', () =>
    assert.rejects(client.getTask({ tenant: '', id: 'none' }), TaskNotFoundError));
}

await oldSdk();
await compatTransport();
done();
