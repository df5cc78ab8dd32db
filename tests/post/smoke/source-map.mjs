// Rust without bindings.
import { packages } from "../packages.mjs";

const { SourceMapConsumer, SourceMapGenerator } = packages("source-map");
const generator = new SourceMapGenerator({ file: "out.js" });
for (let line = 1; line <= 200; line += 1) {
  generator.addMapping({ generated: { line, column: line % 7 }, original: { line: 2 * line, column: line % 5 }, source: `s${line % 3}.js`, name: `n${line}` });
}
await SourceMapConsumer.with(generator.toJSON(), null, (consumer) => {
  console.log(JSON.stringify(consumer.originalPositionFor({ line: 77, column: 6 })));
  console.log(JSON.stringify(consumer.generatedPositionFor({ source: "s1.js", line: 200, column: 0 })));
  let count = 0;
  consumer.eachMapping((mapping) => (count += mapping.originalLine));
  console.log(count);
});
