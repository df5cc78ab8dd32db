//! What web servers send: gzip and brotli at their best levels; and a model of what such a compressor makes of single bytes.
//!
//! A crate of its own since the compressors are generic: their code is compiled into the crate that calls them, and the
//! workspace optimises this one although it does not optimise the toolchain.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};

pub mod model;

/// Brotli's highest quality and the window that web servers use (2^22 bytes).
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;
const BROTLI_BUFFER: usize = 1 << 16;

/// `bytes` after gzip at level 9.
///
/// # Errors
/// When the compressor fails, which writing to memory never made it do.
pub fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// `bytes` after brotli at quality 11 with a window of 2^22 bytes.
///
/// # Errors
/// When the compressor fails, which writing to memory never made it do.
pub fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut compressed, BROTLI_BUFFER, BROTLI_QUALITY, BROTLI_WINDOW);
    encoder.write_all(bytes)?;
    encoder.flush()?;
    // The last block is written when the encoder goes.
    drop(encoder);
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_compressed_can_be_read_again() {
        let text = "to and fro ".repeat(1_000);
        let mut back = String::new();
        flate2::read::GzDecoder::new(&gzip(text.as_bytes()).unwrap()[..]).read_to_string(&mut back).unwrap();
        assert_eq!(back, text);
        back.clear();
        brotli::Decompressor::new(&brotli(text.as_bytes()).unwrap()[..], 4096).read_to_string(&mut back).unwrap();
        assert_eq!(back, text);
    }
}
