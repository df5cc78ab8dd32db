//! Calls that can wait: the asynchronous half of [`Lua`].

use std::pin::Pin;
use std::task::{Context as Poller, Poll};
use std::time::Instant;

use crate::context::{Callable, Context, Record, own};
use crate::engine::{Export, raised};
use crate::error::{Error, ErrorKind, LuaError};
use crate::handle::Handle;
use crate::host::{BoxError, HostFuture};
use crate::lua::Lua;
use crate::value::{FromValues, IntoValue, IntoValues, Value, Values};
use crate::vm::stack_position;

/// Flags of `task_resume`: the value is raised as it is, or as a text with its position.
const RAISE: u32 = 0x100;
const RAISE_AT_CALLER: u32 = 0x200;

/// # Asynchronous calls
///
/// These futures need no particular runtime, run Lua on the thread that polls them, and can be sent between threads. They
/// wait only where the script calls an asynchronous host function ([`crate::Builder::async_function`]) or has used a slice up
/// ([`crate::Builder::slice`]). One runs at a time in an instance, since it borrows it.
///
/// **Cancelling** is dropping the future: what the host function was doing is dropped, the script's pending `__close`
/// metamethods run, what it changed under `Memory` is stored (unless the builder said otherwise), and the instance is ready
/// for the next call. Nobody is left who could be told of an error in that; changes that could not be stored come with the
/// next flush.
///
/// **Limits**: waiting counts for the time limit, but a wait itself is not cut short by it; use your runtime's timeout for
/// that. The instruction limit counts anew after each wait.
impl Lua {
    /// As [`Lua::run`], for a chunk that may wait.
    ///
    /// # Errors
    /// As there.
    pub fn run_async(&mut self, code: impl AsRef<[u8]>) -> Running<'_> {
        self.begin(Ok(Target::Own(own::RUN)), Values(vec![Value::from(code.as_ref())]))
    }

    /// As [`Lua::run_named`], for a chunk that may wait.
    ///
    /// # Errors
    /// As there.
    pub fn run_named_async(&mut self, name: &str, code: impl AsRef<[u8]>) -> Running<'_> {
        let chunk = self.load(name, code);
        self.begin(chunk.map(|chunk| Target::Held(chunk.into())), Values::default())
    }

    /// As [`Lua::call`], for a function that may wait.
    ///
    /// # Errors
    /// As there.
    pub fn call_async(&mut self, function: impl Callable, args: impl IntoValues) -> Running<'_> {
        let function = function.resolve(&mut self.context());
        self.begin(function.map(Target::Held), args.into_values())
    }

    /// As [`Lua::eval`], for a chunk that may wait.
    ///
    /// # Errors
    /// As there.
    pub fn eval_async<T: FromValues>(&mut self, code: impl AsRef<[u8]>) -> impl Future<Output = Result<T, Error>> {
        let running = self.run_async(code);
        async move { Ok(running.await?.to()?) }
    }

    fn begin(&mut self, target: Result<Target, Error>, args: Values) -> Running<'_> {
        Running { lua: self, stage: Stage::Start(target, args), used: 0 }
    }
}

enum Target {
    Own(u32),
    Held(Handle),
}

enum Stage {
    Start(Result<Target, Error>, Values),
    Waits(u32, HostFuture),
    Paused(u32),
    Done,
}

/// A call under way: the future of [`Lua::run_async`] and the like. It does nothing before it is polled.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Running<'a> {
    lua: &'a mut Lua,
    stage: Stage,
    /// Steps of the slices that were used up since the last wait.
    used: i64,
}

impl std::fmt::Debug for Running<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.stage {
            Stage::Start(..) => "Running(not begun)",
            Stage::Waits(..) => "Running(waits for the host)",
            Stage::Paused(_) => "Running(between slices)",
            Stage::Done => "Running(done)",
        })
    }
}

impl Future for Running<'_> {
    type Output = Result<Values, Error>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        loop {
            let stage = std::mem::replace(&mut self.stage, Stage::Done);
            let suspended = match &stage {
                Stage::Waits(task, _) | Stage::Paused(task) => Some(*task),
                Stage::Start(..) | Stage::Done => None,
            };
            if let Stage::Paused(task) = stage
                && self.late()
            {
                return Poll::Ready(self.end_late(task));
            }
            let record = match stage {
                Stage::Start(target, args) => self.lua.context().start(target, &args),
                Stage::Waits(task, mut future) => match future.as_mut().poll(poller) {
                    Poll::Pending => {
                        self.stage = Stage::Waits(task, future);
                        return Poll::Pending;
                    }
                    Poll::Ready(answer) => {
                        drop(future);
                        self.spend(0);
                        if self.late() {
                            return Poll::Ready(self.end_late(task));
                        }
                        self.lua.context().resume(task, Some(answer))
                    }
                },
                Stage::Paused(task) => self.lua.context().resume(task, None),
                Stage::Done => panic!("a call was polled after it had ended"),
            };
            let result = match record {
                Ok(Record::Done(values)) => Ok(values),
                Ok(Record::Failed(error)) => Err(Error::Lua(error)),
                Ok(Record::Waits(task)) => match self.lua.context().state().futures.remove(&task) {
                    Some(future) => {
                        self.stage = Stage::Waits(task, future);
                        continue;
                    }
                    None => Err(Error::Module(format!("task {task} waits for nothing"))),
                },
                Ok(Record::Paused(task)) => {
                    let slice = self.lua.context().state().slice;
                    let used = self.used + i64::from(slice);
                    self.spend(used);
                    self.stage = Stage::Paused(task);
                    poller.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(Record::Yielded(_)) => Err(Error::Module("a task yielded to the host".to_owned())),
                Err(error) => {
                    // It could not even go on; the error is why.
                    if let Some(task) = suspended {
                        drop(self.lua.context().close(task));
                    }
                    Err(error)
                }
            };
            self.spend(0);
            return Poll::Ready(self.lua.context().end(result));
        }
    }
}

impl Running<'_> {
    /// Has the instruction limit count on from slice to slice: the module counts each anew.
    fn spend(&mut self, used: i64) {
        if used != self.used {
            self.used = used;
            self.lua.context().limit(used);
        }
    }
}

impl Running<'_> {
    /// Whether the deadline has passed. The module looks at the clock while Lua runs; a script that waits again and again
    /// hardly does.
    fn late(&mut self) -> bool {
        self.lua.context().state().deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn end_late(&mut self, task: u32) -> Result<Values, Error> {
        self.spend(0);
        let mut lua = self.lua.context();
        let late = Err(Error::Lua(Box::new(LuaError::new(ErrorKind::Limit, "time limit exceeded".to_owned()))));
        let closed = lua.close(task);
        lua.end(closed.and(late))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let task = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Waits(task, future) => {
                drop(future);
                task
            }
            Stage::Paused(task) => task,
            Stage::Start(..) | Stage::Done => return,
        };
        self.spend(0);
        let mut lua = self.lua.context();
        let closed = lua.close(task).map(|_| Values::default());
        // There is nobody to tell; the documentation says so.
        drop(lua.end(closed));
    }
}

impl Context<'_> {
    /// Starts a task.
    fn start(&mut self, target: Result<Target, Error>, args: &Values) -> Result<Record, Error> {
        self.usable()?;
        self.release()?;
        let function = match &target? {
            Target::Own(function) => *function,
            Target::Held(handle) => self.id_of(handle)?,
        };
        let (at, len) = self.send(&args.0)?;
        self.outermost()?;
        let flags = self.state().mode.flags();
        let record = self.enter(Export::TaskStart { function, at, len, flags });
        self.not_yielded(record)
    }

    /// Lets a task go on, with what it waited for.
    fn resume(&mut self, task: u32, answer: Option<Result<Values, BoxError>>) -> Result<Record, Error> {
        self.usable()?;
        self.release()?;
        let mode = self.state().mode.flags();
        let (flags, values) = match answer {
            None => (0, Values::default()),
            Some(Ok(values)) => (0, values),
            Some(Err(error)) => {
                let (status, value) = raised(error);
                (if status == -3 { RAISE_AT_CALLER } else { RAISE }, value.into_values())
            }
        };
        let (flags, (at, len)) = match self.send(&values.0) {
            Ok(place) => (flags, place),
            // What can't be passed is the script's error, as with a function that does not wait.
            Err(error) => (RAISE_AT_CALLER, self.send(&[error.to_string().into_value()])?),
        };
        let state = self.state();
        state.stack = stack_position();
        state.resumed = Instant::now();
        let record = self.enter(Export::TaskResume { task, at, len, flags: flags | mode });
        self.not_yielded(record)
    }

    /// Outside of the script's own coroutines there is nobody to yield to, as in a call that can't wait.
    fn not_yielded(&mut self, mut record: Result<Record, Error>) -> Result<Record, Error> {
        while let Ok(Record::Yielded(task)) = record {
            let (at, len) = self.send(&[Value::from("attempt to yield from outside a coroutine")])?;
            let flags = RAISE_AT_CALLER | self.state().mode.flags();
            record = self.enter(Export::TaskResume { task, at, len, flags });
        }
        record
    }

    /// Ends a task that is suspended.
    fn close(&mut self, task: u32) -> Result<Record, Error> {
        self.usable()?;
        self.release()?;
        let state = self.state();
        state.futures.remove(&task);
        state.stack = stack_position();
        state.resumed = Instant::now();
        self.enter(Export::TaskClose { task })
    }

    /// Sets the instruction limit, less what has been used.
    fn limit(&mut self, used: i64) {
        let limits = self.state().limits;
        if limits.instructions != 0 {
            let instructions = (limits.instructions - used).max(1);
            // A trap here is found by the next call: the instance has ended.
            drop(self.wasm(Export::SetLimits { heap: limits.heap, instructions }));
        }
    }
}
