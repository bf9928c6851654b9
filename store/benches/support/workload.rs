//! Keys, values and orders, the same for every design and in every run.

/// The time at which everything happens, in milliseconds.
pub(crate) const NOW: u64 = 1_700_000_000_000;

/// Bytes of a key.
pub(crate) const KEY_LEN: usize = 16;

/// `key:000000000007`.
pub(crate) fn key(number: u32) -> [u8; KEY_LEN] {
    let mut key = *b"key:000000000000";
    let (mut rest, mut at) = (number, KEY_LEN);
    while rest > 0 {
        at -= 1;
        key[at] = b'0' + u8::try_from(rest % 10).unwrap();
        rest /= 10;
    }
    key
}

/// A generator of numbers (`SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct Random(pub u64);

impl Random {
    /// Any number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        (((self.draw() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// The numbers below `end` in a random order.
    pub(crate) fn order(&mut self, end: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..end).collect();
        for at in (1..end).rev() {
            order.swap(at as usize, self.below(at + 1) as usize);
        }
        order
    }
}

/// Bytes that values are cut from: 64 KiB of letters.
pub(crate) fn letters() -> Vec<u8> {
    let mut random = Random(7);
    (0..1 << 16)
        .map(|_| b'a' + u8::try_from(random.below(26)).unwrap())
        .collect()
}
