// conformance.mjs -- @a2a-js/sdk against the conformance agent with everything, both bindings.
import assert from 'node:assert/strict';
import {
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import {
  artifactText, bindings, collect, connect, isMalformed, kinds, message, stateOf, states, textOf, until,
  verifyCard, Webhook,
} from './lib.mjs';
import { done, test } from './tap.mjs';

const artifacts = {
  'tck-artifact-text': { $case: 'text', value: 'Generated text content' },
  'tck-artifact-file': { $case: 'raw', value: Buffer.from('tck') },
  'tck-artifact-file-url': { $case: 'url', value: 'https://example.com/output.txt' },
  'tck-artifact-data': { $case: 'data', value: { key: 'value', count: 42 } },
};

async function sends(name, client) {
  await test(`${name}: a blocking message gives a completed task`, async () => {
    const task = await client.sendMessage(message('tck-complete-task'));
    assert.equal(stateOf(task), 'TASK_STATE_COMPLETED');
    assert.equal(textOf(task.status.message.parts), 'Hello from TCK');
    assert.ok(task.id && task.contextId);
    assert.ok(!Number.isNaN(Date.parse(task.status.timestamp)));
  });

  await test(`${name}: a message in answer`, async () => {
    const answer = await client.sendMessage(message('tck-message-response'));
    assert.ok(answer.messageId && answer.contextId);
    assert.equal(textOf(answer.parts), 'Direct message response');
  });

  for (const [what, content] of Object.entries(artifacts))
    await test(`${name}: ${what}`, async () => {
      const task = await client.sendMessage(message(what));
      assert.equal(task.artifacts.length, 1);
      assert.deepEqual(task.artifacts[0].parts[0].content, content);
      if (what.includes('file')) {
        assert.equal(task.artifacts[0].parts[0].filename, 'output.txt');
        assert.equal(task.artifacts[0].parts[0].mediaType, 'text/plain');
      }
    });

  for (const [what, state] of [['reject', 'REJECTED'], ['fail', 'FAILED']])
    await test(`${name}: ${what}`, async () => {
      const task = await client.sendMessage(message(what));
      assert.equal(stateOf(task), `TASK_STATE_${state}`);
      assert.ok(textOf(task.status.message.parts));
    });
}

async function streams(name, client) {
  await test(`${name}: a stream begins with the task and ends with its end`, async () => {
    const events = await collect(client.sendMessageStream(message('tck-stream-001')));
    assert.equal(events[0].$case, 'task');
    assert.ok(kinds(events).includes('artifactUpdate'));
    assert.equal(artifactText(events), 'Stream hello from TCK');
    assert.deepEqual(states(events).slice(-2), ['TASK_STATE_WORKING', 'TASK_STATE_COMPLETED']);
  });

  await test(`${name}: a stream of one message`, async () => {
    const events = await collect(client.sendMessageStream(message('tck-message-response')));
    assert.deepEqual(kinds(events), ['message']);
  });

  await test(`${name}: an artifact in five chunks`, async () => {
    const events = await collect(client.sendMessageStream(message('chunks-5')));
    const chunks = events.filter((e) => e.$case === 'artifactUpdate').map((e) => e.value);
    const task = await client.getTask({ tenant: '', id: events[0].value.id });
    assert.deepEqual(chunks.map((c) => c.append), [false, true, true, true, true]);
    assert.deepEqual(chunks.map((c) => c.lastChunk), [false, false, false, false, true]);
    assert.equal(artifactText(events), [1, 2, 3, 4, 5].map((i) => `chunk ${i} of 5\n`).join(''));
    assert.equal(textOf(task.artifacts[0].parts), artifactText(events));
  });

  await test(`${name}: who leaves a stream does not stop the task`, async () => {
    const [first] = await collect(client.sendMessageStream(message('slow-600')), () => true);
    const get = () => client.getTask({ tenant: '', id: first.value.id });
    await until(get, (task) => stateOf(task) === 'TASK_STATE_COMPLETED');
  });

  await test(`${name}: subscribing to a running task`, async () => {
    const task = await client.sendMessage(
      message('slow-1500', 'hello', {}, { returnImmediately: true }));
    assert.match(stateOf(task), /SUBMITTED|WORKING/);
    const [a, b] = await Promise.all(
      [1, 2].map(() => collect(client.resubscribeTask({ tenant: '', id: task.id }))));
    for (const events of [a, b]) {
      assert.equal(events[0].$case, 'task');
      assert.equal(states(events).at(-1), 'TASK_STATE_COMPLETED');
    }
    assert.ok(kinds(a).filter((k) => k === 'statusUpdate').length > 1);
  });
}

async function turns(name, client) {
  await test(`${name}: two questions and their answers`, async () => {
    let task = await client.sendMessage(message('ask'));
    const members = { taskId: task.id, contextId: task.contextId };
    assert.equal(stateOf(task), 'TASK_STATE_INPUT_REQUIRED');
    assert.equal(textOf(task.status.message.parts), 'What is it about?');
    task = await client.sendMessage(message('answer', 'cats', members));
    assert.equal(stateOf(task), 'TASK_STATE_INPUT_REQUIRED');
    task = await client.sendMessage(message('answer', 'dogs', { taskId: task.id }));
    assert.equal(stateOf(task), 'TASK_STATE_COMPLETED');
    assert.equal(textOf(task.artifacts[0].parts), 'cats and dogs');
    const { history } = await client.getTask({ tenant: '', id: task.id });
    const said = history.filter((m) => m.role === 1).map((m) => textOf(m.parts));
    assert.deepEqual(said, ['hello', 'cats', 'dogs']);
  });

  await test(`${name}: credentials are asked for`, async () => {
    let task = await client.sendMessage(message('auth'));
    assert.equal(stateOf(task), 'TASK_STATE_AUTH_REQUIRED');
    task = await client.sendMessage(message('done', 'I have', { taskId: task.id }));
    assert.equal(stateOf(task), 'TASK_STATE_COMPLETED');
  });

  await test(`${name}: cancelling`, async () => {
    const task = await client.sendMessage(message('tck-input-required'));
    const cancelled = await client.cancelTask({ tenant: '', id: task.id, metadata: undefined });
    assert.equal(stateOf(cancelled), 'TASK_STATE_CANCELED');
    await assert.rejects(
      client.cancelTask({ tenant: '', id: task.id, metadata: undefined }), TaskNotCancelableError);
  });

  await test(`${name}: cancelling what is at work`, async () => {
    const task = await client.sendMessage(
      message('slow-30000', 'hello', {}, { returnImmediately: true }));
    const stream = collect(client.resubscribeTask({ tenant: '', id: task.id }));
    await client.cancelTask({ tenant: '', id: task.id, metadata: undefined });
    assert.equal(states(await stream).at(-1), 'TASK_STATE_CANCELED');
  });
}

async function looks(name, client) {
  await test(`${name}: history as long as asked for`, async () => {
    const { id } = await client.sendMessage(message('tck-complete-task'));
    const none = await client.getTask({ tenant: '', id, historyLength: 0 });
    const one = await client.getTask({ tenant: '', id, historyLength: 1 });
    assert.equal(none.history.length, 0);
    assert.equal(one.history.length, 1);
  });

  await test(`${name}: the tasks of a conversation, by pages`, async () => {
    const first = await client.sendMessage(message('tck-artifact-text'));
    const { contextId } = first;
    for (let i = 0; i < 2; i++)
      await client.sendMessage(message('tck-artifact-text', 'more', { contextId }));
    const ask = { tenant: '', contextId, status: 0, pageSize: 2, pageToken: '' };
    const page = await client.listTasks(ask);
    const rest = await client.listTasks({ ...ask, pageToken: page.nextPageToken });
    const ids = [...page.tasks, ...rest.tasks].map((task) => task.id);
    assert.equal(page.tasks.length, 2);
    assert.equal(page.totalSize, 3);
    assert.equal(new Set(ids).size, 3);
    assert.equal(ids.at(-1), first.id);
    assert.equal(rest.nextPageToken, '');
    assert.ok(page.tasks.every((task) => task.artifacts.length === 0));
    const full = await client.listTasks({ ...ask, includeArtifacts: true });
    assert.ok(full.tasks.every((task) => task.artifacts.length === 1));
  });
}

async function notifications(name, client) {
  const hook = await new Webhook().start();
  const authentication = { scheme: 'Bearer', credentials: 'secret' };
  const config = { tenant: '', id: '', taskId: '', url: hook.url, token: 'token-1', authentication };

  await test(`${name}: a configuration made, read, listed, removed`, async () => {
    const { id: taskId } = await client.sendMessage(message('tck-input-required'));
    const made = await client.createTaskPushNotificationConfig({ ...config, taskId });
    const ref = { tenant: '', taskId, id: made.id };
    assert.ok(made.id);
    assert.equal((await client.getTaskPushNotificationConfig(ref)).url, hook.url);
    const list = () => client.listTaskPushNotificationConfig(
      { tenant: '', taskId, pageSize: 0, pageToken: '' });
    assert.deepEqual((await list()).configs.map((c) => c.id), [made.id]);
    await client.deleteTaskPushNotificationConfig(ref);
    await client.deleteTaskPushNotificationConfig(ref);
    assert.deepEqual((await list()).configs, []);
    await assert.rejects(client.getTaskPushNotificationConfig(ref), TaskNotFoundError);
  });

  await test(`${name}: a webhook hears of the end, with credentials`, async () => {
    const task = await client.sendMessage(
      message('tck-input-required', 'hello', {}, { taskPushNotificationConfig: config }));
    await client.sendMessage(message('tck-complete-task', 'now', { taskId: task.id }));
    const taskOf = (r) => r.event.value.taskId ?? r.event.value.id;
    const all = await hook.until((r) => taskOf(r) === task.id &&
      r.event.value.status && stateOf(r.event.value) === 'TASK_STATE_COMPLETED');
    for (const { headers } of all) {
      assert.equal(headers.authorization, 'Bearer secret');
      assert.equal(headers['x-a2a-notification-token'], 'token-1');
      assert.match(headers['content-type'], /^application\/(a2a\+)?json/);
    }
  });
  hook.stop();
}

async function refusals(name, client) {
  const ended = await client.sendMessage(message('tck-complete-task'));
  const other = { taskId: ended.id, contextId: 'another-conversation' };
  const cases = [
    ['an unknown task', TaskNotFoundError, () => client.getTask({ tenant: '', id: 'none' })],
    ['cancelling an unknown task', TaskNotFoundError,
      () => client.cancelTask({ tenant: '', id: 'none', metadata: undefined })],
    ['cancelling what has ended', TaskNotCancelableError,
      () => client.cancelTask({ tenant: '', id: ended.id, metadata: undefined })],
    ['a message to an unknown task', TaskNotFoundError,
      () => client.sendMessage(message('x', 'hello', { taskId: 'none' }))],
    ['a message to what has ended', UnsupportedOperationError,
      () => client.sendMessage(message('x', 'hello', { taskId: ended.id }))],
    ['a stream of a message to what has ended', UnsupportedOperationError,
      () => collect(client.sendMessageStream(message('x', 'hello', { taskId: ended.id })))],
    ['another conversation than the task has', Error,
      () => client.sendMessage(message('x', 'hello', other))],
    ['subscribing to what has ended', UnsupportedOperationError,
      () => collect(client.resubscribeTask({ tenant: '', id: ended.id }))],
    ['subscribing to an unknown task', TaskNotFoundError,
      () => collect(client.resubscribeTask({ tenant: '', id: 'none' }))],
    ['a message without parts', isMalformed,
      () => client.sendMessage(message('x', '', { parts: [] }))],
    ['a page size of zero', isMalformed,
      () => client.listTasks({ tenant: '', contextId: '', status: 0, pageSize: 0, pageToken: '' })],
    ['a webhook for an unknown task', TaskNotFoundError,
      () => client.createTaskPushNotificationConfig({
        tenant: '', id: '', taskId: 'none', url: 'http://127.0.0.1:9/', token: '' })],
  ];
  for (const [what, kind, call] of cases)
    await test(`${name}: refused: ${what}`, () => assert.rejects(call(), kind));
}

for (const binding of bindings) {
  const client = await connect(binding);

  await test(`${binding}: the card, and its signature`, async () => {
    const { agentCard } = client;
    await verifyCard();
    assert.equal(agentCard.name, 'ConformanceAgent');
    assert.ok(agentCard.capabilities.streaming && agentCard.capabilities.pushNotifications);
    assert.ok(agentCard.supportedInterfaces.some((i) => i.protocolBinding === binding));
  });
  await test(`${binding}: the extended card`, async () => {
    assert.ok(client.agentCard.capabilities.extendedAgentCard);
    assert.equal((await client.getAgentCard()).name, 'ConformanceAgent');
  });
  for (const tests of [sends, streams, turns, looks, notifications, refusals])
    await tests(binding, client);
}
done();
