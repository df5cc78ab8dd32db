// What is in a session, in a form that tests can compare; in pages too.

export const bytes = (text) => Uint8Array.from(Buffer.from(text, "latin1"));
export const text = (value) => value && Buffer.from(value).toString("latin1");

/** All of a session's records and its version, in order, comparable. */
export function dump(session) {
  const { records, version } = session;
  return {
    version,
    tables: records.tables().map((id) => [id, records.keys(id).map((key) => [text(key), text(records.get(id, key))])]),
  };
}

/** Lets commits that start by themselves happen. */
export async function settle(session) {
  for (let n = 0; n < 1000 && session.dirty; n++) await new Promise((done) => setTimeout(done, 1));
}
