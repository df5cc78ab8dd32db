//! Seeded damage to stored state. A [`Mutant`] is what a module finds in its store, or an image that is given to it: the
//! native tests and those of built modules run the same ones, and fuzz targets begin from the same corpus.

mod asked;
mod chunk;
mod image;
mod random;
mod value;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use moonwright_bytecode::Version;

pub use asked::{asked, split};
pub use random::Random;
pub use value::damage as damage_bytes;

/// The folder with the stores and images that programs left, one folder for each version of Lua.
pub const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");

/// The program that touches all that is stored, and then checks what the damage has nothing to do with.
pub const TOUCH: &str = include_str!("../touch.lua");

/// An entry of a store: table, key, value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The table's id
    pub table: u32,
    /// The encoded key
    pub key: Vec<u8>,
    /// The encoded value
    pub value: Vec<u8>,
}

/// What a program left.
#[derive(Clone, Debug)]
pub struct Seed {
    /// Its file
    pub path: PathBuf,
    /// Its store
    pub entries: Vec<Entry>,
    /// `serialize_table` of its `Memory`
    pub image: Vec<u8>,
}

/// A damaged seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// Which seed of the corpus
    pub seed: usize,
    /// The whole store, in order: that of the seed, but for what was changed
    pub entries: Vec<Entry>,
    /// What is given to `deserialize_table`, if anything is
    pub image: Option<Vec<u8>>,
}

/// The id of the table that no damage touches.
pub const WITNESS: u32 = 0x7000_0001;

/// Entries beside the seed's, which have to be there afterwards as they were. `touch.lua` knows them.
pub fn witnesses() -> Vec<Entry> {
    let string = |text: &str| [&[4, text.len() as u8, 0, 0, 0], text.as_bytes()].concat();
    let integer = |n: i64| [&[2], n.to_le_bytes().as_slice()].concat();
    let entry = |table, key: &str, value| Entry { table, key: string(key), value };
    vec![
        entry(1, "witness text", string("as it was")),
        entry(1, "witness number", integer(4711)),
        entry(1, "witness table", [&[7], WITNESS.to_le_bytes().as_slice()].concat()),
        entry(WITNESS, "inside", string("untouched")),
        Entry { table: WITNESS, key: integer(1), value: vec![1, 1] },
    ]
}

/// The corpus of a version: the stores that earlier formats left, and what programs left under this version.
///
/// # Errors
/// Where a file is missing or no store.
pub fn corpus(version: Version) -> Result<Vec<Seed>> {
    let folder = Path::new(CORPUS).join(match version {
        Version::Lua54 => "5.4",
        Version::Lua55 => "5.5",
    });
    let mut seeds = Vec::new();
    let listing = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = listing.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|found| found == "store")) {
        let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        let image = read(&path.with_extension("image"))?;
        let entries = parse(&read(&path)?).with_context(|| format!("{} is no store", path.display()))?;
        seeds.push(Seed { path, entries, image });
    }
    ensure!(!seeds.is_empty(), "expected stores in {}, found none", folder.display());
    Ok(seeds)
}

/// Reads a store as the native tests write it: for each table id, number of entries, and for each its key and value with
/// their lengths. `None` where the bytes are none.
pub fn parse(bytes: &[u8]) -> Option<Vec<Entry>> {
    fn u32(bytes: &mut &[u8]) -> Option<u32> {
        let (number, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(u32::from_le_bytes(*number))
    }
    fn text(bytes: &mut &[u8]) -> Option<Vec<u8>> {
        let length = u32(bytes)? as usize;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        Some(text.to_vec())
    }
    let mut rest = bytes;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let table = u32(&mut rest)?;
        for _ in 0..u32(&mut rest)? {
            entries.push(Entry { table, key: text(&mut rest)?, value: text(&mut rest)? });
        }
    }
    Some(entries)
}

/// The mutant of a number; the same one each time.
pub fn mutant(corpus: &[Seed], number: u64) -> Mutant {
    let mut random = Random::new(number);
    let seed = random.below(corpus.len());
    let Seed { entries, image, .. } = &corpus[seed];
    let mut mutant = Mutant { seed, entries: entries.clone(), image: None };
    if random.one_in(5) {
        mutant.image = Some(image::mutate(image, &mut random));
    } else {
        for _ in 0..=random.below(3) {
            change(&mut mutant.entries, &mut random);
        }
    }
    mutant.entries.extend(witnesses());
    mutant
}

/// Changes one entry.
fn change(entries: &mut Vec<Entry>, random: &mut Random) {
    let at = random.below(entries.len());
    let other = entries[random.below(entries.len())].value.clone();
    match random.below(16) {
        0 if entries.len() > 1 => drop(entries.remove(at)),
        1 => {
            let mut key = entries[at].key.clone();
            value::damage(&mut key, &other, random);
            // No key is there twice, in no store.
            if !entries.iter().any(|entry| entry.table == entries[at].table && entry.key == key) {
                entries[at].key = key;
            }
        }
        _ => value::mutate(&mut entries[at].value, &other, random),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn mutants_follow_their_number_and_differ() {
        for version in [Version::Lua54, Version::Lua55] {
            let corpus = corpus(version).unwrap();
            let mut whole = HashSet::new();
            for number in 0..2000 {
                let found = mutant(&corpus, number);
                assert_eq!(found, mutant(&corpus, number));
                assert!(found.entries.ends_with(&witnesses()));
                let values: Vec<Vec<u8>> = found.entries.into_iter().map(|entry| entry.value).collect();
                whole.insert((found.seed, found.image, values));
            }
            assert!(whole.len() > 1800, "{} different ones", whole.len());
        }
    }

    #[test]
    fn every_seed_has_functions_and_some_have_bytecode() {
        for version in [Version::Lua54, Version::Lua55] {
            let corpus = corpus(version).unwrap();
            for seed in &corpus {
                assert!(seed.entries.iter().any(|entry| entry.key.first() == Some(&0x10)), "{}", seed.path.display());
                assert!(seed.image.starts_with(b"MWT\x01"), "{}", seed.path.display());
            }
            let chunks = corpus.iter().flat_map(|seed| &seed.entries).filter_map(|entry| chunk::find(&entry.value));
            assert!(chunks.count() >= 9);
        }
    }
}
