/** The page's elements, and figures in them. */

/** The element with this id, which the page has. */
export function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`expected an element with the id ${id} in the page`);
  return found as Element as T;
}

/** A new element with text or children in it. */
export function element<K extends keyof HTMLElementTagNameMap>(tag: K, properties: { class?: string; text?: string } = {}, ...children: Node[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (properties.class) made.className = properties.class;
  if (properties.text !== undefined) made.textContent = properties.text;
  made.append(...children);
  return made;
}

/** A row of a table; numbers are figures and stand at the right. */
export function row(...cells: (string | { figure: string } | Node)[]): HTMLTableRowElement {
  return element(
    "tr",
    {},
    ...cells.map((cell) => {
      if (typeof cell === "string") return element("td", { text: cell });
      return cell instanceof Node ? element("td", {}, cell) : element("td", { class: "number", text: cell.figure });
    }),
  );
}

/** Fills a list of figures. */
export function figures(list: Element, entries: readonly (readonly [name: string, figure: string])[]): void {
  list.replaceChildren(...entries.map(([name, figure]) => element("div", {}, element("dt", { text: name }), element("dd", { text: figure }))));
}

/** Shows what went wrong, or hides the place for it. */
export function tell(place: HTMLElement, error: unknown): void {
  place.hidden = error === undefined;
  if (error !== undefined) place.replaceChildren(element("strong", { text: error instanceof Error ? error.message : String(error) }));
}
