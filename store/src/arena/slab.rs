//! Things with numbers: a vector whose vacant places are chained, so that numbers are used again.

use super::OutOfMemory;
use crate::size_class::allocated;

/// Things by number.
#[derive(Debug, Clone)]
pub(crate) struct Slab<T> {
    places: Vec<Place<T>>,
    /// The first vacant place, if any.
    vacant: Option<u32>,
    len: u32,
    limit: u32,
}

#[derive(Debug, Clone)]
enum Place<T> {
    Taken(T),
    /// With the next vacant place.
    Vacant(Option<u32>),
}

impl<T> Slab<T> {
    /// An empty slab, for at most `limit` things.
    pub(crate) const fn new(limit: u32) -> Self {
        Self {
            places: Vec::new(),
            vacant: None,
            len: 0,
            limit,
        }
    }

    pub(crate) fn insert(&mut self, thing: T) -> Result<u32, OutOfMemory> {
        self.reserve()?;
        Ok(self.insert_reserved(thing))
    }

    /// Makes room for one thing.
    pub(crate) fn reserve(&mut self) -> Result<(), OutOfMemory> {
        if self.vacant.is_some() {
            return Ok(());
        }
        if self.places.len() >= self.limit as usize {
            return Err(OutOfMemory);
        }
        self.places.try_reserve(1).map_err(|_| OutOfMemory)
    }

    /// Puts in the one thing that there was [room made](Self::reserve) for.
    pub(crate) fn insert_reserved(&mut self, thing: T) -> u32 {
        self.len += 1;
        if let Some(number) = self.vacant
            && let Some(place @ Place::Vacant(_)) = self.places.get_mut(number as usize)
        {
            if let Place::Vacant(next) = std::mem::replace(place, Place::Taken(thing)) {
                self.vacant = next;
            }
            return number;
        }
        let number = u32::try_from(self.places.len());
        debug_assert!(number.is_ok(), "the limit is a number of 32 bits");
        self.places.push(Place::Taken(thing));
        number.unwrap_or(u32::MAX)
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        match self.places.get(number as usize)? {
            Place::Taken(thing) => Some(thing),
            Place::Vacant(_) => None,
        }
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        match self.places.get_mut(number as usize)? {
            Place::Taken(thing) => Some(thing),
            Place::Vacant(_) => None,
        }
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        let place = self.places.get_mut(number as usize)?;
        if matches!(place, Place::Vacant(_)) {
            return None;
        }
        let Place::Taken(thing) = std::mem::replace(place, Place::Vacant(self.vacant)) else {
            return None;
        };
        self.vacant = Some(number);
        self.len -= 1;
        if self.len == 0 {
            self.places = Vec::new();
            self.vacant = None;
        }
        Some(thing)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().filter_map(|place| match place {
            Place::Taken(thing) => Some(thing),
            Place::Vacant(_) => None,
        })
    }

    /// Bytes of the vector, as the allocator rounds them; what the things own is not in it.
    pub(crate) const fn heap_bytes(&self) -> usize {
        allocated(self.asked_bytes())
    }

    /// The same before the allocator rounds them.
    pub(crate) const fn asked_bytes(&self) -> usize {
        self.places.capacity() * size_of::<Place<T>>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::Slab;

    proptest! {
        #[test]
        fn numbers_keep_their_things(steps in prop::collection::vec((0_u8..3, 0_u32..12), 1..200)) {
            let mut slab = Slab::new(8);
            let mut model = HashMap::new();
            for (number, (step, at)) in (0_u32..).zip(steps) {
                if step > 0 {
                    if let Ok(place) = slab.insert(number) {
                        prop_assert!(model.insert(place, number).is_none());
                    } else {
                        prop_assert_eq!(model.len(), 8);
                    }
                } else {
                    prop_assert_eq!(slab.remove(at), model.remove(&at));
                }
                for at in 0..12 {
                    prop_assert_eq!(slab.get(at), model.get(&at));
                    prop_assert_eq!(slab.get_mut(at).copied(), model.get(&at).copied());
                }
                prop_assert_eq!(slab.iter().count(), model.len());
            }
        }
    }
}
