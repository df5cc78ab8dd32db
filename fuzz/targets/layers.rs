//! Any bytes below a layer of a store: an error, or a value; and any value comes back as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use moonwright_store::{Authentication, Compression, Encryption, Layer};

fuzz_target!(|bytes: &[u8]| {
    let key = [7; 32];
    let layers: [Box<dyn Layer>; 3] =
        [Box::new(Compression::from(0)), Box::new(Authentication::new(&key)), Box::new(Encryption::new(&key))];
    for layer in layers {
        let _ = layer.decode(1, b"key", bytes.to_vec());
        let stored = layer.encode(1, b"key", bytes.to_vec()).expect("a value");
        assert_eq!(layer.decode(1, b"key", stored).expect("its own value"), bytes);
    }
});
