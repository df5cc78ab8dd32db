//! What the C toolchain and the runtime agree on: names that mean something to more than one pass.

use walrus::{Export, ExportItem, GlobalId, GlobalKind, Module, TableId, ValType};

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

/// Whether the module leaves unwinding to imports.
pub fn imports_unwind(module: &Module) -> bool {
    [TRY, THROW].iter().any(|name| module.imports.find(IMPORT_MODULE, name).is_some())
}

/// The stack pointer: the global of the linker's name that C code can move.
pub fn stack_pointer(module: &Module) -> Option<GlobalId> {
    if let Some(ExportItem::Global(id)) = exported(module, STACK_POINTER).map(|export| export.item) {
        return Some(id);
    }
    let is_stack_pointer = |global: &&walrus::Global| {
        global.name.as_deref() == Some(STACK_POINTER)
            && global.mutable
            && global.ty == ValType::I32
            && matches!(global.kind, GlobalKind::Local(_))
    };
    let mut globals = module.globals.iter().filter(is_stack_pointer);
    match (globals.next(), globals.next()) {
        (Some(global), None) => Some(global.id()),
        _ => None,
    }
}

/// The table of C function pointers. The linker gives it no name in the name section, but makes no other table.
pub fn function_table(module: &Module) -> Option<TableId> {
    if let Some(ExportItem::Table(id)) = exported(module, FUNCTION_TABLE).map(|export| export.item) {
        return Some(id);
    }
    let mut tables = module.tables.iter();
    match (tables.next(), tables.next()) {
        (Some(table), None) => Some(table.id()),
        _ => None,
    }
}

/// The export of that name.
pub fn exported<'a>(module: &'a Module, name: &str) -> Option<&'a Export> {
    module.exports.iter().find(|export| export.name == name)
}
