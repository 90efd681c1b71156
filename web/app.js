// app.js -- the page: sign in, ask, read. All text from outside goes through markdown.js or textContent.

import { call, chat, resume, signIn, signOut, whenSignedOut } from "./api.js";
import { charts } from "./charts.js";
import { render } from "./markdown.js";
import * as notices from "./notices.js";

const $ = (id) => document.getElementById(id);
const PAGE = 20;

let session = null; // the session the next question goes to; null: the current one
let older = "";     // the page before the oldest message shown
let asking = null;  // AbortController of the question under way

function show(view) {
  $("sign-in").hidden = view !== "sign-in";
  $("chat").hidden = view !== "chat";
  $(view === "chat" ? "question" : "username").focus();
}

// ---- messages ---------------------------------------------------------------------------------

function bubble(role, text, when = new Date()) {
  const box = document.createElement("div");
  box.className = "message " + role;
  const body = document.createElement("div");
  if (role === "assistant") body.append(...render(text));
  else body.textContent = text;
  const time = document.createElement("time");
  time.dateTime = when.toISOString();
  time.textContent = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  box.append(body, time);
  return box;
}

function note(text) {
  const p = document.createElement("p");
  p.className = "note";
  p.textContent = text;
  return p;
}

function append(node) {
  $("messages").append(node);
  node.scrollIntoView({ block: "end" });
  return node;
}

function setText(box, text) {
  box.firstChild.replaceChildren(...render(text));
  box.scrollIntoView({ block: "end" });
}

function suggest(texts) {
  $("suggestions").replaceChildren(...(texts ?? []).map((text) => {
    const b = document.createElement("button");
    b.type = "button";
    b.className = "plain";
    b.textContent = text;
    b.addEventListener("click", () => ask(text));
    return b;
  }));
}

// A model may know better ones, when it has thought; the first stay until then.
async function think() {
  const of = session;
  try {
    const better = (await call("POST", "/api/suggestions", { session_id: of, better: true })).suggestions;
    if (!asking && session === of && better?.length) suggest(better);
  } catch { /* those that are there will do */ }
}

// ---- asking -----------------------------------------------------------------------------------

const STATES = {
  asked: "asking", answered: "answered", denied: "denied", failed: "failed",
  unavailable: "not reachable",
};

function progress(agents) {
  const parts = [...agents].map(([name, state]) => name + " " + (STATES[state] ?? state));
  $("status").textContent = parts.length ? parts.join(", ") + "…" : "Thinking…";
}

function busy(on) {
  $("send").hidden = on;
  $("stop").hidden = !on;
  if (!on) $("status").textContent = "";
}

async function ask(text) {
  text = text.trim();
  if (!text || asking) return;
  asking = new AbortController();
  busy(true);
  suggest([]);
  append(bubble("user", text));
  const box = append(bubble("assistant", ""));
  const agents = new Map();
  let answer = "";
  progress(agents);
  try {
    await chat(text, session, (event, data) => {
      if (event === "plan") { // the answer begins, perhaps once more
        session = data.session_id || session;
        setText(box, answer = "");
      }
      if (event === "agent") agents.set(data.name, data.state);
      if (event === "delta") setText(box, answer += data.text);
      if (event === "done") {
        box.lastChild.before(...charts(data.data));
        setText(box, data.response);
        if (data.degraded) box.firstChild.append(note("Plainer than usual: " + data.degraded_why + "."));
        suggest(data.suggestions);
        if (data.model) think();
      }
      progress(agents);
    }, asking.signal);
  } catch (e) {
    if (asking.signal.aborted) setText(box, answer + "\n\n*Stopped.*");
    else {
      box.classList.add("failed");
      setText(box, (answer ? answer + "\n\n" : "") + "That did not work.");
      box.firstChild.append(note(e instanceof TypeError ? "The server cannot be reached." : e.message));
    }
  } finally {
    asking = null;
    busy(false);
    $("question").focus();
    box.scrollIntoView({ block: "end" }); // what came below has moved it
  }
}

// ---- history ----------------------------------------------------------------------------------

const date = (m) => (m.timestamp ? new Date(m.timestamp) : new Date());

async function loadHistory() {
  const h = await call("GET", "/api/history?page_size=" + PAGE);
  session = h.session_id || null;
  older = h.next_page_token || "";
  $("older").hidden = !older;
  $("messages").replaceChildren(...(h.messages ?? []).map((m) => bubble(m.role, m.content, date(m))));
  if (h.messages?.length)
    append(note("Welcome back. This conversation has " + h.message_count + " messages."));
  else
    append(note("Hello! Ask for your tickets, the company's cloud costs, or your courses and exams."));
}

async function loadOlder() {
  const query = new URLSearchParams({ session_id: session, page_size: PAGE, page_token: older });
  const h = await call("GET", "/api/history?" + query);
  older = h.next_page_token || "";
  $("older").hidden = !older;
  $("messages").prepend(...(h.messages ?? []).map((m) => bubble(m.role, m.content, date(m))));
}

async function newSession() {
  const s = await call("POST", "/api/sessions", {});
  session = s.session_id;
  older = "";
  $("older").hidden = true;
  $("messages").replaceChildren(note("A new conversation."));
  $("question").focus();
}

async function enter(user) {
  $("who").textContent = user.username + " (" + user.role.replaceAll("_", " ") + ")";
  show("chat");
  notices.start();
  try {
    await loadHistory();
    suggest((await call("POST", "/api/suggestions", session ? { session_id: session } : {})).suggestions);
  } catch (e) {
    failed(e); // one can still ask
  }
}

function leave(text = "") {
  asking?.abort();
  notices.stop();
  session = null;
  $("messages").replaceChildren();
  suggest([]);
  $("sign-in-error").textContent = text;
  show("sign-in");
}

// ---- wiring -----------------------------------------------------------------------------------

function failed(e) {
  if (e.status !== 401)
    append(note(e instanceof TypeError ? "The server cannot be reached." : e.message));
}

$("sign-in-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  button.disabled = true;
  $("sign-in-error").textContent = "";
  try {
    const user = await signIn($("username").value, $("password").value);
    $("password").value = "";
    await enter(user);
  } catch (e) {
    $("sign-in-error").textContent = e instanceof TypeError ? "The server cannot be reached." : e.message;
  } finally {
    button.disabled = false;
  }
});

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  if (asking) return;
  const text = $("question").value;
  $("question").value = "";
  ask(text);
});

$("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("ask").requestSubmit();
  }
});

$("stop").addEventListener("click", () => asking?.abort());
$("older").addEventListener("click", () => loadOlder().catch(failed));
$("new-session").addEventListener("click", () => newSession().catch(failed));
$("sign-out").addEventListener("click", async () => {
  await signOut().catch(() => {});
  leave();
});
whenSignedOut(() => leave("Your sign-in has ended. Please sign in again."));

try {
  const user = await resume();
  if (user) await enter(user);
  else show("sign-in");
} catch (e) {
  show("sign-in");
  $("sign-in-error").textContent = e instanceof TypeError ? "The server cannot be reached." : e.message;
}
