//! `maxmemory-policy`: which keys go when memory is short, by Redis's names.

use store::{EvictionOrder, EvictionPolicy, EvictionScope};

/// A policy by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of maxmemory-policy")]
pub enum Policy {
    VolatileLru,
    VolatileLfu,
    VolatileRandom,
    VolatileTtl,
    AllkeysLru,
    AllkeysLfu,
    AllkeysRandom,
    #[default]
    Noeviction,
}

impl Policy {
    /// Every policy with its name, in the order in which Redis lists them.
    pub const ALL: [(&'static str, Self); 8] = [
        ("volatile-lru", Self::VolatileLru),
        ("volatile-lfu", Self::VolatileLfu),
        ("volatile-random", Self::VolatileRandom),
        ("volatile-ttl", Self::VolatileTtl),
        ("allkeys-lru", Self::AllkeysLru),
        ("allkeys-lfu", Self::AllkeysLfu),
        ("allkeys-random", Self::AllkeysRandom),
        ("noeviction", Self::Noeviction),
    ];

    /// The policy called `name`, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let named = Self::ALL.into_iter();
        let mut named = named.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map(|(_, policy)| policy)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let named = Self::ALL.into_iter().find(|(_, policy)| *policy == self);
        named.map_or("noeviction", |(name, _)| name)
    }

    /// What the store is to do; `None` if no key is ever evicted.
    #[must_use]
    pub const fn eviction(self) -> Option<EvictionPolicy> {
        let (order, scope) = match self {
            Self::VolatileLru => (EvictionOrder::LeastRecent, EvictionScope::Expiring),
            Self::VolatileLfu => (EvictionOrder::LeastFrequent, EvictionScope::Expiring),
            Self::VolatileRandom => (EvictionOrder::Random, EvictionScope::Expiring),
            Self::VolatileTtl => (EvictionOrder::SoonestExpiry, EvictionScope::Expiring),
            Self::AllkeysLru => (EvictionOrder::LeastRecent, EvictionScope::Every),
            Self::AllkeysLfu => (EvictionOrder::LeastFrequent, EvictionScope::Every),
            Self::AllkeysRandom => (EvictionOrder::Random, EvictionScope::Every),
            Self::Noeviction => return None,
        };
        Some(EvictionPolicy { order, scope })
    }
}

#[cfg(test)]
mod tests {
    use super::Policy;

    #[test]
    fn every_policy_is_found_by_its_name() {
        for (name, policy) in Policy::ALL {
            assert_eq!(Policy::named(&name.to_uppercase()), Some(policy));
            assert_eq!(policy.name(), name);
        }
        assert_eq!(Policy::named("allkeys"), None);
    }
}
