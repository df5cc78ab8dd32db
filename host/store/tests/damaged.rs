//! Damaged state files and values below layers, from a seed: an error or a state, and nothing else. The files that the packages'
//! tests exchange are what the damage begins from.
#![cfg(feature = "crypto")]

use std::path::{Path, PathBuf};

use moonwright_mutants::{Random, damage_bytes};
use moonwright_store::{Authentication, Compression, Encryption, Layer, MemoryStore, StateFile, Store};

const MUTANTS: u64 = 20_000;

/// Where the body of a state file begins.
const HEADER: usize = 40;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/state").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "mwstate"));
    files.sort();
    files
}

/// Makes sizes and checksums right, so that what is behind them is looked at.
fn forge(file: &mut [u8]) {
    let stored = (file.len() - HEADER) as u64;
    file[16..24].copy_from_slice(&stored.to_le_bytes());
    if file[10] & 1 == 0 {
        file[24..32].copy_from_slice(&stored.to_le_bytes());
    }
    let body = crc32fast::hash(&file[HEADER..]);
    file[32..36].copy_from_slice(&body.to_le_bytes());
    let header = crc32fast::hash(&file[..36]);
    file[36..40].copy_from_slice(&header.to_le_bytes());
}

#[test]
fn a_damaged_state_file_is_an_error_or_a_state() {
    let mut seeds = Vec::new();
    for path in files("") {
        seeds.push(std::fs::read(&path).unwrap());
        seeds.push(StateFile::read(&path).unwrap().to_bytes_uncompressed());
    }
    let mut read = 0;
    for number in 0..MUTANTS {
        let mut random = Random::new(number);
        let mut file = seeds[random.below(seeds.len())].clone();
        let other = seeds[random.below(seeds.len())].clone();
        if random.one_in(4) {
            damage_bytes(&mut file, &other, &mut random);
        } else {
            let mut body = file.split_off(HEADER);
            damage_bytes(&mut body, &other, &mut random);
            file.extend(body);
            forge(&mut file);
        }
        if let Ok(state) = StateFile::parse(&file) {
            read += 1;
            assert_eq!(StateFile::parse(&state.to_bytes()).as_ref(), Ok(&state), "mutant {number}");
        }
    }
    println!("{MUTANTS} damaged state files, {read} of them read");
    assert!(read > 100 && read < MUTANTS / 2, "{read} were read");
}

#[test]
fn a_newer_state_file_is_refused_and_says_so() {
    let mut file = StateFile::default().to_bytes();
    file[8] = 2;
    assert_eq!(
        StateFile::parse(&file).unwrap_err().to_string(),
        "expected format 1 (a newer release reads newer ones) at byte 8 of a state file, found format 2"
    );
}

#[test]
fn a_damaged_value_below_a_layer_is_an_error_or_what_was_stored() {
    let key = [7; 32];
    let layers: [(&str, Box<dyn Layer>); 3] = [
        ("compressed", Box::new(Compression::default())),
        ("authenticated", Box::new(Authentication::new(&key))),
        ("encrypted", Box::new(Encryption::new(&key))),
    ];
    let mut store = MemoryStore::new();
    StateFile::read(&files("")[0]).unwrap().put_into(&mut store).unwrap();
    let values: Vec<Vec<u8>> = store
        .tables()
        .unwrap()
        .into_iter()
        .flat_map(|table| store.keys(table).unwrap().into_iter().map(move |key| (table, key)))
        .map(|(table, key)| store.get(table, &key).unwrap().unwrap())
        .collect();
    for (name, layer) in layers {
        let stored: Vec<Vec<u8>> = values.iter().map(|value| layer.encode(1, b"key", value.clone()).unwrap()).collect();
        for number in 0..MUTANTS {
            let mut random = Random::new(number);
            let which = random.below(stored.len());
            let other = stored[random.below(stored.len())].clone();
            let mut mutant = stored[which].clone();
            damage_bytes(&mut mutant, &other, &mut random);
            match layer.decode(1, b"key", mutant.clone()) {
                // Without a key a value may well become another one.
                Ok(value) if name != "compressed" => {
                    assert!(stored.contains(&mutant) && values.contains(&value), "{name}, mutant {number}");
                }
                _ => {}
            }
        }
    }
}
