/** The editor: CodeMirror with Lua, in colours of the stylesheet. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { lua } from "@codemirror/legacy-modes/mode/lua";
import { Prec, StateEffect, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, type DecorationSet } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const mark = StateEffect.define<number | undefined>();
const failed = Decoration.line({ class: "cm-failed", attributes: { "aria-invalid": "true" } });

/** The line that an error names; gone as soon as the text changes. */
const failedLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(lines, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(mark)) continue;
      const { doc } = transaction.state;
      const line = effect.value;
      return line === undefined || line < 1 || line > doc.lines ? Decoration.none : Decoration.set(failed.range(doc.line(line).from));
    }
    return transaction.docChanged ? Decoration.none : lines;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--sunken)", fontSize: "0.9rem", maxHeight: "min(60vh, 460px)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "10px 0", minHeight: "240px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--muted)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--line) 40%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--selection)" },
  ".cm-matchingBracket": { backgroundColor: "var(--selection)" },
  ".cm-failed, &.cm-focused .cm-failed": { backgroundColor: "var(--bad-ground)", boxShadow: "inset 3px 0 var(--bad)" },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.standard(tags.variableName), tags.atom, tags.bool], color: "var(--code-builtin)" },
]);

export interface Editor {
  text: string;
  /** Marks a line (from 1) and brings it into view; undefined: none. */
  mark(line: number | undefined): void;
}

/** Puts an editor into `place`. `run` is asked by Ctrl-Enter; `changed` hears of each change of the text. */
export function createEditor(place: HTMLElement, text: string, run: () => void, changed: (text: string) => void): Editor {
  // A shadow root takes styles as objects, so that no inline style needs the page's policy to allow it.
  const root = place.attachShadow({ mode: "open" });
  const view = new EditorView({
    doc: text,
    parent: root,
    root,
    extensions: [
      // Before the default keys, where Ctrl-Enter is a new line.
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }])),
      keymap.of([...historyKeymap, ...defaultKeymap]),
      history(),
      drawSelection(),
      lineNumbers(),
      highlightActiveLine(),
      bracketMatching(),
      indentOnInput(),
      StreamLanguage.define(lua),
      syntaxHighlighting(colours),
      theme,
      failedLine,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": "Lua program", spellcheck: "false", autocapitalize: "off" }),
      EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
    ],
  });
  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(next: string) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    mark(line) {
      const { doc } = view.state;
      const known = line !== undefined && line >= 1 && line <= doc.lines;
      view.dispatch({ effects: known ? [mark.of(line), EditorView.scrollIntoView(doc.line(line).from, { y: "nearest" })] : mark.of(undefined) });
    },
  };
}
