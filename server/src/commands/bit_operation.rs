//! Strings combined bit by bit: BITOP.

use store::Key;

use super::{Call, Failure, Outcome};

/// How bits are combined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
}

impl Operation {
    fn parse(argument: &[u8]) -> Result<Self, Failure> {
        let names = [
            ("AND", Self::And),
            ("OR", Self::Or),
            ("XOR", Self::Xor),
            ("NOT", Self::Not),
        ];
        let found = names
            .into_iter()
            .find(|(name, _)| argument.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, operation)| operation).ok_or(Failure::Syntax)
    }

    /// Puts `byte` of another string to a byte of the result.
    fn apply(self, result: &mut u8, byte: u8) {
        match self {
            Self::And => *result &= byte,
            Self::Or => *result |= byte,
            Self::Xor => *result ^= byte,
            Self::Not => *result = !byte,
        }
    }
}

/// `BITOP AND | OR | XOR | NOT destination key [key …]`
pub fn bitop(call: &mut Call<'_, '_>) -> Outcome {
    let operation = Operation::parse(call.args.at(1))?;
    if operation == Operation::Not && call.args.len() != 4 {
        return Err(Failure::Text(
            "ERR BITOP NOT must be called with a single source key.",
        ));
    }
    let keys: Vec<Key<'_>> = (2..call.args.len()).map(|at| call.key(at)).collect();
    let now = call.now;
    let len = call.shards.with_keys(&keys, |shards| {
        let Some((target, sources)) = keys.split_first() else {
            return Err(Failure::Syntax);
        };
        let mut result: Option<Vec<u8>> = None;
        let mut len = 0;
        // The length first, so that strings that end earlier have zeros behind them.
        for source in sources {
            let string = shards.shard(*source).string(*source, now)?;
            len = len.max(string.map_or(0, store::StringRef::len));
        }
        for source in sources {
            let string = shards.shard(*source).string(*source, now)?;
            let bytes = string.map(store::StringRef::to_bytes).unwrap_or_default();
            match &mut result {
                None => {
                    let mut first = bytes.into_owned();
                    first.resize(len, 0);
                    if operation == Operation::Not {
                        for byte in &mut first {
                            *byte = !*byte;
                        }
                    }
                    result = Some(first);
                }
                Some(result) => {
                    let bytes = bytes.iter().copied().chain(std::iter::repeat(0));
                    for (place, byte) in result.iter_mut().zip(bytes) {
                        operation.apply(place, byte);
                    }
                }
            }
        }
        let shard = shards.shard(*target);
        shard.remove(*target, now);
        if len > 0 {
            shard.write_at(*target, 0, &result.unwrap_or_default(), now)?;
        }
        Ok(len)
    })?;
    call.replies.count(len);
    Ok(())
}
