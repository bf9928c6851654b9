//! Expiry: EXPIRE and its kin, TTL, PTTL, EXPIRETIME, PEXPIRETIME, PERSIST; and the times in `SET`.
//!
//! A time is given in seconds or milliseconds, from the batch's time on or since the epoch. `SET`
//! takes only times above zero; `EXPIRE` takes any, and one that has passed removes the key.

use store::{ExpirySet, Millis};

use super::{Call, Failure, Outcome};
use crate::protocol::parse_integer;

/// How a number says when: its unit, and where it counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    /// `EX`: seconds from the batch's time on.
    Seconds,
    /// `PX`: milliseconds from the batch's time on.
    Millis,
    /// `EXAT`: seconds since the epoch.
    AtSeconds,
    /// `PXAT`: milliseconds since the epoch.
    AtMillis,
}

impl Clause {
    /// The clause that an option of `SET` begins.
    pub(super) fn parse(option: &[u8]) -> Option<Self> {
        [
            ("EX", Self::Seconds),
            ("PX", Self::Millis),
            ("EXAT", Self::AtSeconds),
            ("PXAT", Self::AtMillis),
        ]
        .into_iter()
        .find_map(|(name, clause)| {
            option
                .eq_ignore_ascii_case(name.as_bytes())
                .then_some(clause)
        })
    }

    /// When `number`, which must be above zero, says.
    pub(super) fn resolve(
        self,
        number: &[u8],
        now: Millis,
        command: &'static str,
    ) -> Result<Millis, Failure> {
        let number = parse_integer(number).ok_or(Failure::NotAnInteger)?;
        self.instant(number, now)
            .filter(|_| number > 0)
            .and_then(|instant| u64::try_from(instant).ok())
            .map(Millis)
            .ok_or(Failure::ExpireTime(command))
    }

    /// When `number` says, in milliseconds since the epoch; `None` beyond 64 bits.
    fn instant(self, number: i64, now: Millis) -> Option<i64> {
        let now = i64::try_from(now.0).ok()?;
        match self {
            Self::Seconds => number.checked_mul(1000)?.checked_add(now),
            Self::Millis => number.checked_add(now),
            Self::AtSeconds => number.checked_mul(1000),
            Self::AtMillis => Some(number),
        }
    }
}

/// `EXPIRE key seconds [NX | XX | GT | LT]`
pub fn expire(call: &mut Call<'_, '_>) -> Outcome {
    set_expiry(call, Clause::Seconds, "expire")
}

/// `PEXPIRE key milliseconds [NX | XX | GT | LT]`
pub fn pexpire(call: &mut Call<'_, '_>) -> Outcome {
    set_expiry(call, Clause::Millis, "pexpire")
}

/// `EXPIREAT key seconds [NX | XX | GT | LT]`
pub fn expireat(call: &mut Call<'_, '_>) -> Outcome {
    set_expiry(call, Clause::AtSeconds, "expireat")
}

/// `PEXPIREAT key milliseconds [NX | XX | GT | LT]`
pub fn pexpireat(call: &mut Call<'_, '_>) -> Outcome {
    set_expiry(call, Clause::AtMillis, "pexpireat")
}

/// Which expiry a key must have before it gets another one. A key that stays counts as one that
/// expires after every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    None,
    Some,
    Later,
    Earlier,
}

impl Condition {
    fn parse(option: &[u8]) -> Result<Self, Failure> {
        match option.to_ascii_uppercase().as_slice() {
            b"NX" => Ok(Self::None),
            b"XX" => Ok(Self::Some),
            b"GT" => Ok(Self::Later),
            b"LT" => Ok(Self::Earlier),
            _ => Err(Failure::quoting(&[b"ERR Unsupported option ", option])),
        }
    }

    fn parse_all(call: &Call<'_, '_>) -> Result<Vec<Self>, Failure> {
        let all: Vec<_> = call
            .args
            .from(3)
            .map(Self::parse)
            .collect::<Result<_, _>>()?;
        let any = |condition| all.contains(&condition);
        if any(Self::None) && (any(Self::Some) || any(Self::Later) || any(Self::Earlier)) {
            return Err(Failure::Text(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if any(Self::Later) && any(Self::Earlier) {
            return Err(Failure::Text(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(all)
    }

    fn holds(self, current: Option<Millis>, instant: i64) -> bool {
        let current = current.map(|current| i64::try_from(current.0).unwrap_or(i64::MAX));
        match self {
            Self::None => current.is_none(),
            Self::Some => current.is_some(),
            Self::Later => current.is_some_and(|current| instant > current),
            Self::Earlier => current.is_none_or(|current| instant < current),
        }
    }
}

fn set_expiry(call: &mut Call<'_, '_>, clause: Clause, name: &'static str) -> Outcome {
    let conditions = Condition::parse_all(call)?;
    let number = call.integer(2)?;
    let instant = clause
        .instant(number, call.now)
        .ok_or(Failure::ExpireTime(name))?;
    let (key, now) = (call.key(1), call.now);
    let set = call.shards.with(key, |shard| {
        let Some(current) = shard.expiry(key, now) else {
            return Ok(0);
        };
        if !conditions
            .iter()
            .all(|condition| condition.holds(current, instant))
        {
            return Ok(0);
        }
        // Before the epoch is as long past as the epoch itself.
        let at = Millis(u64::try_from(instant).unwrap_or_default());
        Ok::<_, Failure>(match shard.set_expiry(key, at, now)? {
            ExpirySet::NoKey => 0,
            ExpirySet::Set | ExpirySet::Removed => 1,
        })
    })?;
    call.replies.integer(set);
    Ok(())
}

/// `TTL key`: seconds, rounded to the nearest
pub fn ttl(call: &mut Call<'_, '_>) -> Outcome {
    expiry_of(call, |at, now| (at.0.saturating_sub(now.0) + 500) / 1000);
    Ok(())
}

/// `PTTL key`: milliseconds
pub fn pttl(call: &mut Call<'_, '_>) -> Outcome {
    expiry_of(call, |at, now| at.0.saturating_sub(now.0));
    Ok(())
}

/// Answers -2 where there is no key, and -1 where it stays.
fn expiry_of(call: &mut Call<'_, '_>, number: impl FnOnce(Millis, Millis) -> u64) {
    let (key, now) = (call.key(1), call.now);
    let expiry = call.shards.with(key, |shard| shard.expiry(key, now));
    call.tally.read(expiry.as_ref());
    call.replies.integer(match expiry {
        None => -2,
        Some(None) => -1,
        Some(Some(at)) => i64::try_from(number(at, now)).unwrap_or(i64::MAX),
    });
}

/// `EXPIRETIME key`: seconds since the epoch, rounded to the nearest
pub fn expiretime(call: &mut Call<'_, '_>) -> Outcome {
    expiry_of(call, |at, _| (at.0 + 500) / 1000);
    Ok(())
}

/// `PEXPIRETIME key`: milliseconds since the epoch
pub fn pexpiretime(call: &mut Call<'_, '_>) -> Outcome {
    expiry_of(call, |at, _| at.0);
    Ok(())
}

/// `PERSIST key`
pub fn persist(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now) = (call.key(1), call.now);
    let persisted = call.shards.with(key, |shard| shard.persist(key, now));
    call.replies.integer(i64::from(persisted));
    Ok(())
}
