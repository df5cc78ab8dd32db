//! An estimate of what single bytes cost after compression.

/// The longest context that a byte is predicted from, in bytes.
const CONTEXT: usize = 5;
/// Of the tables of counts, whose entries are found by hashes.
const TABLE_BITS: u32 = 20;
/// What stands before a text's first byte.
const START: u8 = 0xff;

/// What is known of many texts: how often each byte came after which bytes. It predicts a byte from those before it, the longest
/// context that it has seen first, as a compressor does that finds repetitions.
pub struct Model {
    /// By length of the context, and the context: how often it occurred.
    contexts: Vec<Vec<u32>>,
    /// The same with the byte after it.
    bytes: Vec<Vec<u32>>,
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// Knows nothing yet.
    pub fn new() -> Self {
        let tables = || vec![vec![0; 1 << TABLE_BITS]; CONTEXT + 1];
        Self { contexts: tables(), bytes: tables() }
    }

    /// Learns `text`.
    pub fn add(&mut self, text: &[u8]) {
        self.count(text, 1);
    }

    /// Forgets `text`, which it has learnt before.
    pub fn remove(&mut self, text: &[u8]) {
        self.count(text, -1);
    }

    fn count(&mut self, text: &[u8], by: i32) {
        for at in 0..text.len() {
            for (length, context) in contexts(text, at).enumerate() {
                let times = &mut self.contexts[length][slot(context)];
                *times = times.wrapping_add_signed(by);
                let times = &mut self.bytes[length][slot(with(context, text[at]))];
                *times = times.wrapping_add_signed(by);
            }
        }
    }

    /// What the bytes of `text` at these places cost, in units of 2^-20 bits: the same on every machine, so no logarithm of the C
    /// library is in it, but one that is linear between powers of two.
    pub fn cost(&self, text: &[u8], places: impl IntoIterator<Item = usize>) -> u64 {
        places.into_iter().map(|at| self.cost_at(text, at)).sum()
    }

    fn cost_at(&self, text: &[u8], at: usize) -> u64 {
        let mut likely = 1.0 / 256.0;
        for (length, context) in contexts(text, at).enumerate() {
            let times = self.contexts[length][slot(context)];
            if times == 0 {
                break;
            }
            let here = self.bytes[length][slot(with(context, text[at]))];
            // Hashes collide: a byte may seem to be there more often than its context.
            likely = (f64::from(here.min(times)) + likely) / (f64::from(times) + 1.0);
        }
        const ONE: u64 = 1.0f64.to_bits() >> 32;
        ONE.saturating_sub(likely.to_bits() >> 32)
    }
}

/// How far on a byte has an effect on what is predicted.
pub const REACH: usize = CONTEXT;

/// Hashes of the contexts of the byte at `at`, from none up to the longest.
fn contexts(text: &[u8], at: usize) -> impl Iterator<Item = u64> {
    let before = (1..=CONTEXT).map(move |back| at.checked_sub(back).map_or(START, |index| text[index]));
    std::iter::once(0).chain(before.scan(0, |hash, byte| {
        *hash = with(*hash, byte);
        Some(*hash)
    }))
}

fn with(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte).wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

fn slot(hash: u64) -> usize {
    (hash.wrapping_mul(0xff51_afd7_ed55_8ccd) >> (64 - TABLE_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_costs_less_until_it_is_forgotten() {
        let text = b"local.get 0 local.get 1";
        let all = || 0..text.len();
        let mut model = Model::new();
        let new = model.cost(text, all());
        assert_eq!(new >> 20, 8 * text.len() as u64, "nothing is known of any byte");
        model.add(text);
        model.add(text);
        let known = model.cost(text, all());
        assert!(known < new / 4, "{known} of {new}");
        model.remove(text);
        model.remove(text);
        assert_eq!(model.cost(text, all()), new);
    }
}
