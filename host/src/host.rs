//! Values of the host in Lua: functions and objects.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::context::Context;
use crate::value::{FromValues, IntoValue, IntoValues, Value, Values};

/// Any error, as host functions give it: scripts get it as an error that `pcall` catches, with its text as `tostring`; if
/// nothing catches it, it comes back as the source of the [`crate::LuaError`].
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What an asynchronous host function gives: its results, later.
pub(crate) type HostFuture = Pin<Box<dyn Future<Output = Result<Values, BoxError>> + Send>>;

/// Begins what an asynchronous host function does.
pub(crate) type Begin = dyn Fn(Values) -> Result<HostFuture, BoxError> + Send + Sync;

/// An object of the host: a userdata in Lua that does what these methods do. All but `name` have a default, which is the
/// error that Lua gives for a userdata without such a metamethod.
pub trait HostObject: Send + Sync + 'static {
    /// What error messages call it, and how its `tostring` begins: a type's name.
    fn name(&self) -> String;

    /// `object(...)`
    ///
    /// # Errors
    /// Raised in Lua.
    fn call(&self, lua: &mut Context<'_>, args: Values) -> Result<Values, BoxError> {
        let _ = (lua, args);
        Err(self.cannot("call"))
    }

    /// `object[key]`
    ///
    /// # Errors
    /// Raised in Lua.
    fn index(&self, lua: &mut Context<'_>, key: Value) -> Result<Value, BoxError> {
        let _ = (lua, key);
        Err(self.cannot("index"))
    }

    /// `object[key] = value`
    ///
    /// # Errors
    /// Raised in Lua.
    fn set_index(&self, lua: &mut Context<'_>, key: Value, value: Value) -> Result<(), BoxError> {
        let _ = (lua, key, value);
        Err(self.cannot("assign to a field of"))
    }

    /// `#object`
    ///
    /// # Errors
    /// Raised in Lua.
    fn length(&self, lua: &mut Context<'_>) -> Result<Value, BoxError> {
        let _ = lua;
        Err(self.cannot("get length of"))
    }

    /// `tostring(object)`
    ///
    /// # Errors
    /// Raised in Lua.
    fn text(&self, lua: &mut Context<'_>) -> Result<String, BoxError> {
        let _ = lua;
        Ok(self.name())
    }

    /// `pairs(object)`: the iterator, its state and the first key.
    ///
    /// # Errors
    /// Raised in Lua.
    fn pairs(&self, lua: &mut Context<'_>) -> Result<Values, BoxError> {
        let _ = lua;
        Err(self.cannot("iterate over"))
    }

    /// A variable `local x <close>` that holds it goes out of scope, with this error or nil.
    ///
    /// # Errors
    /// Raised in Lua.
    fn close(&self, lua: &mut Context<'_>, error: Value) -> Result<(), BoxError> {
        let _ = (lua, error);
        Ok(())
    }

    #[doc(hidden)]
    fn cannot(&self, what: &str) -> BoxError {
        Raise::at_caller(format!("attempt to {what} a host value ({})", self.name())).into()
    }

    /// What a call of it begins, if its results come later.
    #[doc(hidden)]
    fn waits(&self) -> Option<&Begin> {
        None
    }

    /// The error that it stands for, if it is one.
    fn as_error(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        None
    }
}

/// A value of the host: a function, or an object with methods. The same one is the same value in Lua.
#[derive(Clone)]
pub struct HostValue {
    object: Arc<dyn HostObject>,
    function: bool,
}

impl HostValue {
    /// An object, a userdata in Lua.
    pub fn new(object: impl HostObject) -> Self {
        Self { object: Arc::new(object), function: false }
    }

    /// A function. `name` is what error messages call it.
    pub fn function<A, R, F>(name: impl Into<String>, function: F) -> Self
    where
        A: FromValues,
        R: IntoValues,
        F: Fn(A) -> Result<R, BoxError> + Send + Sync + 'static,
    {
        Self::function_with(name, move |_: &mut Context<'_>, args| function(args))
    }

    /// A function that may call back into Lua.
    pub fn function_with<A, R, F>(name: impl Into<String>, function: F) -> Self
    where
        A: FromValues,
        R: IntoValues,
        F: Fn(&mut Context<'_>, A) -> Result<R, BoxError> + Send + Sync + 'static,
    {
        let name = name.into();
        let call =
            Box::new(move |lua: &mut Context<'_>, args: Values| Ok(function(lua, arguments(args)?)?.into_values()));
        Self { object: Arc::new(HostFunction { name, call }), function: true }
    }

    /// A function that takes its time: a task that calls it ([`crate::Lua::run_async`]) is suspended until the future is
    /// done, and the thread does something else meanwhile. Where Lua can't be suspended (in [`crate::Lua::run`], or inside
    /// `table.sort`'s comparison, say) calling it is an error that says why.
    pub fn async_function<A, R, F, T>(name: impl Into<String>, function: F) -> Self
    where
        A: FromValues,
        R: IntoValues,
        F: Fn(A) -> T + Send + Sync + 'static,
        T: Future<Output = Result<R, BoxError>> + Send + 'static,
    {
        let begin = move |args: Values| -> Result<HostFuture, BoxError> {
            let future = function(arguments(args)?);
            Ok(Box::pin(async move { Ok(future.await?.into_values()) }))
        };
        let name = name.into();
        Self { object: Arc::new(AsyncFunction { name, begin: Box::new(begin) }), function: true }
    }

    pub(crate) fn waits(&self) -> Option<&Begin> {
        self.object.waits()
    }

    /// What Lua's `type` calls it.
    pub fn type_name(&self) -> &'static str {
        if self.function { "function" } else { "userdata" }
    }

    /// What error messages call it.
    pub fn name(&self) -> String {
        self.object.name()
    }

    /// The error that it stands for, if a host function failed with one.
    pub fn as_error(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.object.as_error()
    }

    pub(crate) fn error(error: BoxError) -> Self {
        Self::new(HostError(error))
    }

    /// What `js_call` asks for.
    pub(crate) fn operate(&self, op: u32, lua: &mut Context<'_>, args: Values) -> Result<Values, BoxError> {
        let mut args = args.into_iter();
        let mut next = || args.next().unwrap_or_default();
        Ok(match op {
            0 => return self.object.call(lua, args.collect()),
            1 => self.object.index(lua, next())?.into_values(),
            2 => self.object.set_index(lua, next(), next())?.into_values(),
            3 => self.object.length(lua)?.into_values(),
            4 => self.object.text(lua)?.into_values(),
            5 => return self.object.pairs(lua),
            6 => self.object.close(lua, next())?.into_values(),
            other => return Err(format!("expected an operation from 0 to 6, found {other}").into()),
        })
    }

    fn address(&self) -> usize {
        Arc::as_ptr(&self.object).cast::<()>() as usize
    }
}

impl fmt::Debug for HostValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostValue({})", self.name())
    }
}

impl PartialEq for HostValue {
    /// Whether both are the same value.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.object, &other.object)
    }
}

fn arguments<A: FromValues>(args: Values) -> Result<A, Raise> {
    args.to::<A>().map_err(|error| Raise::at_caller(format!("bad arguments: {error}")))
}

struct AsyncFunction {
    name: String,
    begin: Box<Begin>,
}

impl HostObject for AsyncFunction {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn waits(&self) -> Option<&Begin> {
        Some(&*self.begin)
    }
}

type Call = Box<dyn Fn(&mut Context<'_>, Values) -> Result<Values, BoxError> + Send + Sync>;

struct HostFunction {
    name: String,
    call: Call,
}

impl HostObject for HostFunction {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn call(&self, lua: &mut Context<'_>, args: Values) -> Result<Values, BoxError> {
        (self.call)(lua, args)
    }
}

struct HostError(BoxError);

impl HostObject for HostError {
    fn name(&self) -> String {
        "error".to_owned()
    }

    fn text(&self, _: &mut Context<'_>) -> Result<String, BoxError> {
        Ok(self.0.to_string())
    }

    fn as_error(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        Some(&*self.0)
    }
}

/// An error that a host function raises as a Lua value, as `error(value)` does.
#[derive(Clone, Debug)]
pub struct Raise {
    pub(crate) value: Value,
    pub(crate) at_caller: bool,
}

impl Raise {
    /// Raises `value` as it is.
    pub fn value(value: impl IntoValue) -> Self {
        Self { value: value.into_value(), at_caller: false }
    }

    /// Raises a text with the position of the function's caller in front, as `error("text")` does.
    pub fn at_caller(text: impl Into<String>) -> Self {
        Self { value: Value::String(text.into().into_bytes()), at_caller: true }
    }
}

impl fmt::Display for Raise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value.text() {
            Some(text) => f.write_str(&text),
            None => write!(f, "a {} was raised as an error", self.value.type_name()),
        }
    }
}

impl std::error::Error for Raise {}

/// The host values that an instance knows, by id, each kept for as long as Lua has it.
#[derive(Default)]
pub(crate) struct HostValues {
    by_id: HashMap<u32, (HostValue, u32)>,
    by_address: HashMap<usize, u32>,
    last: u32,
}

impl HostValues {
    /// The id of a value, new or known. It does not count as sent before [`HostValues::sent`].
    pub(crate) fn id(&mut self, value: &HostValue) -> u32 {
        let (by_id, last) = (&mut self.by_id, &mut self.last);
        *self.by_address.entry(value.address()).or_insert_with(|| {
            loop {
                *last = last.wrapping_add(1).max(1);
                if !by_id.contains_key(last) {
                    by_id.insert(*last, (value.clone(), 0));
                    return *last;
                }
            }
        })
    }

    pub(crate) fn get(&self, id: u32) -> Option<&HostValue> {
        self.by_id.get(&id).map(|(value, _)| value)
    }

    /// The module has been given that value, once for each time it stands in `ids`.
    pub(crate) fn sent(&mut self, ids: &[u32]) {
        for id in ids {
            if let Some((_, count)) = self.by_id.get_mut(id) {
                *count += 1;
            }
        }
    }

    /// Takes `count` arrivals back; at zero the value is forgotten.
    pub(crate) fn release(&mut self, id: u32, count: u32) {
        let Some((value, left)) = self.by_id.get_mut(&id) else { return };
        *left = left.saturating_sub(count);
        if *left == 0 {
            self.by_address.remove(&value.address());
            self.by_id.remove(&id);
        }
    }
}
