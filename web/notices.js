// notices.js -- what the person should know: a count in the header, the list, live, and which kinds they want.

import { call, follow } from "./api.js";

const $ = (id) => document.getElementById(id);
const KINDS = { exam: "Exams", ticket: "Tickets", budget: "My budget", cost: "Cloud costs" };
const TOGETHER_MS = 200; // what comes together is listed once

let following = null; // AbortController of the stream
let listing = null;   // timer

function item(notice) {
  const li = document.createElement("li");
  li.className = notice.priority;
  const priority = document.createElement("span");
  priority.className = "hidden";
  priority.textContent = notice.priority + ": ";
  li.append(priority, notice.text);
  return li;
}

async function list() {
  const { notifications } = await call("GET", "/api/notifications");
  $("bell").textContent = "Notices" + (notifications.length ? " (" + notifications.length + ")" : "");
  $("bell").classList.toggle("high", notifications.some((n) => n.priority === "high"));
  $("notice-list").replaceChildren(...notifications.map(item));
  $("no-notices").hidden = notifications.length > 0;
}

const quietly = (work) => work.catch((e) => console.debug(e.message)); // the stream says when it is well again

function soon() {
  listing ??= setTimeout(() => {
    listing = null;
    if (following) quietly(list());
  }, TOGETHER_MS);
}

function toggle(mute) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.name = mute.kind;
  box.checked = !mute.muted;
  box.addEventListener("change", () => {
    const undo = (e) => { box.checked = !box.checked; throw e; };
    quietly(call("PUT", "/api/notifications/mutes", { kind: mute.kind, muted: !box.checked }).catch(undo).then(list));
  });
  label.append(box, " ", KINDS[mute.kind] ?? mute.kind);
  return label;
}

async function open() {
  await list();
  const { mutes } = await call("GET", "/api/notifications/mutes");
  $("mutes").replaceChildren($("mutes").firstElementChild, ...mutes.map(toggle));
}

function show(on) {
  $("notices").hidden = !on;
  $("bell").setAttribute("aria-expanded", String(on));
  if (on) quietly(open());
}

export function start() {
  stop();
  following = new AbortController();
  quietly(follow("/api/notifications/stream", (event) => { if (event === "notification") soon(); }, following.signal));
}

export function stop() {
  following?.abort();
  following = null;
  show(false);
  $("bell").textContent = "Notices";
  $("notice-list").replaceChildren();
}

$("bell").addEventListener("click", () => show($("notices").hidden));
$("notices").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  show(false);
  $("bell").focus();
});
