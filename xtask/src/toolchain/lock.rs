//! One installation at a time: a lock on a file, which the system releases when its holder ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::ToolchainError;
use crate::progress::Progress;

/// Held while the toolchain's folder changes; given back on drop.
pub struct Lock {
    _file: File,
}

/// Takes the lock `folder/lock`, creating the folder; waits, and says so, while another build has it.
///
/// # Errors
/// When the folder or the file can't be created or locked.
pub fn acquire(folder: &Path, progress: &dyn Progress) -> Result<Lock, ToolchainError> {
    let path = folder.join("lock");
    let fail = |source| ToolchainError::Write { path: path.clone(), source };
    std::fs::create_dir_all(folder).map_err(fail)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress.stage("Waiting for another build that is installing the toolchain");
            progress.note(&format!(
                "another build is installing the toolchain (it holds {}); waiting for it",
                path.display()
            ));
            file.lock().map_err(fail)?;
        }
        Err(TryLockError::Error(source)) => return Err(fail(source)),
    }
    Ok(Lock { _file: file })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::progress::Silent;

    /// Passes notes on to the test.
    struct Notes(Mutex<mpsc::Sender<String>>);

    impl Progress for Notes {
        fn stage(&self, _text: &str) {}
        fn length(&self, _units: u64) {}
        fn advance(&self, _units: u64) {}
        fn note(&self, text: &str) {
            self.0.lock().unwrap().send(text.to_owned()).unwrap();
        }
    }

    #[test]
    fn a_second_holder_says_that_it_waits_and_then_gets_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = acquire(dir.path(), &Silent).unwrap();
        let (sender, receiver) = mpsc::channel();
        let folder = dir.path().to_owned();
        let second = std::thread::spawn(move || {
            let notes = Notes(Mutex::new(sender));
            acquire(&folder, &notes).unwrap();
        });
        let note = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(note.contains("another build is installing the toolchain"), "{note}");
        assert!(!second.is_finished());
        drop(first);
        second.join().unwrap();
    }
}
