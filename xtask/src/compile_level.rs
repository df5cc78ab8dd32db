//! How hard the compiler tries, file by file.
//!
//! In profile `speed` only what programs spend their time in is compiled for speed. The rest (the parser, libraries that wait
//! for the system, start-up, errors, what reads and writes stored tables) gets smaller and thereby faster where it counts, in
//! a fresh page or process, whose engine has yet to compile it: against `-O3` for every file the module lost 13 %, a first
//! `load` of 440 kB of source 28 % of its time and start-up 8 %, where a warm `load` took 18 % longer.

use crate::recipe::Profile;

/// The files whose code runs in the inner loops of programs. `-O3` against `-O2` takes 10 % off string work and 2 % off sorting, and is
/// level elsewhere; `-Oz` is level in calls and arithmetic and a third slower on tables and strings.
const HOT: [&str; 36] = [
    // The interpreter and its objects.
    "lapi",
    "ldo",
    "lfunc",
    "lgc",
    "lmem",
    "lobject",
    "lstate",
    "lstring",
    "ltable",
    "ltm",
    "lvm",
    // Libraries that compute.
    "lauxlib",
    "lbaselib",
    "lcorolib",
    "lmathlib",
    "lstrlib",
    "ltablib",
    "lutf8lib",
    "iolib",
    // The allocator, strings and numbers as text, the instruction limit, the write barrier.
    "barrier",
    "buffer",
    "codec",
    "idmap",
    "cstring",
    "decimal",
    "heap",
    "limits",
    "numfmt",
    "numparse",
    "pool",
    // Calls to and from the host.
    "call",
    "handle",
    "hostvalue",
    "own",
    "task",
    "value",
];

/// The optimisation level of a C file, as it stands after `-O`; `stem` is the file's name without `.c`.
pub fn level(profile: Profile, stem: &str) -> &'static str {
    match profile {
        Profile::Speed if HOT.contains(&stem) => "3",
        Profile::Size | Profile::Speed => "z",
        Profile::Dev => "1",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::recipe::LuaVersion;
    use crate::upstream;

    #[test]
    fn every_hot_file_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let upstream = upstream::locate(root, LuaVersion::V54, true).unwrap();
        let prepared = upstream::prepare(&upstream, &root.join("patches/5.4"), scratch.path()).unwrap();
        let folders =
            [prepared.folder, root.join("lua-src"), root.join("lua-src/bridge"), root.join("lua-src/persist")];
        for stem in HOT {
            let file = format!("{stem}.c");
            assert!(folders.iter().any(|folder| folder.join(&file).is_file()), "there is no {file}");
        }
    }

    #[test]
    fn only_profile_speed_tells_files_apart() {
        assert_eq!((level(Profile::Speed, "lvm"), level(Profile::Speed, "lparser")), ("3", "z"));
        assert_eq!((level(Profile::Size, "lvm"), level(Profile::Size, "lparser")), ("z", "z"));
        assert_eq!((level(Profile::Dev, "lvm"), level(Profile::Dev, "lparser")), ("1", "1"));
    }
}
