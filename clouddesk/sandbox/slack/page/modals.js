// Modals on top of each other, and the question that a button may ask first.

import { blocks, text } from "./blocks.js";
import { make } from "./dom.js";

const dialogs = document.getElementById("dialogs");
const open = new Map(); // by view id: what is on the screen

export function showModals(views, context, act) {
  for (const [id, shown] of open) {
    if (!views.some((view) => view.id === id)) {
      shown.node.remove();
      open.delete(id);
    }
  }
  views.forEach((view, index) => {
    const before = open.get(view.id);
    if (!before || before.hash !== view.hash) {
      const shown = modal(view, context, act);
      if (before) before.node.replaceWith(shown.node);
      else dialogs.append(shown.node);
      open.set(view.id, shown);
      shown.node.querySelector("[autofocus], .input input, .input textarea")?.focus();
    }
    const shown = open.get(view.id);
    shown.node.hidden = index !== views.length - 1;
    shown.node.querySelectorAll("[data-error]").forEach((place) => {
      place.textContent = view.errors[place.dataset.error] ?? "";
    });
    shown.trouble.textContent = view.errors[""] ?? "";
  });
}

function modal(view, context, act) {
  const { content } = view;
  const fields = [];
  const values = () => Object.fromEntries(fields.map(({ key, read }) => [key, read()]));
  const place = {
    confirmed,
    field: (block, spec, read) => fields.push({ key: `${block.block_id}.${spec.action_id}`, read }),
    value: (block, spec) => view.values[block.block_id]?.[spec.action_id] ?? undefined,
    press: (block, spec, value, origin) => act.busy(origin, async () => {
      await act.post("fill", { view_id: view.id, values: values() });
      await act.post("press", { message_ts: null, action_id: spec.action_id, block_id: block.block_id, view_id: view.id, value });
    }),
  };
  const close = () => act.post("close_view", { view_id: view.id });
  const trouble = make("p", { class: "error", role: "alert" });
  const submit = content.submit ? make("button", { type: "submit", class: "button primary" }, ...text(content.submit, context)) : null;
  const form = make("form", {
    class: "modal",
    role: "dialog",
    "aria-modal": "true",
    "aria-label": content.title.text,
    onsubmit: (event) => {
      event.preventDefault();
      if (submit) act.busy(submit, () => act.post("submit", { view_id: view.id, values: values() }));
    },
    onkeydown: (event) => {
      if (event.key === "Escape") close();
    },
  },
    make("header", {}, make("h2", {}, ...text(content.title, context)), make("button", { type: "button", "aria-label": "Close", onclick: close }, "×")),
    make("div", { class: "body" }, ...blocks(content.blocks, place, context)),
    make("footer", {}, trouble, make("button", { type: "button", class: "button", onclick: close }, content.close?.text ?? "Cancel"), submit));
  return { node: make("div", { class: "veil" }, form), hash: view.hash, trouble };
}

// True at once when there is nothing to ask.
export function confirmed(question) {
  if (!question) return Promise.resolve(true);
  return new Promise((resolve) => {
    const answer = (value) => () => {
      veil.remove();
      resolve(value);
    };
    const context = { names: {}, people: [] };
    const veil = make("div", { class: "veil" },
      make("div", { class: "modal confirm", role: "alertdialog", "aria-modal": "true", "aria-label": question.title.text },
        make("header", {}, make("h2", {}, ...text(question.title, context))),
        make("div", { class: "body" }, make("div", { class: "text" }, ...text(question.text, context))),
        make("footer", {},
          make("button", { type: "button", class: "button", onclick: answer(false) }, question.deny.text),
          make("button", { type: "button", class: `button ${question.style ?? "primary"}`, onclick: answer(true) }, question.confirm.text))));
    dialogs.append(veil);
    veil.querySelector("footer button").focus();
  });
}
