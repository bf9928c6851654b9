//! Any bytes, however they are cut, decode to the same requests or fail with the same error.
//!
//! The first two bytes say where the rest is cut.

#![no_main]

use libfuzzer_sys::fuzz_target;
use server::protocol::{Decoded, Decoder, ProtocolError};

type Outcome = (Vec<Vec<Vec<u8>>>, Option<ProtocolError>);

/// What a decoder finds when its input grows to each of `ends`.
fn decode(input: &[u8], ends: &[usize]) -> Outcome {
    let mut decoder = Decoder::default();
    let (mut requests, mut start) = (Vec::new(), 0);
    for &end in ends {
        loop {
            let frame = &input[start..end.max(start)];
            match decoder.decode(frame) {
                Ok(Decoded::Request { len }) => {
                    assert!((1..=frame.len()).contains(&len));
                    let args = decoder.args(frame);
                    requests.push(args.from(0).map(<[u8]>::to_vec).collect());
                    start += len;
                }
                Ok(Decoded::Blank { len }) => {
                    assert!((1..=frame.len()).contains(&len));
                    start += len;
                }
                Ok(Decoded::Partial { need }) => {
                    assert!(need > frame.len(), "{need} bytes are there already");
                    break;
                }
                Err(error) => return (requests, Some(error)),
            }
        }
    }
    (requests, None)
}

fuzz_target!(|bytes: &[u8]| {
    let [a, b, input @ ..] = bytes else { return };
    let cut = usize::from(u16::from_be_bytes([*a, *b])) % (input.len() + 1);
    let whole = decode(input, &[input.len()]);
    assert_eq!(decode(input, &[cut, input.len()]), whole, "cut at {cut}");
    let step = usize::from(*a % 7) + 1;
    let ends: Vec<usize> = (0..input.len())
        .step_by(step)
        .chain([input.len()])
        .collect();
    assert_eq!(decode(input, &ends), whole, "cut every {step} bytes");
});
