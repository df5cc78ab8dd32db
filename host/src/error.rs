//! What can go wrong.

use crate::codec::{CodecError, Decoder};
use crate::value::{ConversionError, Value};
use moonwright_store::StoreError;

/// Any failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Lua raised an error.
    #[error(transparent)]
    Lua(#[from] Box<LuaError>),
    /// A value is not what was wanted.
    #[error(transparent)]
    Conversion(#[from] ConversionError),
    /// Values cannot be passed.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The module cannot be used.
    #[error("{0}")]
    Module(String),
    /// The instance has ended; its store has what was committed.
    #[error("the instance has ended: {0}; build another one over the same store")]
    Ended(String),
    /// Output could not be written.
    #[error("cannot write the output of a script: {0}")]
    Output(#[from] std::io::Error),
}

/// What kind of error Lua raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The text is no Lua.
    Syntax,
    /// Anything that a script or a host function raised.
    Runtime,
    /// Out of memory, or the heap limit.
    Memory,
    /// The instruction limit or the deadline.
    Limit,
    /// Something cannot be stored, or what is stored cannot be read.
    Persist,
}

/// An error that Lua raised.
#[derive(Clone, Debug)]
pub struct LuaError {
    /// What kind it is.
    pub kind: ErrorKind,
    /// The message, with the position in front where Lua puts it there.
    pub message: String,
    /// The stack at the error, in Lua's words.
    pub traceback: String,
    /// The chunk where it was raised, as in the message.
    pub chunk: Option<String>,
    /// The line where it was raised.
    pub line: Option<i64>,
    /// What the call had printed before (the writer got it, too).
    pub output: Vec<u8>,
    /// Whether more text could mend a syntax error: a prompt asks for the next line then.
    pub incomplete: bool,
    /// Whether memory did not suffice for all of the output.
    pub truncated: bool,
    /// The error object where it is neither a string, nil nor a boolean.
    pub value: Option<Value>,
}

impl std::fmt::Display for LuaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LuaError {
    /// What a host function failed with, if this is that.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.value {
            Some(Value::Host(host)) => host.as_error().map(|error| error as _),
            _ => None,
        }
    }
}

impl Error {
    /// The error that Lua raised, if it is one.
    pub fn as_lua(&self) -> Option<&LuaError> {
        match self {
            Self::Lua(error) => Some(error),
            _ => None,
        }
    }

    /// The kind of error that Lua raised, if it is one.
    pub fn kind(&self) -> Option<ErrorKind> {
        self.as_lua().map(|error| error.kind)
    }

    pub(crate) fn module(error: impl std::fmt::Display) -> Self {
        Self::Module(format!("{error:#}"))
    }
}

impl LuaError {
    /// Arguments do not fit into the instance.
    pub(crate) fn no_memory(bytes: u32) -> Self {
        Self::new(ErrorKind::Memory, format!("not enough memory for {bytes} bytes of arguments"))
    }

    /// An error that the host noticed, between two steps of Lua.
    pub(crate) fn new(kind: ErrorKind, message: String) -> Self {
        Self {
            kind,
            message,
            traceback: String::new(),
            chunk: None,
            line: None,
            output: Vec::new(),
            incomplete: false,
            truncated: false,
            value: None,
        }
    }

    /// The value tagged 0x42, whose tag has been read.
    pub(crate) fn decode(decoder: &mut Decoder<'_>, output: &[u8]) -> Result<Self, CodecError> {
        let at_table = decoder.value(0)?;
        let Value::Table(table) = &at_table else {
            return Err(CodecError::Damaged {
                expected: "an error's table",
                found: at_table.type_name().to_owned(),
                at: 0,
            });
        };
        let text = |name: &str| table.get(name).and_then(Value::text).map(std::borrow::Cow::into_owned);
        let kind = match text("kind").as_deref() {
            Some("syntax") => ErrorKind::Syntax,
            Some("memory") => ErrorKind::Memory,
            Some("limit") => ErrorKind::Limit,
            Some("persist") => ErrorKind::Persist,
            _ => ErrorKind::Runtime,
        };
        Ok(Self {
            kind,
            message: text("message").unwrap_or_default(),
            traceback: text("traceback").unwrap_or_default(),
            chunk: text("chunk"),
            line: match table.get("line") {
                Some(Value::Integer(line)) => Some(*line),
                _ => None,
            },
            // The record of get_last_error has the output in it, a bridge record before it.
            output: match table.get("output") {
                Some(Value::String(output)) => output.clone(),
                _ => output.to_vec(),
            },
            incomplete: table.get("incomplete") == Some(&Value::Bool(true)),
            truncated: table.get("truncated") == Some(&Value::Bool(true)),
            value: table.get("value").cloned(),
        })
    }
}
