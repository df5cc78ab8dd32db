//! Stored tables on a Redis server, for the states of many users that many processes serve.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use redis::{Client, Connection, Pipeline, RedisError};

use crate::{Change, Store, StoreError};

/// The format of what is on the server.
const FORMAT: u64 = 1;

/// How long the server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A store on a Redis (or Valkey) server. Many processes can serve the same states: a store notes the version of its state,
/// and when somebody else has written since, reading and committing fail with [`StoreError::Conflict`] instead of mixing two
/// versions or losing one. Drop the instance then, build another one over the state, and do the work again.
///
/// A flush is one `MULTI`/`EXEC` transaction. How much of that a crash of the *server* leaves is the server's
/// configuration (`appendfsync always` for all of it).
///
/// A state named `NAME` is in these keys (so all on one node of a cluster): `moonwright:{NAME}:meta` (a hash: `format`,
/// `version`, `next`), `moonwright:{NAME}:tables` (a set of ids), and for each table `moonwright:{NAME}:values:ID` (a hash) and
/// `moonwright:{NAME}:order:ID` (a sorted set that keeps the order of insertion).
///
/// ```no_run
/// use moonwright_store::{Change, RedisStore, Store, StoreError};
///
/// fn visit(user: &str) -> Result<(), StoreError> {
///     loop {
///         let mut store = RedisStore::open("redis://127.0.0.1/", user)?;
///         // In an application: what an instance over the store does.
///         let change = Change::Set { table: 1, key: b"visited".to_vec(), value: b"yes".to_vec() };
///         match store.commit(&[change]) {
///             Err(StoreError::Conflict { .. }) => continue,
///             result => return result,
///         }
///     }
/// }
/// ```
pub struct RedisStore {
    client: Client,
    /// `None` after an error, until it is used again.
    connection: RefCell<Option<Connection>>,
    name: String,
    prefix: String,
    /// The version that this store has read and written.
    version: RefCell<Option<String>>,
    /// One that a commit tried to write and has not heard of: the connection broke.
    attempted: RefCell<Option<String>>,
    commits: u64,
}

impl RedisStore {
    /// Opens the state `name` on the server at `url`: `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or
    /// `redis+unix:///PATH`.
    ///
    /// # Errors
    /// Where the server cannot be reached, or the state has a format of a newer release.
    pub fn open(url: &str, name: &str) -> Result<Self, StoreError> {
        let open = |reason: String| StoreError::Open { name: name.to_owned(), reason };
        let client = Client::open(url).map_err(|error| open(error.to_string()))?;
        let store = Self {
            client,
            connection: RefCell::new(None),
            name: name.to_owned(),
            prefix: format!("moonwright:{{{name}}}:"),
            version: RefCell::new(None),
            attempted: RefCell::new(None),
            commits: 0,
        };
        let meta = store.key("meta");
        let (format, version): (Option<u64>, Option<String>) = store
            .with(|connection| redis::cmd("HMGET").arg(&meta).arg(&["format", "version"]).query(connection))
            .map_err(|error| open(error.to_string()))?;
        if let Some(found) = format.filter(|format| *format != FORMAT) {
            return Err(open(format!("expected format {FORMAT}, found {found}; open it with a newer release")));
        }
        store.version.replace(version);
        Ok(store)
    }

    fn key(&self, what: &str) -> String {
        format!("{}{what}", self.prefix)
    }

    fn values(&self, table: u32) -> String {
        self.key(&format!("values:{table}"))
    }

    fn order(&self, table: u32) -> String {
        self.key(&format!("order:{table}"))
    }

    /// Does something with the connection; one that broke is made anew the next time.
    fn with<T>(&self, action: impl FnOnce(&mut Connection) -> Result<T, RedisError>) -> Result<T, RedisError> {
        let mut slot = self.connection.borrow_mut();
        let mut connection = match slot.take() {
            Some(connection) => connection,
            None => {
                let connection = self.client.get_connection_with_timeout(TIMEOUT)?;
                connection.set_read_timeout(Some(TIMEOUT))?;
                connection.set_write_timeout(Some(TIMEOUT))?;
                connection
            }
        };
        let result = action(&mut connection);
        // After an error nobody knows what is still on its way, or being watched.
        if result.is_ok() {
            *slot = Some(connection);
        }
        result
    }

    /// Reads, in one transaction with the version.
    fn read<T: redis::FromRedisValue>(&self, read: impl Fn(&mut Pipeline)) -> Result<T, StoreError> {
        let mut pipeline = redis::pipe();
        pipeline.atomic().cmd("HGET").arg(self.key("meta")).arg("version");
        read(&mut pipeline);
        let (version, found): (Option<String>, T) =
            self.with(|connection| pipeline.query(connection)).map_err(failed)?;
        self.check(version)?;
        Ok(found)
    }

    /// Makes sure that nobody else has written.
    fn check(&self, found: Option<String>) -> Result<(), StoreError> {
        if found == *self.version.borrow() {
            return Ok(());
        }
        if found.is_some() && found == *self.attempted.borrow() {
            // That commit went through after all; its changes are on their way again, which does no harm.
            self.version.replace(found);
            return Ok(());
        }
        Err(StoreError::Conflict { name: self.name.clone() })
    }
}

fn failed(error: RedisError) -> StoreError {
    StoreError::Failed(Box::new(error))
}

/// The transaction that makes `changes`.
impl RedisStore {
    fn transaction(&self, changes: &[Change], version: &str, mut next: u64) -> Pipeline {
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        let mut used = BTreeSet::new();
        for change in changes {
            match change {
                Change::Set { table, key, value } => {
                    pipeline.cmd("HSET").arg(self.values(*table)).arg(key).arg(value).ignore();
                    // One that is there keeps its place.
                    pipeline.cmd("ZADD").arg(self.order(*table)).arg("NX").arg(next).arg(key).ignore();
                    next += 1;
                    used.insert(*table);
                }
                Change::Delete { table, key } => {
                    pipeline.cmd("HDEL").arg(self.values(*table)).arg(key).ignore();
                    pipeline.cmd("ZREM").arg(self.order(*table)).arg(key).ignore();
                }
                Change::Drop { table } => {
                    pipeline.cmd("UNLINK").arg(self.values(*table)).arg(self.order(*table)).ignore();
                    pipeline.cmd("SREM").arg(self.key("tables")).arg(table).ignore();
                    used.remove(table);
                }
            }
        }
        if !used.is_empty() {
            pipeline.cmd("SADD").arg(self.key("tables")).arg(used.into_iter().collect::<Vec<_>>()).ignore();
        }
        let meta = pipeline.cmd("HSET").arg(self.key("meta"));
        meta.arg("format").arg(FORMAT).arg("version").arg(version).arg("next").arg(next).ignore();
        pipeline
    }
}

impl Store for RedisStore {
    fn get(&self, table: u32, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|pipeline| {
            pipeline.cmd("HGET").arg(self.values(table)).arg(key);
        })
    }

    fn keys(&self, table: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read(|pipeline| {
            pipeline.cmd("ZRANGE").arg(self.order(table)).arg(0).arg(-1);
        })
    }

    fn len(&self, table: u32) -> Result<u64, StoreError> {
        self.read(|pipeline| {
            pipeline.cmd("ZCARD").arg(self.order(table));
        })
    }

    fn tables(&self) -> Result<Vec<u32>, StoreError> {
        let known: BTreeSet<u32> = self.read(|pipeline| {
            pipeline.cmd("SMEMBERS").arg(self.key("tables"));
        })?;
        // Those whose last key was deleted are still in the set.
        let mut tables = Vec::new();
        for table in known {
            if self.len(table)? > 0 {
                tables.push(table);
            }
        }
        Ok(tables)
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.commits += 1;
        // Unlike any other process's.
        let version = format!("{}-{:016x}", self.commits, RandomState::new().build_hasher().finish());
        let meta = self.key("meta");
        let conflict = || StoreError::Conflict { name: self.name.clone() };
        let done = self.with(|connection| {
            redis::cmd("WATCH").arg(&meta).exec(connection)?;
            let (found, next): (Option<String>, Option<u64>) =
                redis::cmd("HMGET").arg(&meta).arg(&["version", "next"]).query(connection)?;
            if let Err(error) = self.check(found) {
                redis::cmd("UNWATCH").exec(connection)?;
                return Ok(Err(error));
            }
            let transaction = self.transaction(changes, &version, next.unwrap_or(0));
            self.attempted.replace(Some(version.clone()));
            // Nil where somebody has written since `WATCH`.
            let done: Option<()> = transaction.query(connection)?;
            Ok(done.ok_or_else(conflict))
        });
        done.map_err(failed)??;
        self.version.replace(Some(version));
        self.attempted.replace(None);
        Ok(())
    }
}
