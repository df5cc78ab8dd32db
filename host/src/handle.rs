//! Values that stay in Lua, held from Rust.

use std::sync::{Arc, Mutex, PoisonError};

use crate::value::{ConversionError, Value};

/// What a [`Handle`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HandleKind {
    /// A table
    Table,
    /// A function
    Function,
    /// A userdata
    Userdata,
    /// A light userdata
    LightUserdata,
    /// A coroutine
    Thread,
}

impl HandleKind {
    /// What Lua's `type` calls it.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Function => "function",
            Self::Userdata | Self::LightUserdata => "userdata",
            Self::Thread => "thread",
        }
    }

    /// Lua's number of the type.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::LightUserdata => 2,
            Self::Table => 5,
            Self::Function => 6,
            Self::Userdata => 7,
            Self::Thread => 8,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::LightUserdata, Self::Table, Self::Function, Self::Userdata, Self::Thread]
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}

/// Handles that were dropped, to be given back when the instance runs next. What it belongs to is what makes handles
/// those of one instance.
#[derive(Debug, Default)]
pub(crate) struct Released(Mutex<Vec<u32>>);

impl Released {
    pub(crate) fn take(&self) -> Vec<u32> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Held {
    id: u32,
    kind: HandleKind,
    instance: Arc<Released>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.instance.lock().push(self.id);
    }
}

/// A value that stays in Lua: a table, function, userdata or coroutine. It lives at least as long as a handle to it (or a
/// clone of that). Handles belong to the instance that they came from; another one refuses them.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Held>);

impl Handle {
    pub(crate) fn new(id: u32, kind: HandleKind, instance: &Arc<Released>) -> Self {
        Self(Arc::new(Held { id, kind, instance: Arc::clone(instance) }))
    }

    /// What it holds.
    pub fn kind(&self) -> HandleKind {
        self.0.kind
    }

    /// Its id in that instance, if it belongs to it.
    pub(crate) fn id_in(&self, instance: &Arc<Released>) -> Option<u32> {
        Arc::ptr_eq(&self.0.instance, instance).then_some(self.0.id)
    }
}

impl PartialEq for Handle {
    /// Whether both hold the same value.
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id && Arc::ptr_eq(&self.0.instance, &other.0.instance)
    }
}

impl Eq for Handle {}

/// A [`Handle`] to a function: what [`crate::Lua::call`] takes instead of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function(Handle);

impl From<Function> for Handle {
    fn from(function: Function) -> Self {
        function.0
    }
}

impl TryFrom<Handle> for Function {
    type Error = ConversionError;

    fn try_from(handle: Handle) -> Result<Self, ConversionError> {
        if handle.kind() == HandleKind::Function {
            Ok(Self(handle))
        } else {
            Err(ConversionError::expected("a function", &Value::Handle(handle)))
        }
    }
}
