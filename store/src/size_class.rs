//! How many bytes jemalloc hands out for a request.
//!
//! ```text
//! 1..=8 → 8 · 9..=16 → 16 · then four classes for every doubling, to 14 KiB:
//! 16 32 48 64 │ 80 96 112 128 │ 160 192 224 256 │ … │ 10240 12288 14336 · then whole pages of 4 KiB
//! ```
//!
//! Example: 65 bytes lie in the doubling (64, 128], whose step is 16: class 80.
//! Source: `sz_s2u_compute` in jemalloc 5.3.1's `include/jemalloc/internal/sz.h`, with its default
//! options `SC_LG_NGROUP` = 2, `LG_QUANTUM` = 4, pages of 4 KiB, `disable_large_size_classes`, and no
//! cache-oblivious padding, which the server's build switches off.

/// The largest small class, in bytes: above it only pages count.
const SMALL_MAX: usize = 14 << 10;
/// A page of the allocator, in bytes.
const PAGE: usize = 4 << 10;

/// The size of the allocation that holds `bytes`; 0 for 0, which allocates nothing.
pub(crate) const fn allocated(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        1..=8 => 8,
        9..=128 => bytes.next_multiple_of(16),
        // A doubling (2^k, 2^(k+1)] has four classes: the step is 2^(k-2). Shifted there and back,
        // because the compiler would divide by a step that it does not know to be a power of two.
        129..=SMALL_MAX => {
            let step_bits = (bytes - 1).ilog2() - 2;
            (((bytes - 1) >> step_bits) + 1) << step_bits
        }
        _ => bytes.next_multiple_of(PAGE),
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
            10240, 12288, 14336, 16384, 20480, 24576, 28672, 32768, 36864, 40960,
        ];
        let mut below = 0;
        for class in classes {
            assert_eq!(allocated(below + 1), class);
            assert_eq!(allocated(class), class);
            below = class;
        }
        assert_eq!(allocated(0), 0);
        assert_eq!(allocated((8 << 20) + 1), (8 << 20) + 4096);
    }
}
