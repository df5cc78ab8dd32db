//! Damaged stores and images in built modules; `cargo xtask test --only native` runs the same ones under sanitizers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, anyhow, ensure};
use libtest_mimic::{Arguments, Trial};
use moonwright_bytecode::Version;
use moonwright_mutants::{CORPUS, Mutant, Random, Seed, asked, corpus, damage_bytes, mutant, witnesses};
use moonwright_tests::{Built, LuaVersion, Profile, case, damage, fuzz};

/// How many each module gets, unless the environment variable says otherwise.
const MUTANTS: u64 = 200;

/// How often a fuzzer's target is called.
const FUZZED: u64 = 150;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for lua in LuaVersion::ALL {
        // What an optimiser does differently would show in the one or the other.
        for profile in Profile::ALL {
            trials.push(Trial::test(format!("{lua}-{profile}::mutants::damaged stores"), move || {
                case::failed(Built::shared(lua, profile).and_then(|built| run(&built)))
            }));
        }
    }
    for lua in LuaVersion::ALL {
        trials.push(Trial::test(format!("{lua}-speed::mutants::stored bytecode and its images open"), move || {
            case::failed(Built::shared(lua, Profile::Speed).and_then(|built| opens(&built)))
        }));
    }
    for lua in LuaVersion::ALL {
        trials.push(Trial::test(format!("{lua}-speed::mutants::any bytes, as fuzzers give them"), move || {
            case::failed(Built::shared(lua, Profile::Speed).and_then(|built| fuzzed(&built)))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit()
}

fn corpus_of(built: &Built) -> Result<Vec<Seed>> {
    corpus(match built.lua {
        LuaVersion::V54 => Version::Lua54,
        LuaVersion::V55 => Version::Lua55,
    })
}

/// The corpus undamaged: what an earlier release left, functions by their bytecode among it.
fn opens(built: &Built) -> Result<()> {
    const LOOK: &str = "if Memory.arguments then \
        local t = {Memory.arguments(1, 2, 3)}; assert(#t == 7 and t[7] == 3); assert(Memory.loops(3) > 0); \
        assert(#Memory.long() == 60 and Memory.tables(5) == 'f53end') \
        elseif Memory.generator then \
        local function go (name, ...) return select(2, coroutine.resume(Memory[name], ...)) end; \
        assert(go('generator') == 6 and go('generator') == 'end' and go('first') == 12 and go('second') == 22 and go('open') == 1); \
        assert(Memory.shared() == 22 and Memory.raise(4) == 5 and Memory.wrapped('again') == 'again'); \
        assert(go('tail', 8) == 8 and go('new', 9) == 9 and select(2, go('handler')):find('inside')) \
        else assert(Memory.add(1) == Memory.get() and Memory.box:area() == 6) end";
    for seed in corpus_of(built)? {
        for image in [None, Some(seed.image)] {
            let mutant = Mutant { seed: 0, entries: [seed.entries.clone(), witnesses()].concat(), image };
            let looked = damage::open(built, &mutant).and_then(|(mut host, _)| host.run(LOOK));
            looked.with_context(|| seed.path.display().to_string())?;
            damage::check(built, &mutant)?;
        }
    }
    Ok(())
}

/// What the fuzzer's targets do, with damage that knows nothing of formats. They panic where something is wrong.
fn fuzzed(built: &Built) -> Result<()> {
    let read = |folder: &Path, ending: &str| -> Result<Vec<Vec<u8>>> {
        let listing = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
        let mut paths: Vec<PathBuf> = listing.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        paths.retain(|path| path.to_string_lossy().ends_with(ending));
        paths.sort();
        ensure!(!paths.is_empty(), "expected files *{ending} in {}, found none", folder.display());
        paths.iter().map(|path| std::fs::read(path).with_context(|| path.display().to_string())).collect()
    };
    let stored = Path::new(CORPUS).join(built.lua.to_string());
    let chunks = Path::new(CORPUS).join("../../../bytecode/tests/chunks");
    type Target = fn(&Built, &[u8]);
    let targets: [(Target, Vec<Vec<u8>>); 3] = [
        (fuzz::store, read(&stored, ".store")?),
        (fuzz::image, read(&stored, ".image")?),
        (fuzz::bytecode, read(&chunks, "")?),
    ];
    for number in asked(FUZZED)? {
        let mut random = Random::new(number);
        let (target, seeds) = &targets[random.below(targets.len())];
        let mut bytes = seeds[random.below(seeds.len())].clone();
        for _ in 0..random.below(4) {
            let other = &seeds[random.below(seeds.len())];
            damage_bytes(&mut bytes, other, &mut random);
        }
        let given = catch_unwind(AssertUnwindSafe(|| target(built, &bytes)));
        ensure!(given.is_ok(), "the bytes of number {number} do harm");
    }
    Ok(())
}

fn run(built: &Built) -> Result<()> {
    let corpus = corpus_of(built)?;
    let numbers = asked(MUTANTS)?;
    let images = AtomicU64::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let work = |worker: u64| -> Result<()> {
        for number in (numbers.start + worker..numbers.end).step_by(workers as usize) {
            let mutant = mutant(&corpus, number);
            images.fetch_add(mutant.image.is_some().into(), Ordering::Relaxed);
            damage::check(built, &mutant)
                .with_context(|| format!("mutant {number}, of {}", corpus[mutant.seed].path.display()))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(worker))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow!("a worker panicked"))?)
    })?;
    let images = images.load(Ordering::Relaxed);
    println!("{built}: mutants {numbers:?}, {images} of them images");
    Ok(())
}
