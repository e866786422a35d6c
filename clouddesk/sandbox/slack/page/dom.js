// Makes elements. Text only ever becomes text nodes: nothing that somebody typed is read as HTML.

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function link(address, label) {
  // Slack opens web addresses and mails, and nothing else.
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return document.createTextNode(label);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}
