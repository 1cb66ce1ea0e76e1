// Text of policies and environments: made visible, and put into the page as text only.

const $ = (id) => document.getElementById(id);
const about = JSON.parse($("about").textContent);
const LONG = 20_000; // characters shown at once
const FAINT = new RegExp(
  "[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f" +
  "\\u202a-\\u202e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb]|\\r(?!\\n)|" +
  "[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]", "g");

/** An element with attributes and children; strings become text. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  for (const child of children.flat()) if (child != null && child !== "") node.append(child);
  return node;
}

/** Append text; what a browser would hide (controls, direction marks, lone surrogates) is named. */
function put(node, text) {
  let at = 0;
  for (const found of text.matchAll(FAINT)) {
    if (found.index > at) node.append(text.slice(at, found.index));
    node.append(named(found[0]));
    at = found.index + found[0].length;
  }
  if (at < text.length) node.append(text.slice(at));
  return node;
}

function named(character) {
  const code = character.charCodeAt(0);
  const hex = code.toString(16).toUpperCase().padStart(4, "0");
  const sign = code < 32 ? String.fromCharCode(0x2400 + code) : code === 127 ? "\u2421" : `U+${hex}`;
  return make("span", { class: "ctl", title: `character U+${hex}` }, sign);
}

/** Where the code points `start` to `end` of a Python text lie in a JavaScript one. */
function placed(text, start, end) {
  let units = 0, points = 0, from = -1;
  for (const character of text) {
    if (points === start) from = units;
    if (points === end) return [from, units];
    units += character.length;
    points += 1;
  }
  return points === end ? [from < 0 ? units : from, units] : null;
}

/** A block of text: cut where it is very long, with a button for the rest; `span` is marked. */
function block(text, kind = "", span = null) {
  const pre = make("pre", { class: kind, tabindex: 0 });
  const marked = span && placed(text, span[0], span[1]);
  const fill = (end) => {
    pre.replaceChildren();
    if (!marked || marked[0] >= end) return put(pre, text.slice(0, end));
    put(pre, text.slice(0, marked[0]));
    pre.append(put(make("mark", { title: "the answer that was read" }), text.slice(...marked)));
    return put(pre, text.slice(marked[1], Math.max(end, marked[1])));
  };
  if (text.length <= LONG) return fill(text.length) && pre;
  fill(marked && marked[1] > LONG && marked[0] < LONG * 5 ? marked[1] : LONG);
  const more = make("button", { type: "button", class: "more", onclick: () => { fill(text.length); more.remove(); } },
    `Show all ${number(text.length)} characters`);
  return make("div", {}, pre, more);
}

const number = (value) => value.toLocaleString("en-US");
const brief = (value) => (typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value ?? "–"));

/** A status as sign and word. */
function status(name) {
  const [word, sign] = about.words[name];
  return make("span", { class: `status ${name}` }, make("span", { class: "sign", "aria-hidden": "true" }, sign), ` ${word}`);
}

/** Bytes of base64. */
function bytes(base64) {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) out[i] = text.charCodeAt(i);
  return out;
}

/** UTF-8 in which lone surrogates may stand, as assay stores some texts. */
function wide(data) {
  const parts = [];
  for (let i = 0; i < data.length;) {
    const b = data[i];
    const n = b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
    let code = n === 1 ? b : b & (0x7f >> n);
    for (let k = 1; k < n; k += 1) code = (code << 6) | (data[i + k] & 0x3f);
    parts.push(String.fromCodePoint(code));
    i += n;
  }
  return parts.join("");
}

/** JSON from base64 of gzip. */
async function unpacked(base64) {
  const stream = new Blob([bytes(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// ---- stored values -------------------------------------------------------------------------

const TYPES = {
  u1: ["getUint8", 1], i1: ["getInt8", 1], b1: ["getUint8", 1], u2: ["getUint16", 2], i2: ["getInt16", 2],
  u4: ["getUint32", 4], i4: ["getInt32", 4], u8: ["getBigUint64", 8], i8: ["getBigInt64", 8],
  f4: ["getFloat32", 4], f8: ["getFloat64", 8],
};

/** The numbers of a stored array, at most `limit`; null for kinds that have no number here. */
function numbers(kind, data, limit) {
  const type = TYPES[kind.slice(1)];
  if (!type) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const out = [];
  for (let i = 0; i + type[1] <= data.length && out.length < limit; i += type[1]) {
    out.push(view[type[0]](i, kind[0] !== ">"));
  }
  return out;
}

/** A stored value as text, or null where it is a picture. `blobs` gives {text} or {base64}. */
function said(value, blobs) {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => said(item, blobs) ?? "picture").join(", ")}]`;
  const mark = Object.keys(value)[0] ?? "";
  switch (mark) {
    case "$text": return wide(bytes(value.$text));
    case "$long": return blobs[value.$long].text;
    case "$float": return value.$float;
    case "$int": return BigInt(value.$int.replace("-", "")).toString().replace(/^/, value.$int.startsWith("-") ? "-" : "");
    case "$bytes": return `bytes ${value.$bytes}`;
    case "$tuple": return `(${value.$tuple.map((item) => said(item, blobs) ?? "picture").join(", ")})`;
    case "$dict": return value.$dict.map(([k, v]) => `${said(k, blobs)}: ${said(v, blobs) ?? "picture"}`).join("\n");
    case "$scalar": return brief(numbers(value.$scalar, bytes(value.data), 1)?.[0]);
    case "$array": return picture(value) ? null : listed(value, blobs);
    case "$repr": return value.$repr;
    default: return Object.entries(value).map(([k, v]) => `${k}: ${said(v, blobs) ?? "picture"}`).join("\n");
  }
}

const raw = (value, blobs) => bytes(value.data ?? blobs[value.blob].base64);
const picture = (value) =>
  value.$array === "|u1" && value.shape.length === 3 && [1, 3, 4].includes(value.shape[2]) && value.shape[0] > 1;

function listed(value, blobs) {
  const found = numbers(value.$array, raw(value, blobs), 400);
  const size = `${value.shape.join("×")} ${value.$array}`;
  if (!found) return `array ${size}`;
  const total = value.shape.reduce((a, b) => a * b, 1);
  return `${found.map((n) => brief(typeof n === "bigint" ? n.toString() : n)).join("  ")}${total > found.length ? " …" : ""}\n(array ${size})`;
}

/** A stored value as an element. */
function shown(value, blobs, kind = "", span = null) {
  if (value && typeof value === "object" && value.$array && picture(value)) return canvas(value, blobs);
  if (value && typeof value === "object" && !Array.isArray(value) && !Object.keys(value)[0]?.startsWith("$")) {
    const parts = Object.entries(value).filter(([, v]) => v && v.$array && picture(v));
    if (parts.length) {
      const rest = Object.fromEntries(Object.entries(value).filter(([, v]) => !(v && v.$array && picture(v))));
      return make("div", {}, parts.map(([, v]) => canvas(v, blobs)), Object.keys(rest).length ? block(said(rest, blobs), kind) : null);
    }
  }
  return block(said(value, blobs), kind, typeof value === "string" || value?.$text || value?.$long ? span : null);
}

function canvas(value, blobs) {
  const [height, width, depth] = value.shape;
  const data = raw(value, blobs);
  const node = make("canvas", { width, height, role: "img", "aria-label": `observation, a picture of ${width} by ${height}` });
  node.style.width = `${Math.max(width, Math.min(320, width * 8))}px`;
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) image.data[4 * i + c] = data[i * depth + (depth === 1 ? 0 : c)];
    image.data[4 * i + 3] = depth === 4 ? data[4 * i + 3] : 255;
  }
  node.getContext("2d").putImageData(image, 0, 0);
  return node;
}
