//! How many bytes jemalloc hands out for a request.
//!
//! ```text
//! 1..=8 → 8 · 9..=16 → 16 · then four classes for every doubling:
//! 16 32 48 64 │ 80 96 112 128 │ 160 192 224 256 │ 320 384 448 512 │ …
//! ```
//!
//! Example: 65 bytes lie in the doubling (64, 128], whose step is 16: class 80.
//! Source: jemalloc's `include/jemalloc/internal/sc.h`, with `SC_LG_NGROUP` = 2 and a quantum of 16.
//! Large classes go on in the same way, because the servers switch cache-oblivious padding off.

/// The size of the allocation that holds `bytes`; 0 for 0, which allocates nothing.
pub(crate) const fn allocated(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        1..=8 => 8,
        9..=128 => bytes.next_multiple_of(16),
        // A doubling (2^k, 2^(k+1)] has four classes: the step is 2^(k-2).
        _ => bytes.next_multiple_of(1 << ((bytes - 1).ilog2() - 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::allocated;

    #[test]
    fn classes_are_those_of_jemalloc() {
        let classes = [
            8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768,
            896, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192,
            10240, 12288, 14336, 16384, 20480, 24576, 28672, 32768, 40960,
        ];
        let mut below = 0;
        for class in classes {
            assert_eq!(allocated(below + 1), class);
            assert_eq!(allocated(class), class);
            below = class;
        }
        assert_eq!(allocated(0), 0);
        assert_eq!(allocated(8 << 20), 8 << 20);
        assert_eq!(allocated((8 << 20) + 1), 10 << 20);
    }
}
