//! The server as one of several, and its clock: WAIT, SWAPDB, TIME.

use super::{Call, Failure, Outcome};
use crate::protocol::parse_integer;

/// `WAIT replicas timeout`; there are no replicas, and none can come, so that there is nothing to wait for
pub fn wait(call: &mut Call<'_, '_>) -> Outcome {
    call.integer(1)?;
    let timeout = parse_integer(call.args.at(2)).ok_or(Failure::Text(
        "ERR timeout is not an integer or out of range",
    ))?;
    if timeout < 0 {
        return Err(Failure::Text("ERR timeout is negative"));
    }
    call.replies.integer(0);
    Ok(())
}

/// `SWAPDB index index`; there is one database
pub fn swapdb(call: &mut Call<'_, '_>) -> Outcome {
    let index = |at: usize, text| {
        let index = parse_integer(call.args.at(at)).and_then(|index| i32::try_from(index).ok());
        index.ok_or(Failure::Text(text))
    };
    let first = index(1, "ERR invalid first DB index")?;
    let second = index(2, "ERR invalid second DB index")?;
    if (first, second) != (0, 0) {
        return Err(Failure::Text("ERR DB index is out of range"));
    }
    call.replies.ok();
    Ok(())
}

/// `TIME`: seconds since the epoch, and microseconds
pub fn time(call: &mut Call<'_, '_>) -> Outcome {
    let seconds = call.now.0 / 1000;
    let microseconds = call.now.0 % 1000 * 1000;
    call.replies.array(2);
    for number in [seconds, microseconds] {
        let mut digits = itoa::Buffer::new();
        call.replies.bulk(digits.format(number).as_bytes());
    }
    Ok(())
}
