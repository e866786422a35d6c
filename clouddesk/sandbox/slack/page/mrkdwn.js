// Slack's mrkdwn and plain texts as nodes.

import { link, make } from "./dom.js";

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", warning: "⚠️", x: "❌", hourglass: "⌛", hourglass_flowing_sand: "⏳",
  rocket: "🚀", cloud: "☁️", computer: "💻", key: "🔑", lock: "🔒", moneybag: "💰", money_with_wings: "💸", bell: "🔔",
  information_source: "ℹ️", question: "❓", eyes: "👀", wave: "👋", tada: "🎉", clock1: "🕐", alarm_clock: "⏰",
  large_green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠", red_circle: "🔴", white_circle: "⚪",
  large_blue_circle: "🔵", black_circle: "⚫", gear: "⚙️", wrench: "🔧", no_entry: "⛔", bulb: "💡", calendar: "📆",
  thumbsup: "👍", "+1": "👍", arrow_right: "➡️", wastebasket: "🗑️", globe_with_meridians: "🌐", zzz: "💤", stop_sign: "🛑",
};
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const TOKEN = /`([^`\n]+)`|<([^<>\n]+)>|:([a-z0-9_+-]+):/g;
const STYLES = [[/\*([^*\n]+)\*/, "strong"], [/_([^_\n]+)_/, "em"], [/~([^~\n]+)~/, "del"]];

export function plain(text) {
  return [document.createTextNode(withEmoji(text))];
}

export function mrkdwn(text, context) {
  // Blocks of code come first: nothing in them is markup. A line break beside one is the block's own.
  return text.split(/\n?```\n?([\s\S]+?)\n?```\n?/).flatMap((part, index) => {
    if (index % 2) return [make("pre", {}, unescaped(part))];
    return part ? paragraphs(part, context) : [];
  });
}

function paragraphs(text, context) {
  const parts = [];
  for (const line of text.split("\n")) {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line);
    const last = parts[parts.length - 1];
    if (last && last.isQuote === Boolean(quote)) last.lines.push(quote ? quote[1] : line);
    else parts.push({ isQuote: Boolean(quote), lines: [quote ? quote[1] : line] });
  }
  return parts.flatMap(({ isQuote, lines }) => {
    const nodes = inline(lines.join("\n"), context);
    return isQuote ? [make("blockquote", {}, ...nodes)] : nodes;
  });
}

function inline(text, context) {
  const nodes = [];
  let last = 0;
  // What is code or a link is taken out first: stars in it are not bold.
  const kept = [];
  let bare = "";
  for (const found of text.matchAll(TOKEN)) {
    bare += text.slice(last, found.index);
    last = found.index + found[0].length;
    const node = token(found, context);
    if (node === null) bare += found[0];
    else {
      kept.push(node);
      bare += `\u0000${kept.length - 1}\u0000`;
    }
  }
  bare += text.slice(last);
  nodes.push(...styled(bare, kept));
  return nodes;
}

function token(found, context) {
  if (found[1] !== undefined) return make("code", {}, unescaped(found[1]));
  if (found[2] !== undefined) return reference(found[2], context);
  return EMOJI[found[3]] ? document.createTextNode(EMOJI[found[3]]) : null;
}

function reference(inner, context) {
  const [target, label] = inner.split("|");
  if (target.startsWith("@")) return make("span", { class: "mention" }, `@${context.names[target.slice(1)] ?? label ?? target.slice(1)}`);
  if (target.startsWith("#")) return make("span", { class: "mention" }, `#${label ?? target.slice(1)}`);
  if (target.startsWith("!date^")) return document.createTextNode(dated(target, label, context.tz));
  if (target.startsWith("!")) return make("span", { class: "mention broadcast" }, `@${label ?? target.slice(1)}`);
  return link(unescaped(target), unescaped(label ?? target));
}

function dated(target, label, timeZone) {
  const [, seconds, format] = target.split("^");
  const moment = new Date(Number(seconds) * 1000);
  if (!format || Number.isNaN(moment.getTime())) return label ?? target;
  const say = (options) => moment.toLocaleString("en-US", { timeZone, ...options });
  const long = { year: "numeric", month: "long", day: "numeric" };
  const words = {
    date_num: { year: "numeric", month: "2-digit", day: "2-digit" }, date: long, date_pretty: long,
    date_short: { ...long, month: "short" }, date_short_pretty: { ...long, month: "short" },
    date_long: { ...long, weekday: "long" }, date_long_pretty: { ...long, weekday: "long" },
    time: { hour: "numeric", minute: "2-digit" }, time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => (words[name] ? say(words[name]) : whole));
}

function styled(text, kept) {
  for (const [pattern, name] of STYLES) {
    const found = pattern.exec(text);
    if (found && isAlone(text, found)) {
      const before = text.slice(0, found.index);
      const after = text.slice(found.index + found[0].length);
      return [...styled(before, kept), make(name, {}, ...styled(found[1], kept)), ...styled(after, kept)];
    }
  }
  return text.split(/\u0000(\d+)\u0000/).map((part, index) => (index % 2 ? kept[Number(part)] : document.createTextNode(unescaped(part))));
}

function isAlone(text, found) {
  // As Slack: a mark inside a word is no mark.
  const before = text[found.index - 1];
  const after = text[found.index + found[0].length];
  return !(before && /\w/.test(before)) && !(after && /\w/.test(after));
}

function unescaped(text) {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}

function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}
