// profiles.mjs -- @a2a-js/sdk against an agent that offers nothing it need not (JARVIS_PROFILE is
// minimal), and against one that insists on an extension (required-extension).
import assert from 'node:assert/strict';
import {
  ExtensionSupportRequiredError,
  PushNotificationNotSupportedError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import { ServiceParameters, withA2AExtensions } from '@a2a-js/sdk/client';
import { bindings, collect, connect, message, stateOf } from './lib.mjs';
import { done, test } from './tap.mjs';

// The client itself refuses what the card does not offer: so past it, to the agent.
async function minimal(name, client) {
  const { transport } = client;
  const task = await client.sendMessage(message('tck-input-required'));
  const push = { tenant: '', id: 'c', taskId: task.id, url: 'http://127.0.0.1:9/', token: '' };
  const page = { tenant: '', taskId: task.id, pageSize: 0, pageToken: '' };
  const cases = [
    ['streaming', UnsupportedOperationError,
      () => collect(transport.sendMessageStream(message('tck-stream-001')))],
    ['subscribing', UnsupportedOperationError,
      () => collect(transport.resubscribeTask({ tenant: '', id: task.id }))],
    ['an extended card', UnsupportedOperationError,
      () => transport.getExtendedAgentCard({ tenant: '' })],
    ['making a push configuration', PushNotificationNotSupportedError,
      () => transport.createTaskPushNotificationConfig(push)],
    ['reading one', PushNotificationNotSupportedError,
      () => transport.getTaskPushNotificationConfig(push)],
    ['listing them', PushNotificationNotSupportedError,
      () => transport.listTaskPushNotificationConfig(page)],
    ['removing one', PushNotificationNotSupportedError,
      () => transport.deleteTaskPushNotificationConfig(push)],
    ['a push configuration with a message', PushNotificationNotSupportedError,
      () => transport.sendMessage(
        message('tck-complete-task', 'hello', {}, { taskPushNotificationConfig: push }))],
  ];

  await test(`${name}: a message is answered`, async () => {
    const done_ = await client.sendMessage(message('tck-complete-task'));
    assert.equal(stateOf(done_), 'TASK_STATE_COMPLETED');
  });
  await test(`${name}: the client does without a stream`, async () => {
    const events = await collect(client.sendMessageStream(message('tck-complete-task')));
    assert.equal(events.length, 1);
  });
  for (const [what, kind, call] of cases)
    await test(`${name}: not offered: ${what}`, () => assert.rejects(call(), kind));
}

async function extension(name, client) {
  const uri = 'urn:a2a:tck:required-extension';
  const named = { serviceParameters: ServiceParameters.create(withA2AExtensions(uri)) };

  await test(`${name}: the card says that it is required`, async () => {
    const card = await client.getAgentCard(named);
    assert.ok(card.capabilities.extensions.find((e) => e.uri === uri).required);
  });
  await test(`${name}: without it a message is refused`, () =>
    assert.rejects(client.sendMessage(message('tck-complete-task')), ExtensionSupportRequiredError));
  await test(`${name}: without it a stream is refused`, () =>
    assert.rejects(
      collect(client.sendMessageStream(message('tck-stream-001'))), ExtensionSupportRequiredError));
  await test(`${name}: with it a message is answered`, async () => {
    const task = await client.sendMessage(message('tck-complete-task'), named);
    assert.equal(stateOf(task), 'TASK_STATE_COMPLETED');
  });
}

const profiles = { minimal, 'required-extension': extension };
const run = profiles[process.env.JARVIS_PROFILE];
assert.ok(run, 'JARVIS_PROFILE is neither minimal nor required-extension');
for (const binding of bindings) await run(binding, await connect(binding));
done();
