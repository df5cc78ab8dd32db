//! What the C toolchain and the runtime agree on: names that mean something to more than one pass.

use crate::interface::{Interface, ItemType};

/// The linear memory's export.
pub const MEMORY: &str = "memory";

/// The linker's name of the global that holds the top of the C stack.
pub const STACK_POINTER: &str = "__stack_pointer";

/// The linker's name of the table that C function pointers index.
pub const FUNCTION_TABLE: &str = "__indirect_function_table";

/// The module that the runtime's imports come from.
pub const IMPORT_MODULE: &str = "env";

/// The import that calls a function and says whether a throw ended it.
pub const TRY: &str = "lua_try";

/// The import that throws to the innermost [`TRY`].
pub const THROW: &str = "lua_throw";

/// What a module must export while it imports [`TRY`] or [`THROW`]: whoever serves them, the unwind pass or a host, needs
/// the table to call through and the stack pointer to put back; and the optimiser must know that both are in use.
pub const UNWIND_EXPORTS: [&str; 2] = [FUNCTION_TABLE, STACK_POINTER];

/// The stack pointer's index among the globals: the one of the linker's name that C code can move.
pub fn stack_pointer(interface: &Interface) -> Option<u32> {
    if let Some(export) = interface.export(STACK_POINTER)
        && matches!(export.ty, ItemType::Global { .. })
    {
        return Some(export.index);
    }
    let movable = |index: u32| {
        let ty = interface.globals.get(index as usize);
        matches!(ty, Some(ItemType::Global { value, mutable: true }) if value == "i32")
    };
    let named = interface.global_names.iter().filter(|(_, name)| name == STACK_POINTER);
    let mut found = named.map(|(index, _)| *index).filter(|index| movable(*index));
    match (found.next(), found.next()) {
        (Some(index), None) => Some(index),
        _ => None,
    }
}

/// The index of the table of C function pointers. The linker gives it no name in the name section, but makes no other table.
pub fn function_table(interface: &Interface) -> Option<u32> {
    if let Some(export) = interface.export(FUNCTION_TABLE)
        && export.ty == ItemType::Table
    {
        return Some(export.index);
    }
    (interface.tables == 1).then_some(0)
}
