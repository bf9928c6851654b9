//! SLOWLOG: requests that took long.
//!
//! Commands that take constant or logarithmic time are not timed, nor is SET, for a look at the clock costs a
//! tenth of what they do; unless `slowlog-log-slower-than` is below its default, or LATENCY is asked for.

use super::{Call, Failure, Outcome};
use crate::protocol::parse_integer;

/// Requests that `SLOWLOG GET` answers if it does not say how many.
const COUNT_DEFAULT: usize = 10;

/// `SLOWLOG GET [count]`
pub fn get(call: &mut Call<'_, '_>) -> Outcome {
    let count = match call.args.len() {
        2 => COUNT_DEFAULT,
        3 => match parse_integer(call.args.at(2)).filter(|count| *count >= -1) {
            Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
            None => {
                return Err(Failure::Text(
                    "ERR count should be greater than or equal to -1",
                ));
            }
        },
        _ => {
            let typed = call.args.at(1);
            return Err(Failure::quoting(&[
                b"ERR unknown subcommand or wrong number of arguments for '",
                typed,
                b"'. Try SLOWLOG HELP.",
            ]));
        }
    };
    let requests = call.state.slowness.last(count);
    let integer = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    call.replies.array(requests.len());
    for request in requests {
        call.replies.array(6);
        call.replies.integer(integer(request.number));
        call.replies.integer(integer(request.at.0 / 1000));
        call.replies.integer(integer(request.took_us));
        call.replies.array(request.arguments.len());
        for argument in &request.arguments {
            call.replies.bulk(argument);
        }
        call.replies.bulk(request.address.as_bytes());
        call.replies.bulk(&request.name);
    }
    Ok(())
}

/// `SLOWLOG LEN`
pub fn len(call: &mut Call<'_, '_>) -> Outcome {
    call.replies.count(call.state.slowness.len());
    Ok(())
}

/// `SLOWLOG RESET`
pub fn reset(call: &mut Call<'_, '_>) -> Outcome {
    call.state.slowness.clear();
    call.replies.ok();
    Ok(())
}
