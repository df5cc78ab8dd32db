//! Layers over stores: what an entry is like below them, and what becomes of entries that were changed there. That a layered store
//! is a store as any other is in stores.rs.
#![cfg(feature = "crypto")]

use std::path::PathBuf;

use moonwright_store::{
    Authentication, Change, Compression, Encryption, Layer, LayerError, Layered, MemoryStore, StateFile, Store,
    StoreError, authenticated, compressed, encrypted,
};

const KEY: [u8; 32] = [7; 32];

/// A layer anew, and the name that errors have for it.
type Make = fn(&[u8; 32]) -> Box<dyn Layer>;

const LAYERS: [(&str, Make); 3] = [
    ("compressed", |_| Box::new(Compression::default())),
    ("authenticated", |key| Box::new(Authentication::new(key))),
    ("encrypted", |key| Box::new(Encryption::new(key))),
];

fn key(name: &str) -> Vec<u8> {
    [&[4, name.len() as u8, 0, 0, 0], name.as_bytes()].concat()
}

fn set(table: u32, name: &str, value: &[u8]) -> Change {
    Change::Set { table, key: key(name), value: value.to_vec() }
}

/// What is stored below for an entry of table 1.
fn stored(layer: Box<dyn Layer>, name: &str, value: &[u8]) -> Vec<u8> {
    layer.encode(1, &key(name), value.to_vec()).unwrap()
}

#[test]
fn every_changed_byte_is_an_error_that_names_the_entry() {
    let value = b"some text ".repeat(40);
    for (kind, make) in LAYERS {
        let below = MemoryStore::new();
        let mut store = Layered::new(below.clone(), make(&KEY));
        store.commit(&[set(1, "my entry", &value), set(1, "other", b"x")]).unwrap();
        let whole = below.get(1, &key("my entry")).unwrap().unwrap();
        let mut raw = below.clone();
        // Without a key, what does not look like a compressed value is none; and the last byte has bits that mean nothing.
        let bytes = if kind == "compressed" { 1..whole.len() - 1 } else { 0..whole.len() };
        for at in bytes {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            raw.commit(&[set(1, "my entry", &changed)]).unwrap();
            let error = store.get(1, &key("my entry")).unwrap_err().to_string();
            assert!(
                error.starts_with(r#"the entry "my entry" of table 1 cannot be read"#),
                "{kind}, byte {at}: {error}"
            );
            assert_eq!(below.get(1, &key("my entry")).unwrap(), Some(changed), "what was there stays");
            assert_eq!(store.get(1, &key("other")).unwrap(), Some(b"x".to_vec()));
        }
        for length in usize::from(kind == "compressed")..whole.len() {
            raw.commit(&[set(1, "my entry", &whole[..length])]).unwrap();
            assert!(matches!(store.get(1, &key("my entry")), Err(StoreError::Entry { .. })), "{kind}, {length} bytes");
        }
        raw.commit(&[set(1, "my entry", &whole)]).unwrap();
        assert_eq!(store.get(1, &key("my entry")).unwrap(), Some(value.clone()));
    }
}

#[test]
fn a_newer_version_is_refused_and_says_so() {
    for (kind, make) in LAYERS {
        let mut value = stored(make(&KEY), "k", &[1; 1000]);
        value[1] = 2;
        let error = make(&KEY).decode(1, &key("k"), value).unwrap_err().to_string();
        assert_eq!(error, format!("version 2 of {kind} values is unknown here; this release reads version 1"));
    }
}

#[test]
fn another_key_or_another_place_is_refused() {
    for (kind, make) in &LAYERS[1..] {
        let value = stored(make(&KEY), "a", b"value");
        assert_eq!(make(&KEY).decode(1, &key("a"), value.clone()).unwrap(), b"value");
        for (layer, table, name) in [(make(&[8; 32]), 1, "a"), (make(&KEY), 2, "a"), (make(&KEY), 1, "b")] {
            let error = layer.decode(table, &key(name), value.clone()).unwrap_err();
            assert!(matches!(error, LayerError::Damaged(_)), "{kind}: {error}");
        }
        let plain = make(&KEY).decode(1, &key("a"), b"\x04\x01\0\0\0x".to_vec()).unwrap_err().to_string();
        assert_eq!(plain, format!("it is not {kind}: it begins with 4"));
    }
}

#[test]
fn an_encrypted_value_shows_neither_itself_nor_that_it_was_stored_again() {
    let values = [0, 1].map(|_| stored(Box::new(Encryption::new(&KEY)), "a", b"attack at dawn"));
    assert!(
        values.iter().all(|value| value.len() == 2 + 12 + 14 + 16 && !value.windows(6).any(|part| part == b"attack"))
    );
    assert_ne!(values[0][2..14], values[1][2..14], "each has a nonce of its own");
}

#[test]
fn only_what_gets_smaller_is_compressed_and_what_looks_compressed_is_not_taken_for_it() {
    let mut random = vec![0; 1000];
    let mut state = 1u32;
    random.fill_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let cases: [(&[u8], usize); 6] =
        [(&[9; 255], 255), (&[9; 256], 0), (&random, 1000), (b"", 0), (b"\xe0\x01 own", 16), (b"\xe1", 11)];
    for (value, size) in cases {
        let stored = stored(Box::new(Compression::default()), "k", value);
        assert!(if value.len() == 256 { stored.len() < 30 } else { stored.len() == size }, "{} bytes", stored.len());
        assert_eq!(Compression::default().decode(1, &key("k"), stored).unwrap(), value);
    }
    let before = b"from before the layer".repeat(50);
    assert_eq!(Compression::default().decode(1, &key("k"), before.clone()).unwrap(), before);
}

#[test]
fn a_value_that_claims_to_be_huge_is_refused_without_the_memory_for_it() {
    let mut value = stored(Box::new(Compression::default()), "k", &[0; 1 << 20]);
    value[2..6].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = Compression::default().decode(1, &key("k"), value.clone()).unwrap_err().to_string();
    assert_eq!(error, "it has 1048576 instead of 4294967295 bytes");
    value[2..6].copy_from_slice(&7u32.to_le_bytes());
    assert!(Compression::default().decode(1, &key("k"), value).unwrap_err().to_string().contains("to 7 bytes"));
}

/// A store under the layers of the states in tests/state/layers; tests/state/README.md says how those are made.
fn exchanged(kind: &str, store: MemoryStore) -> Box<dyn Store> {
    let key = std::array::from_fn(|n| n as u8);
    match kind {
        "compressed" => Box::new(compressed(store)),
        "authenticated" => Box::new(authenticated(store, &key)),
        _ => Box::new(compressed(encrypted(store, &key))),
    }
}

fn state_file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/state").join(name)
}

#[test]
fn what_the_npm_package_stored_under_layers_opens() {
    for writer in ["npm", "chromium", "crate"] {
        let plain = StateFile::read(state_file(&format!("{writer}.mwstate"))).unwrap();
        let mut expected = MemoryStore::new();
        plain.put_into(&mut expected).unwrap();
        for (kind, _) in LAYERS {
            let mut below = MemoryStore::new();
            StateFile::read(state_file(&format!("layers/{writer}-{kind}.mwstate")))
                .unwrap()
                .put_into(&mut below)
                .unwrap();
            let store = exchanged(kind, below);
            assert_eq!(store.tables().unwrap(), expected.tables().unwrap());
            assert_eq!(store.get(1, &key("bytes")).unwrap(), Some(b"\x04\x04\0\0\0\0\xff\r\n".to_vec()));
            assert_eq!(store.len(1).unwrap(), expected.len(1).unwrap(), "{writer}, {kind}");
            StateFile::of(&*store, plain.version()).unwrap(); // every entry is read
        }
    }
}

#[test]
fn what_is_put_under_layers_here_is_what_the_npm_package_is_tested_with() {
    let plain = StateFile::read(state_file("crate.mwstate")).unwrap();
    for (kind, _) in LAYERS {
        let below = MemoryStore::new();
        let mut store = exchanged(kind, below.clone());
        plain.put_into(&mut *store).unwrap();
        assert_eq!(StateFile::of(&*store, plain.version()).unwrap(), plain);
        let path = state_file(&format!("layers/crate-{kind}.mwstate"));
        let file = StateFile::of(&below, plain.version()).unwrap();
        if std::env::var_os("MOONWRIGHT_MAKE_STATE").is_some() {
            file.write(&path).unwrap();
        }
        let kept = StateFile::read(path).unwrap();
        assert_eq!(kept.to_bytes_uncompressed().len(), file.to_bytes_uncompressed().len(), "{kind}");
    }
}
