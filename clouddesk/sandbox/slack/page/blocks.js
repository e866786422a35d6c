// Block Kit as elements. `place` says what a press or a choice does and where values are kept.

import { link, make } from "./dom.js";
import { mrkdwn, plain } from "./mrkdwn.js";

export function text(object, context) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text, context) : plain(object.text);
}

export function blocks(list, place, context) {
  return list.map((block) => {
    const element = (RENDER[block.type] ?? unknown)(block, place, context);
    element.classList.add("block");
    return element;
  });
}

const RENDER = {
  section: (block, place, context) =>
    make("div", { class: "section" },
      make("div", { class: "words" },
        block.text ? make("div", { class: "text" }, ...text(block.text, context)) : null,
        block.fields ? make("div", { class: "fields" }, ...block.fields.map((field) => make("div", { class: "text" }, ...text(field, context)))) : null),
      block.accessory ? element(block, block.accessory, place, context) : null),
  actions: (block, place, context) => make("div", { class: "actions" }, ...block.elements.map((one) => element(block, one, place, context))),
  context: (block, _place, context) =>
    make("div", { class: "context" }, ...block.elements.map((one) => (one.type === "image" ? image(one) : make("span", { class: "text" }, ...text(one, context))))),
  header: (block, _place, context) => make("h3", {}, ...text(block.text, context)),
  divider: () => make("hr"),
  image: (block, _place, context) => make("figure", {}, block.title ? make("figcaption", {}, ...text(block.title, context)) : null, image(block)),
  markdown: (block) => make("div", { class: "text" }, block.text),
  input: (block, place, context) => {
    const error = make("p", { class: "error", "data-error": block.block_id, role: "alert" });
    const label = make("span", { class: "label" }, ...text(block.label, context), block.optional ? make("small", {}, " (optional)") : null);
    const hint = block.hint ? make("small", { class: "hint" }, ...text(block.hint, context)) : null;
    return make("div", { class: "input" }, make("label", {}, label, element(block, block.element, place, context)), error, hint);
  },
  rich_text: (block, _place, context) => make("div", { class: "text" }, ...rich(block.elements, context)),
  table: (block) => make("table", {}, ...block.rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell.text ?? ""))))),
};

function unknown(block) {
  return make("div", { class: "unknown" }, `[${block.type}]`);
}

function image(object) {
  // The page fetches nothing from elsewhere, so a picture is shown by its words.
  return make("span", { class: "picture" }, "Picture: ", object.image_url ? link(object.image_url, object.alt_text || "picture") : object.alt_text);
}

function rich(elements, context) {
  return elements.flatMap((one) => {
    if (one.type === "text") return [document.createTextNode(one.text)];
    if (one.type === "link") return [link(one.url, one.text ?? one.url)];
    if (one.type === "user") return [make("span", { class: "mention" }, `@${context.names[one.user_id] ?? one.user_id}`)];
    if (one.type === "rich_text_list") return [make("ul", {}, ...one.elements.map((item) => make("li", {}, ...rich(item.elements, context))))];
    if (one.type === "rich_text_preformatted") return [make("pre", {}, ...rich(one.elements, context))];
    if (one.type === "rich_text_quote") return [make("blockquote", {}, ...rich(one.elements, context))];
    return one.elements ? rich(one.elements, context) : [];
  });
}

// Elements

export function element(block, spec, place, context) {
  const isField = block.type === "input";
  const choose = async (value, origin) => {
    if (isField && !block.dispatch_action) return;
    if (await place.confirmed(spec.confirm)) await place.press(block, spec, value, origin);
  };
  const initial = place.value(block, spec);
  const made = (ELEMENTS[spec.type] ?? unsupported)(spec, { choose, context, initial });
  if (isField && made.read) place.field(block, spec, made.read);
  const node = made.node ?? made;
  node.dataset.action = spec.action_id ?? "";
  return node;
}

function unsupported(spec) {
  return make("span", { class: "unknown" }, `[${spec.type}]`);
}

const ELEMENTS = {
  button: (spec, { choose, context }) =>
    make("button", {
      type: "button",
      class: `button ${spec.style ?? ""}`,
      "aria-label": spec.accessibility_label,
      onclick: (event) => {
        if (spec.url && /^https?:\/\//i.test(spec.url)) window.open(spec.url, "_blank", "noopener,noreferrer");
        choose(undefined, event.currentTarget);
      },
    }, ...text(spec.text, context)),
  overflow: (spec, { choose }) => {
    const menu = make("select", { class: "overflow", "aria-label": "More actions", onchange: () => { const value = menu.value; menu.value = ""; choose(value, menu); } },
      make("option", { value: "" }, "⋯"), ...options(spec));
    return menu;
  },
  static_select: select,
  users_select: (spec, tools) => select({ ...spec, options: people(tools.context) }, tools),
  multi_static_select: many,
  multi_users_select: (spec, tools) => many({ ...spec, options: people(tools.context) }, tools),
  checkboxes: (spec, tools) => boxes(spec, tools, "checkbox"),
  radio_buttons: (spec, tools) => boxes(spec, tools, "radio"),
  datepicker: (spec, tools) => entry(spec, tools, "date"),
  timepicker: (spec, tools) => entry(spec, tools, "time"),
  plain_text_input: (spec, tools) => entry(spec, tools, spec.multiline ? "textarea" : "text"),
  email_text_input: (spec, tools) => entry(spec, tools, "email"),
  url_text_input: (spec, tools) => entry(spec, tools, "url"),
  number_input: (spec, tools) => entry(spec, tools, "number"),
  image: (spec) => image(spec),
};

function people(context) {
  return context.people.map((person) => ({ text: { text: person.real_name }, value: person.id }));
}

function option(one) {
  return make("option", { value: one.value }, one.text.text);
}

function options(spec) {
  if (!spec.option_groups) return (spec.options ?? []).map(option);
  return spec.option_groups.map((group) => make("optgroup", { label: group.label.text }, ...group.options.map(option)));
}

function select(spec, { choose, initial }) {
  const shown = make("select", { onchange: () => choose(shown.value || null, shown) },
    make("option", { value: "" }, spec.placeholder?.text ?? "Select…"), ...options(spec));
  shown.value = initial ?? spec.initial_option?.value ?? spec.initial_user ?? "";
  return { node: shown, read: () => shown.value || null };
}

function many(spec, { choose, initial }) {
  const read = () => [...shown.selectedOptions].map((one) => one.value);
  const shown = make("select", { multiple: true, onchange: () => choose(read(), shown) }, ...options(spec));
  const chosen = initial ?? spec.initial_options?.map((one) => one.value) ?? spec.initial_users ?? [];
  for (const one of shown.options) one.selected = chosen.includes(one.value);
  return { node: shown, read };
}

let groups = 0;

function boxes(spec, { choose, context, initial }, type) {
  const name = `group-${(groups += 1)}`;
  const single = type === "radio";
  const start = initial ?? (single ? spec.initial_option?.value : spec.initial_options?.map((one) => one.value)) ?? [];
  const chosen = Array.isArray(start) ? start : [start];
  const inputs = spec.options.map((one) => make("input", { type, name, value: one.value, checked: chosen.includes(one.value), onchange: () => choose(read(), node) }));
  const read = () => {
    const values = inputs.filter((one) => one.checked).map((one) => one.value);
    return single ? values[0] ?? null : values;
  };
  const rows = spec.options.map((one, index) =>
    make("label", { class: "choice" }, inputs[index], make("span", {}, ...text(one.text, context), one.description ? make("small", {}, one.description.text) : null)));
  const node = make("div", { class: "choices" }, ...rows);
  return { node, read };
}

function entry(spec, { choose, initial }, type) {
  const tag = type === "textarea" ? "textarea" : "input";
  const attributes = { placeholder: spec.placeholder?.text, autocomplete: "off", spellcheck: "false", onchange: () => choose(read(), shown) };
  if (tag === "input") attributes.type = type === "email" || type === "url" || type === "number" ? "text" : type;
  else attributes.rows = 4;
  if (spec.focus_on_load) attributes.autofocus = true;
  const shown = make(tag, attributes);
  shown.value = initial ?? spec.initial_value ?? spec.initial_date ?? spec.initial_time ?? "";
  const read = () => shown.value || null;
  return { node: shown, read };
}
