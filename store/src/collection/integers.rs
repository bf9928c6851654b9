//! Integers in ascending order, all of the same width.
//!
//! ```text
//! │ width 1 │ width bytes │ width bytes │ …      width 1 to 8, little-endian, sign-extended
//! ```
//!
//! The width is the least that holds every integer when the last one that needed more came. Five
//! integers below 2²³ take 16 bytes. They are searched by halves.

use super::element::{read_integer, sign_extended};

/// Integers, the width first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Integers<'a>(pub(crate) &'a [u8]);

/// The widths; a first byte of 0 tells a set of other members.
pub(crate) const WIDTH_MAX: u8 = 8;

fn width_of(number: i64) -> u8 {
    let fits = |width: &u8| sign_extended(number, u32::from(*width) * 8) == number;
    (1..WIDTH_MAX).find(fits).unwrap_or(WIDTH_MAX)
}

impl<'a> Integers<'a> {
    fn parts(self) -> (usize, &'a [u8]) {
        match self.0.split_first() {
            Some((width, rest)) => (usize::from((*width).clamp(1, WIDTH_MAX)), rest),
            None => (1, &[]),
        }
    }

    pub(crate) fn len(self) -> usize {
        let (width, rest) = self.parts();
        rest.len() / width
    }

    pub(crate) fn nth(self, at: usize) -> Option<i64> {
        let (width, rest) = self.parts();
        let bytes = rest.get(at * width..(at + 1) * width)?;
        Some(read_integer(bytes))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = i64> + use<'a> {
        let (width, rest) = self.parts();
        rest.chunks_exact(width).map(read_integer)
    }

    /// Where `number` is, or where it would be.
    pub(crate) fn find(self, number: i64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.nth(middle) {
                Some(there) if there < number => low = middle + 1,
                Some(there) if there == number => return Ok(middle),
                _ => high = middle,
            }
        }
        Err(low)
    }
}

/// Adds a number; `None` where it is there already.
pub(crate) fn insert(bytes: &mut Vec<u8>, number: i64) -> Option<()> {
    let at = Integers(bytes).find(number).err()?;
    let (width, _) = Integers(bytes).parts();
    let need = width_of(number);
    if bytes.is_empty() {
        bytes.push(need);
    } else if usize::from(need) > width {
        let mut wide = vec![need];
        for number in Integers(bytes).iter() {
            wide.extend(number.to_le_bytes().iter().take(need.into()));
        }
        *bytes = wide;
    }
    let (width, _) = Integers(bytes).parts();
    let start = 1 + at * width;
    bytes.splice(start..start, number.to_le_bytes().into_iter().take(width));
    Some(())
}

/// Removes a number; `None` where it is not there.
pub(crate) fn remove(bytes: &mut Vec<u8>, number: i64) -> Option<()> {
    let at = Integers(bytes).find(number).ok()?;
    let (width, _) = Integers(bytes).parts();
    let start = 1 + at * width;
    bytes.drain(start..start + width);
    Some(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn five_integers_are_as_drawn() {
        let mut bytes = Vec::new();
        for number in [100_000, 899_999, -8_388_608, 8_388_607, 0] {
            assert_eq!(insert(&mut bytes, number), Some(()));
        }
        assert_eq!(bytes.len(), 16);
    }

    proptest! {
        #[test]
        fn integers_are_an_ordered_set(
            steps in prop::collection::vec((any::<bool>(), any::<i64>(), 0_u32..64), 0..60),
        ) {
            let (mut bytes, mut model) = (Vec::new(), BTreeSet::new());
            for (add, number, shift) in steps {
                let number = number >> shift;
                if add {
                    prop_assert_eq!(insert(&mut bytes, number).is_some(), model.insert(number));
                } else {
                    prop_assert_eq!(remove(&mut bytes, number).is_some(), model.remove(&number));
                }
                let integers = Integers(&bytes);
                prop_assert!(integers.iter().eq(model.iter().copied()));
                prop_assert_eq!(integers.len(), model.len());
                for (at, number) in model.iter().enumerate() {
                    prop_assert_eq!(integers.find(*number), Ok(at));
                    prop_assert_eq!(integers.nth(at), Some(*number));
                }
            }
        }
    }
}
