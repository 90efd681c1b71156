// markdown.js -- Markdown to DOM nodes. Text only ever becomes text nodes: whatever an answer holds,
// it cannot become markup. Paragraphs, headings, lists, tables, quotes, code, bold, italics, links.

const INLINE = /(`{1,3})(.{1,1000}?)\1(?!`)|\*\*(?=\S)(.{1,1000}?)\*\*|\*(?=\S)([^*]{1,1000}?)\*|!?\[([^\]]{1,500})\]\((https?:\/\/[^\s)]{1,2000})\)|\\([\\`*_{}[\]()#+\-.!|<>~])|&(amp|lt|gt|quot|#39|#124);/s;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#124": "|" };
const MAX_NESTING = 6;

function element(name, ...children) {
  const e = document.createElement(name);
  e.append(...children);
  return e;
}

function link(text, url) {
  const a = element("a", text);
  a.href = url;
  a.rel = "noopener noreferrer nofollow";
  a.target = "_blank";
  return a;
}

/** Inline Markdown as a list of nodes. */
function inline(text, depth = 0) {
  const out = [];
  while (text) {
    const m = depth < MAX_NESTING ? INLINE.exec(text) : null;
    if (!m) {
      out.push(document.createTextNode(text));
      break;
    }
    if (m.index) out.push(document.createTextNode(text.slice(0, m.index)));
    if (m[1]) out.push(element("code", m[2].trim()));
    else if (m[3]) out.push(element("strong", ...inline(m[3], depth + 1)));
    else if (m[4]) out.push(element("em", ...inline(m[4], depth + 1)));
    else if (m[5]) out.push(link(m[5], m[6]));
    else out.push(document.createTextNode(m[7] ?? ENTITIES[m[8]]));
    text = text.slice(m.index + m[0].length);
  }
  return out;
}

const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^\s{0,3}>\s?(.*)$/;
const DELIMITER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

function cells(line) {
  return line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "").split(/(?<!\\)\|/).map((c) => c.trim());
}

function table(lines, at) {
  const sides = cells(lines[at + 1]).map((c) => c.endsWith(":") && !c.startsWith(":"));
  const row = (line, kind) => element("tr", ...cells(line).map((c, i) => {
    const cell = element(kind, ...inline(c));
    if (sides[i]) cell.className = "right";
    return cell;
  }));
  const head = element("thead", row(lines[at], "th"));
  const body = element("tbody");
  let i = at + 2;
  for (; i < lines.length && lines[i].includes("|"); i++) body.append(row(lines[i], "td"));
  const box = element("div", element("table", head, body));
  box.className = "table";
  return [box, i];
}

function fence(lines, at) {
  const mark = FENCE.exec(lines[at])[1];
  let i = at + 1;
  const code = [];
  for (; i < lines.length && !lines[i].trim().startsWith(mark); i++) code.push(lines[i]);
  return [element("pre", element("code", code.join("\n"))), i + 1];
}

function list(lines, at, depth) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const out = document.createElement(/\d/.test(mark) ? "ol" : "ul");
  if (/\d/.test(mark) && parseInt(mark, 10) !== 1) out.start = parseInt(mark, 10);
  let i = at;
  while (i < lines.length) {
    const m = ITEM.exec(lines[i]);
    if (!m || m[1].length < indent.length || /\d/.test(m[2]) !== /\d/.test(mark)) break;
    if (m[1].length > indent.length + 1 && out.lastChild && depth < MAX_NESTING) {
      const [inner, next] = list(lines, i, depth + 1);
      out.lastChild.append(inner);
      i = next;
      continue;
    }
    const item = [m[3]];
    for (i++; i < lines.length && lines[i].trim() && /^\s/.test(lines[i]) && !ITEM.test(lines[i]); i++)
      item.push(lines[i].trim());
    out.append(element("li", ...inline(item.join(" "))));
  }
  return [out, i];
}

function quote(lines, at, depth) {
  const inner = [];
  let i = at;
  for (let m; i < lines.length && (m = QUOTE.exec(lines[i])); i++) inner.push(m[1]);
  return [element("blockquote", ...blocks(inner, depth + 1)), i];
}

function starts(lines, i) {
  const line = lines[i];
  return HEADING.test(line) || FENCE.test(line) || ITEM.test(line) || QUOTE.test(line) || RULE.test(line) ||
    (line.includes("|") && i + 1 < lines.length && DELIMITER.test(lines[i + 1]));
}

function paragraph(lines, at) {
  const out = document.createElement("p");
  let i = at;
  do {
    if (i > at) out.append(element("br"));
    out.append(...inline(lines[i].trim()));
    i++;
  } while (i < lines.length && lines[i].trim() && !starts(lines, i));
  return [out, i];
}

function block(lines, i, depth) {
  const line = lines[i];
  const heading = HEADING.exec(line);
  if (FENCE.test(line)) return fence(lines, i);
  if (heading) return [element("h" + Math.min(6, heading[1].length + 2), ...inline(heading[2])), i + 1];
  if (RULE.test(line)) return [element("hr"), i + 1];
  if (depth < MAX_NESTING && QUOTE.test(line)) return quote(lines, i, depth);
  if (ITEM.test(line)) return list(lines, i, depth);
  if (line.includes("|") && i + 1 < lines.length && DELIMITER.test(lines[i + 1])) return table(lines, i);
  return paragraph(lines, i);
}

function blocks(lines, depth) {
  const out = [];
  for (let i = 0; i < lines.length;) {
    if (!lines[i].trim()) {
      i++;
      continue;
    }
    const [node, next] = block(lines, i, depth);
    out.push(node);
    i = next;
  }
  return out;
}

/** Markdown text as a list of nodes. */
export function render(text) {
  return blocks(String(text).replace(/\r\n?/g, "\n").split("\n"), 0);
}
