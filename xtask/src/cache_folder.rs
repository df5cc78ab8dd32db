//! What the caches below `target/moonwright` share: when something was last used, and what goes when a folder is too large.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file's length and time of change, which tell one build of a program from another; empty if there is no such file.
pub fn stamp(path: &Path) -> String {
    let Ok(metadata) = path.metadata() else { return String::new() };
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {}", metadata.len(), changed.as_nanos())
}

/// The [`stamp`] of this very program: what it makes of an input can change with each build of it.
pub fn program_stamp() -> Option<String> {
    std::env::current_exe().ok().map(|path| stamp(&path))
}

/// Marks an entry as used now. In a folder that can't be written to, entries keep the time they have: they only go sooner.
pub fn touch(path: &Path) {
    let _ = File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
}

/// Removes the entries of `folder`, files or folders of files, that were longest not used, until the rest is at most `limit`
/// bytes. What can't be removed stays: somebody else's use of a cache is no reason to fail a build.
pub fn trim(folder: &Path, limit: u64) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<Entry> = entries.filter_map(|entry| Entry::of(entry.ok()?.path())).collect();
    entries.sort_by(|a, b| b.used.cmp(&a.used).then_with(|| a.path.cmp(&b.path)));
    let mut total = 0;
    for entry in entries {
        total += entry.bytes;
        if total > limit {
            let _ = if entry.path.is_dir() { fs::remove_dir_all(&entry.path) } else { fs::remove_file(&entry.path) };
        }
    }
}

/// One entry of a cache.
struct Entry {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Entry {
    /// None when it went in the meantime, or is a temporary file that somebody is writing.
    fn of(path: PathBuf) -> Option<Entry> {
        if path.file_name()?.as_encoded_bytes().starts_with(b".") {
            return None;
        }
        let metadata = path.metadata().ok()?;
        let (mut bytes, mut used) = (metadata.len(), metadata.modified().ok()?);
        if metadata.is_dir() {
            for file in fs::read_dir(&path).ok()? {
                let metadata = file.ok()?.metadata().ok()?;
                bytes += metadata.len();
                used = used.max(metadata.modified().ok()?);
            }
        }
        Some(Entry { path, bytes, used })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn file(folder: &Path, name: &str, age: u64) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, [0; 1000]).unwrap();
        let used = SystemTime::now() - Duration::from_secs(age);
        File::options().append(true).open(&path).unwrap().set_modified(used).unwrap();
        path
    }

    #[test]
    fn what_was_longest_not_used_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let [old, new] = [("old", 300), ("new", 100)].map(|(name, age)| file(dir.path(), name, age));
        let writing = file(dir.path(), ".writing", 900);
        trim(dir.path(), 2500);
        assert!(old.exists() && new.exists());
        trim(dir.path(), 1500);
        assert!(!old.exists() && new.exists() && writing.exists());
    }

    #[test]
    fn what_was_touched_stays() {
        let dir = tempfile::tempdir().unwrap();
        let [old, new] = [("old", 300), ("new", 100)].map(|(name, age)| file(dir.path(), name, age));
        touch(&old);
        trim(dir.path(), 1500);
        assert!(old.exists() && !new.exists());
    }

    #[test]
    fn a_folder_counts_with_what_is_in_it_and_goes_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let object = file(dir.path(), "key/lvm.o", 300);
        trim(dir.path(), 10_000);
        assert!(object.exists());
        trim(dir.path(), 500);
        assert!(!dir.path().join("key").exists());
    }

    #[test]
    fn no_folder_is_nothing_to_trim() {
        trim(Path::new("/nowhere/at/all"), 0);
    }
}
