// The page: who you are, where you look, what you do. The server tells when something changed; then all is asked anew.

import { blocks } from "./blocks.js";
import { make } from "./dom.js";
import { confirmed, showModals } from "./modals.js";
import { mrkdwn } from "./mrkdwn.js";

const at = (id) => document.getElementById(id);
const look = { user: "", channel: "", tab: "messages", thread: null };
const read = new Map(); // by person and channel: the last message that was on the screen
let seen = null;
let drawn = {};

// Talking to the server

async function ask(path, options) {
  const answer = await fetch(`/_sandbox/${path}`, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

const act = {
  async post(action, body) {
    try {
      const { result } = await ask(`do/${action}`, { method: "POST", body: JSON.stringify({ user: look.user, ...body }) });
      if (result && result.is_acked === false) notice(`The app did not answer (${result.error}).`);
      return result;
    } catch (problem) {
      notice(problem.message);
      return null;
    }
  },
  async busy(origin, work) {
    origin?.classList.add("busy");
    if (origin && "disabled" in origin) origin.disabled = true;
    try {
      return await work();
    } finally {
      origin?.classList.remove("busy");
      if (origin && "disabled" in origin) origin.disabled = false;
    }
  },
};

let hideNotice = 0;

function notice(words) {
  at("notice").textContent = words;
  at("notice").hidden = false;
  clearTimeout(hideNotice);
  hideNotice = setTimeout(() => { at("notice").hidden = true; }, 6000);
}

let asking = false;
let askAgain = false;

async function refresh() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  try {
    const { user, channel } = look;
    const picture = await ask(`picture?${new URLSearchParams({ user, channel })}`);
    if (look.user === user && look.channel === channel) {
      seen = picture;
      look.user = seen.me.id;
      look.channel = seen.channel.id;
      draw();
    } else {
      // Meanwhile somebody looks elsewhere: this answer is to an old question.
      askAgain = true;
    }
  } catch (problem) {
    notice(problem.message);
  } finally {
    asking = false;
    if (askAgain) {
      askAgain = false;
      refresh();
    }
  }
}

// Drawing

// A part is drawn anew only when what it shows has changed: a menu that is open stays open.
function changed(part, ...content) {
  const key = JSON.stringify(content);
  if (drawn[part] === key) return false;
  drawn[part] = key;
  return true;
}

function context() {
  return { names: seen.names, people: seen.people, tz: seen.me.tz };
}

function draw() {
  at("workspace").textContent = seen.workspace;
  const connections = seen.app.connections;
  at("connection").textContent = connections ? `${seen.app.name} is connected` : `${seen.app.name} is not connected`;
  at("connection").classList.toggle("on", connections > 0);
  if (changed("people", seen.people, seen.me)) {
    at("people").replaceChildren(...seen.people.map((one) => make("option", { value: one.id, selected: one.id === seen.me.id }, `${one.real_name}${one.kind === "member" ? "" : ` (${one.kind.replaceAll("_", " ")})`}`)));
  }
  const last = seen.channel.latest;
  read.set(`${look.user} ${look.channel}`, last);
  drawPlaces();
  const isHome = seen.channel.is_app && look.tab === "home";
  at("title").textContent = `${seen.channel.kind === "im" ? "" : mark(seen.channel)}${seen.channel.name}`;
  drawTabs(isHome);
  at("messages").hidden = isHome;
  at("composer").hidden = isHome;
  at("home").hidden = !isHome;
  at("composer").elements.text.placeholder = seen.channel.is_app ? `Message ${seen.channel.name}, or ${seen.commands[0]} …` : `Message ${mark(seen.channel)}${seen.channel.name}`;
  if (isHome) drawHome();
  else drawMessages();
  drawThread();
  if (changed("shortcuts", seen.shortcuts)) at("shortcuts").replaceChildren(...shortcuts(false, {}));
  showModals(seen.modals, context(), act);
}

function mark(channel) {
  if (channel.kind === "im") return "";
  return channel.kind === "mpim" ? "" : "# ";
}

function drawPlaces() {
  if (!changed("places", seen.channels, look, [...read])) return;
  const row = (channel) => {
    const isNew = channel.id !== look.channel && channel.latest > (read.get(`${look.user} ${channel.id}`) ?? "");
    return make("button", {
      type: "button",
      class: `place${channel.id === look.channel ? " current" : ""}${isNew ? " new" : ""}`,
      "aria-current": channel.id === look.channel ? "page" : null,
      onclick: () => go(channel),
    }, `${mark(channel)}${channel.name}`, channel.is_shared ? make("small", {}, " shared") : null, channel.kind === "group" ? make("small", {}, " private") : null, channel.is_app ? make("small", {}, " app") : null);
  };
  const direct = seen.channels.filter((one) => one.kind === "im" || one.kind === "mpim");
  const rooms = seen.channels.filter((one) => !direct.includes(one));
  direct.sort((a, b) => Number(b.is_app) - Number(a.is_app));
  at("places").replaceChildren(make("h3", {}, "Direct messages"), ...direct.map(row), make("h3", {}, "Channels"), ...rooms.map(row));
}

function drawTabs(isHome) {
  if (!changed("tabs", seen.channel.is_app, look.tab)) return;
  const tab = (name, label, isCurrent) => make("button", { type: "button", role: "tab", class: isCurrent ? "current" : "", "aria-selected": String(isCurrent), onclick: () => openTab(name) }, label);
  at("tabs").replaceChildren(...(seen.channel.is_app ? [tab("messages", "Messages", !isHome), tab("home", "Home", isHome)] : []));
}

function drawHome() {
  if (!changed("home", seen.home, look.user)) return;
  const home = seen.home;
  if (!home) {
    at("home").replaceChildren(make("p", { class: "empty" }, "The app has not shown you anything here yet."));
    return;
  }
  const place = {
    confirmed,
    field: () => {},
    value: () => undefined,
    press: (block, spec, value, origin) => act.busy(origin, () => act.post("press", { message_ts: null, action_id: spec.action_id, block_id: block.block_id, view_id: home.id, value })),
  };
  at("home").replaceChildren(...blocks(home.content.blocks, place, context()));
}

function drawMessages() {
  const top = seen.messages.filter((one) => !one.thread_ts || one.thread_ts === one.ts);
  const counts = {};
  for (const one of seen.messages) if (one.thread_ts && one.thread_ts !== one.ts) counts[one.thread_ts] = (counts[one.thread_ts] ?? 0) + 1;
  if (!changed("messages", top, counts, look)) return;
  const list = at("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80 || drawn.channel !== look.channel;
  drawn.channel = look.channel;
  list.replaceChildren(...(top.length ? top.map((one) => message(one, counts[one.ts] ?? 0)) : [make("p", { class: "empty" }, "Nothing has been said here yet.")]));
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function drawThread() {
  at("thread").hidden = look.thread === null;
  if (look.thread === null) return;
  const thread = seen.messages.filter((one) => one.ts === look.thread || one.thread_ts === look.thread);
  if (!changed("thread", thread, look)) return;
  at("replies").replaceChildren(...thread.map((one) => message(one, 0)));
  at("replies").scrollTop = at("replies").scrollHeight;
}

function message(one, replies) {
  const place = {
    confirmed,
    field: () => {},
    value: () => undefined,
    press: (block, spec, value, origin) => act.busy(origin, () => act.post("press", { message_ts: one.ts, action_id: spec.action_id, block_id: block.block_id, channel: look.channel, value })),
  };
  const time = new Date(Number(one.ts) * 1000).toLocaleTimeString("en-GB", { timeZone: seen.me.tz, hour: "2-digit", minute: "2-digit" });
  const isMine = one.user === look.user && !one.is_ephemeral;
  return make("article", { class: `message${one.is_ephemeral ? " ephemeral" : ""}`, "data-ts": one.ts },
    make("div", { class: `avatar${one.is_app ? " app" : ""}`, "aria-hidden": "true" }, one.is_app ? "☁" : one.name.slice(0, 1)),
    make("div", { class: "content" },
      one.is_ephemeral ? make("small", { class: "only" }, "Only visible to you") : null,
      make("div", { class: "writer" }, make("strong", {}, one.name), one.is_app ? make("span", { class: "badge" }, "APP") : null, make("time", {}, time)),
      ...(one.blocks.length ? blocks(one.blocks, place, context()) : [make("div", { class: "text block" }, ...mrkdwn(one.text, context()))]),
      ...one.files.map((file) => make("div", { class: "file" }, `${file.title} (${file.size} bytes)`)),
      one.is_edited && !one.blocks.length ? make("small", { class: "edited" }, "(edited)") : null,
      Object.keys(one.reactions).length ? make("div", { class: "reactions" }, ...Object.entries(one.reactions).map(([name, count]) => make("span", {}, ...mrkdwn(`:${name}: ${count}`, context())))) : null,
      make("div", { class: "tools" },
        replies ? make("button", { type: "button", class: "replies", onclick: () => openThread(one) }, `${replies} ${replies === 1 ? "reply" : "replies"}`) : null,
        make("span", { class: "quietly" },
          one.is_ephemeral || look.thread === one.ts ? null : make("button", { type: "button", class: "quiet", onclick: () => openThread(one) }, "Reply in thread"),
          ...(one.is_ephemeral ? [] : shortcuts(true, { channel: look.channel, message_ts: one.ts })),
          isMine ? make("button", { type: "button", class: "quiet", onclick: () => edit(one) }, "Edit") : null,
          isMine ? make("button", { type: "button", class: "quiet", onclick: () => act.post("delete_message", { channel: look.channel, ts: one.ts }) }, "Delete") : null))));
}

function shortcuts(isOfMessage, more) {
  return seen.shortcuts
    .filter((one) => one.is_of_message === isOfMessage)
    .map((one) => make("button", { type: "button", class: "quiet", onclick: (event) => act.busy(event.currentTarget, () => act.post("shortcut", { callback_id: one.callback_id, ...more })) }, one.name));
}

// Doing

function go(channel) {
  Object.assign(look, { channel: channel.id, tab: "messages", thread: null });
  if (channel.is_app) act.post("open_home", { tab: "messages" });
  refresh();
  at("composer").elements.text.focus();
}

function openTab(name) {
  look.tab = name;
  if (name === "home") act.post("open_home", {});
  refresh();
}

function openThread(one) {
  look.thread = one.thread_ts ?? one.ts;
  draw();
  at("thread-composer").elements.text.focus();
}

function edit(one) {
  const box = at("composer").elements.text;
  const plain = document.createElement("textarea");
  plain.append(...mrkdwn(one.text, context()));
  box.value = plain.textContent;
  box.dataset.editing = one.ts;
  box.focus();
}

async function send(box, thread) {
  const words = box.value.trim();
  if (!words) return;
  box.value = "";
  grow(box);
  const command = words.split(/\s/, 1)[0];
  if (box.dataset.editing) {
    const ts = box.dataset.editing;
    delete box.dataset.editing;
    await act.post("edit", { channel: look.channel, ts, text: words });
  } else if (command.startsWith("/") && thread) {
    notice("Commands do not work in threads.");
  } else if (command.startsWith("/") && !seen.commands.includes(command)) {
    notice(`${command} is not a valid command.`);
  } else if (command.startsWith("/")) {
    await act.post("slash", { channel: look.channel, command, text: words.slice(command.length).trim() });
  } else {
    await act.post("say", { channel: look.channel, text: words, thread_ts: thread });
  }
}

function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
}

for (const [name, thread] of [["composer", () => null], ["thread-composer", () => look.thread]]) {
  const form = at(name);
  const box = form.elements.text;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(box, thread());
  });
  box.addEventListener("input", () => grow(box));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send(box, thread());
    }
    if (event.key === "Escape") delete box.dataset.editing;
  });
}

at("people").addEventListener("change", () => {
  Object.assign(look, { user: at("people").value, channel: "", tab: "messages", thread: null });
  refresh();
});
at("close-thread").addEventListener("click", () => {
  look.thread = null;
  draw();
});

const stream = new EventSource("/_sandbox/stream");
stream.onmessage = refresh;
stream.onerror = () => {
  at("connection").textContent = "The server does not answer.";
  at("connection").classList.remove("on");
};
refresh();
