// charts.js -- bars for the money in an answer, from its data parts (docs/data-parts.md). Text only ever becomes
// text nodes; sizes are attributes, colours are app.css's.

const SVG = "http://www.w3.org/2000/svg";
const MAX_BARS = 12, MAX_LABEL = 22;
const ROW = 26, BAR = 16, LEFT = 110, FULL = 180, WIDTH = 400; // in units of the picture

const amount = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const money = (cents) => "USD " + amount.format(cents / 100);

/** Short names are abbreviations (AWS), others are words (Azure). */
function label(name) {
  const text = String(name ?? "");
  return (text.length <= 3 ? text.toUpperCase() : text[0].toUpperCase() + text.slice(1)).slice(0, MAX_LABEL);
}

// ---- what to show -----------------------------------------------------------------------------

/** A chart: a title and rows of [label, cents]; null where the data is not as it should be. */
function chart(title, list, row) {
  if (!Array.isArray(list)) return null;
  const rows = list.map(row).filter(([, cents]) => Number.isFinite(cents) && cents >= 0).slice(0, MAX_BARS);
  return rows.length > 1 ? { title, rows } : null;
}

const cents = (text) => (typeof text === "string" && text ? Number(text) : NaN);
const byProvider = (r) => chart("Cost by provider", r.providers, (p) => [label(p?.provider), cents(p?.total_cents)]);
const allocation = (r) =>
  chart("Allocation by provider", r.allocations, (a) => [label(a?.provider), cents(a?.allocated_cents)]);
const budget = (r) => chart("Budget of the month", [
  ["Budget", r.monthly_budget_cents], ["Spent", r.current_spend_cents],
], ([name, text]) => [name, cents(text)]);

const CHARTS = {
  get_all_clouds_cost: byProvider,
  get_cost_breakdown: byProvider,
  get_cloud_cost: (r) =>
    chart("Cost of " + label(r.provider), r.services, (s) => [String(s?.name).slice(0, MAX_LABEL), cents(s?.cost_cents)]),
  get_service_cost: (r) =>
    chart("Cost of " + r.service, r.breakdown, (m) => [label(m?.provider), cents(m?.cost_cents)]),
  get_user_budget: budget,
  get_my_budget: budget,
  get_user_cost_allocation: allocation,
  get_my_cost_allocation: allocation,
};

// Several results of one of these are alternatives: one chart, a bar for each.
const SIDE_BY_SIDE = {
  get_cloud_cost: (r) => [label(r.provider), cents(r.total_cents)],
  get_service_cost: (r) => [label(r.service), cents(r.total_cents)],
};

/** The charts of an answer's data, [{agent, tool, result}]. */
function plan(data) {
  const out = [], done = new Set();
  for (const { agent, tool, result } of data) {
    if (agent !== "FinOpsAgent" || !result || !Object.hasOwn(CHARTS, tool) || done.has(tool)) continue;
    const all = data.filter((d) => d.agent === agent && d.tool === tool && d.result).map((d) => d.result);
    const together = all.length > 1 && Object.hasOwn(SIDE_BY_SIDE, tool);
    if (together) done.add(tool);
    out.push(together ? chart("Cost side by side", all, SIDE_BY_SIDE[tool]) : CHARTS[tool](result));
  }
  return out.filter(Boolean);
}

// ---- drawing ----------------------------------------------------------------------------------

function draw(name, attributes, ...children) {
  const e = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

function bar([name, value], i, most) {
  const length = most ? Math.max(1, (FULL * value) / most) : 1, middle = i * ROW + ROW / 2;
  return [
    draw("text", { x: LEFT - 8, y: middle, class: "label" }, name),
    draw("rect", { x: LEFT, y: middle - BAR / 2, width: length.toFixed(1), height: BAR, rx: 2 }),
    draw("text", { x: LEFT + length + 8, y: middle, class: "value" }, money(value)),
  ];
}

function figure({ title, rows }) {
  const most = Math.max(...rows.map(([, value]) => value));
  const told = title + ": " + rows.map(([name, value]) => name + " " + money(value)).join(", ");
  const picture = draw("svg", { role: "img", viewBox: `0 0 ${WIDTH} ${rows.length * ROW}` },
    draw("title", {}, told), ...rows.flatMap((row, i) => bar(row, i, most)));
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  const out = document.createElement("figure");
  out.className = "chart";
  out.append(caption, picture);
  return out;
}

/** Figures for an answer's data; none when there is nothing to draw. */
export function charts(data) {
  return Array.isArray(data) ? plan(data).map(figure) : [];
}
