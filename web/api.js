// api.js -- the server: signing in, calls with a token that renews itself, and answers as a stream.
//
// The access token lives in memory only. The refresh token, good once, is kept for this tab, so that a
// reload does not sign the person out.

const KEPT = "jarvis.refresh";

let access = null;
let renewal = null;
let onSignedOut = () => {};

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || "The server answered with status " + status + ".");
    this.status = status;
    this.field = body?.field;
  }
}

export function whenSignedOut(fn) {
  onSignedOut = fn;
}

function keep(tokens) {
  access = tokens.access_token;
  sessionStorage.setItem(KEPT, tokens.refresh_token);
  return tokens.user;
}

function forget() {
  access = null;
  sessionStorage.removeItem(KEPT);
}

async function send(method, path, body, headers = {}, signal) {
  const init = { method, headers, signal, credentials: "omit", cache: "no-store" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
  }
  if (access && !path.startsWith("/auth/login") && !path.startsWith("/auth/refresh"))
    headers.Authorization = "Bearer " + access;
  return fetch(path, init);
}

async function problem(response) {
  return new Problem(response.status, await response.json().catch(() => null));
}

async function renew() {
  const token = sessionStorage.getItem(KEPT);
  if (!token) throw new Problem(401, null);
  const response = await send("POST", "/auth/refresh", { refresh_token: token });
  if (response.status === 401 || response.status === 422) forget();
  if (!response.ok) throw await problem(response);
  return keep(await response.json());
}

/** Renew once however many calls ask for it: a refresh token used twice ends the sign-in. */
function renewOnce() {
  renewal ??= renew().finally(() => { renewal = null; });
  return renewal;
}

async function request(method, path, body, headers, signal) {
  let response = await send(method, path, body, { ...headers }, signal);
  if (response.status === 401) {
    try {
      await renewOnce();
    } catch (e) {
      if (e.status === 401 || e.status === 422) onSignedOut();
      throw e;
    }
    response = await send(method, path, body, { ...headers }, signal);
  }
  if (!response.ok) throw await problem(response);
  return response;
}

export async function call(method, path, body) {
  const response = await request(method, path, body);
  return response.status === 204 ? null : response.json();
}

export async function signIn(username, password) {
  const response = await send("POST", "/auth/login", { username, password });
  if (!response.ok) throw await problem(response);
  return keep(await response.json());
}

/** The person of this tab's sign-in, or null. */
export async function resume() {
  try {
    return sessionStorage.getItem(KEPT) ? await renewOnce() : null;
  } catch (e) {
    if (e.status === 401 || e.status === 422) return null;
    throw e;
  }
}

export async function signOut() {
  const token = sessionStorage.getItem(KEPT);
  try {
    if (token) await request("POST", "/auth/logout", { refresh_token: token });
  } finally {
    forget();
  }
}

/** Server-sent events of a response: {id, event, data}. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    for (let end; (end = rest.indexOf("\n\n")) >= 0; rest = rest.slice(end + 2)) {
      const e = { id: null, event: "message", data: "" };
      for (const line of rest.slice(0, end).split("\n")) {
        const m = /^(id|event|data): ?(.*)$/.exec(line);
        if (m) e[m[1]] = m[1] === "data" ? e.data + m[2] : m[2];
      }
      if (e.data) yield { ...e, data: JSON.parse(e.data) };
    }
  }
}

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Ask and hand each event to on(event, data). A stream that breaks is taken up where it broke; one
 *  that broke before it told its message id is asked again under the same key. */
export async function chat(message, session, on, signal) {
  const accept = { Accept: "text/event-stream" };
  const ask = { ...accept, "Idempotency-Key": randomKey() };
  let id = null, last = "0";
  for (let tries = 0; ; tries++) {
    try {
      const response = id
        ? await request("GET", "/api/chat/" + encodeURIComponent(id) + "/events", undefined,
            { ...accept, "Last-Event-ID": last }, signal)
        : await request("POST", "/api/chat", session ? { message, session_id: session } : { message },
            ask, signal);
      for await (const e of events(response)) {
        if (e.event === "error") throw new Problem(e.data.status, e.data);
        if (e.event === "plan") id = e.data.message_id;
        if (e.id) last = e.id;
        on(e.event, e.data);
        if (e.event === "done") return;
      }
      throw new TypeError("the stream ended early");
    } catch (e) {
      const again = e instanceof TypeError || [502, 503, 504].includes(e.status);
      if (signal.aborted || !again || tries === 3) throw e;
      await pause(500 * 2 ** tries);
    }
  }
}

/** Follow a stream for ever: on(event, data). What breaks it is waited out; a sign-in that ended ends it. */
export async function follow(path, on, signal) {
  let last = null;
  for (let tries = 0; !signal.aborted; tries = Math.min(tries + 1, 5)) {
    try {
      const headers = { Accept: "text/event-stream" };
      if (last) headers["Last-Event-ID"] = last;
      const response = await request("GET", path, undefined, headers, signal);
      for await (const e of events(response)) {
        if (e.event === "error") break;
        if (e.id) last = e.id;
        tries = 0;
        on(e.event, e.data);
      }
    } catch (e) {
      if (signal.aborted) return;
      if (e.status === 401 || e.status === 422) throw e;
    }
    await pause(1000 * 2 ** tries);
  }
}
