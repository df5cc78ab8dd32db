// What an application does with the package; the test reads the outcome from the page.
import { IndexedDbStore, Lua } from "moonwright";
import { exportState } from "moonwright/stores";

async function main() {
  const lua = await Lua.load({ store: new IndexedDbStore(), functions: { later: (value) => Promise.resolve(value) } });
  const { values, output } = await lua.run("print('from Lua') Memory.visits = (Memory.visits or 0) + 1 return later(_VERSION), Memory.visits");
  await lua.save();
  const { size } = await exportState(lua.session);
  await lua.close();
  return { values, output, exported: size > 0 };
}

window.outcome = main().catch((error) => ({ error: String(error.stack ?? error) }));
