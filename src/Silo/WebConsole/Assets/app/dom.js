// Elements without a framework. Text always goes in as text: what users wrote can never become markup.

/**
 * Builds an element. Names that begin with "on" are listeners, "value" is the property, the rest are attributes; null, undefined and false are left out.
 */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  fill(element, children);
  return element;
}

/** Builds an element of a drawing. */
export function s(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, String(value));
  fill(element, children);
  return element;
}

/** Puts children in the place of those that are there; arrays are flattened, null and false are left out. */
export function replace(element, ...children) {
  element.replaceChildren();
  fill(element, children);
  return element;
}

/** Ids that tie labels to fields. */
let lastId = 0;
export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

function fill(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === '') continue;
    element.append(child instanceof Node ? child : String(child));
  }
}
