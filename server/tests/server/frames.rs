//! The decoder against a naive one, and however its input is cut.

use proptest::prelude::*;
use server::protocol::{Decoded, Decoder, ProtocolError};

use crate::support::request;

type Requests = Vec<Vec<Vec<u8>>>;

/// Everything that a decoder finds when its input grows to each of `cuts` and then to its end.
fn decode_in_pieces(input: &[u8], cuts: &[usize]) -> (Requests, Option<ProtocolError>) {
    let mut decoder = Decoder::default();
    let (mut requests, mut start) = (Vec::new(), 0);
    for &end in cuts.iter().chain([&input.len()]) {
        loop {
            let frame = &input[start..end.max(start)];
            match decoder.decode(frame) {
                Ok(Decoded::Request { len }) => {
                    let args = decoder.args(frame);
                    requests.push(args.from(0).map(<[u8]>::to_vec).collect());
                    start += len;
                }
                Ok(Decoded::Blank { len }) => start += len,
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

/// The rules in the shortest form, for input that is whole: lines, numbers, slices.
fn decode_naively(mut input: &[u8]) -> (Requests, Option<ProtocolError>) {
    fn line(input: &[u8]) -> Option<(&[u8], &[u8])> {
        let end = input.iter().position(|&byte| byte == b'\r')?;
        Some((&input[..end], input.get(end + 2..)?))
    }
    fn number(text: &[u8]) -> Option<i64> {
        let text = std::str::from_utf8(text).ok()?;
        text.parse::<i64>()
            .ok()
            .filter(|number| number.to_string() == text)
    }
    let mut requests = Vec::new();
    'frames: while input.first() == Some(&b'*') {
        let Some((count, mut rest)) = line(input) else {
            break;
        };
        let Some(count) = number(&count[1..]).filter(|&count| count <= 1 << 20) else {
            return (requests, Some(ProtocolError::InvalidCount));
        };
        let mut arguments = Vec::new();
        for _ in 0..count {
            let Some((header, body)) = line(rest) else {
                break 'frames;
            };
            let Some(length) = header.strip_prefix(b"$") else {
                let marker = *rest.first().unwrap();
                return (requests, Some(ProtocolError::ExpectedBulk(marker)));
            };
            let length = number(length).and_then(|length| usize::try_from(length).ok());
            let Some(length) = length.filter(|&length| length <= 512 << 20) else {
                return (requests, Some(ProtocolError::InvalidLength));
            };
            let (Some(argument), Some(after)) = (body.get(..length), body.get(length + 2..)) else {
                break 'frames;
            };
            arguments.push(argument.to_vec());
            rest = after;
        }
        if !arguments.is_empty() {
            requests.push(arguments);
        }
        input = rest;
    }
    (requests, None)
}

fn argument() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        proptest::collection::vec(any::<u8>(), 95..130),
        "(GET|\r\n|\\*1\r\n|\\$3\r\n)".prop_map(String::into_bytes),
    ]
}

/// A stream of frames, and in half of the cases one byte of it overwritten.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let frame = proptest::collection::vec(argument(), 0..5)
        .prop_map(|arguments| request(&arguments.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    let damage = proptest::option::of((any::<prop::sample::Index>(), any::<u8>()));
    (proptest::collection::vec(frame, 1..6), damage).prop_map(|(frames, damage)| {
        let mut stream = frames.concat();
        if let Some((at, byte)) = damage {
            let at = at.index(stream.len());
            stream[at] = byte;
        }
        stream
    })
}

proptest! {
    #[test]
    fn agrees_with_the_naive_decoder(stream in stream()) {
        // An inline request is no frame: what it means has a test of its own.
        let (requests, error) = decode_in_pieces(&stream, &[]);
        let (expected, expected_error) = decode_naively(&stream);
        prop_assert!(requests.starts_with(&expected));
        if requests.len() == expected.len() {
            let inline = matches!(
                error,
                Some(ProtocolError::InlineTooBig | ProtocolError::UnbalancedQuotes)
            );
            prop_assert!(error == expected_error || inline, "{:?}", error);
        }
    }

    #[test]
    fn decodes_the_same_however_it_is_cut(
        stream in stream(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(decode_in_pieces(&stream, &cuts), decode_in_pieces(&stream, &[]));
    }

    #[test]
    fn any_bytes_decode_or_fail_and_nothing_else(bytes: Vec<u8>) {
        decode_in_pieces(&bytes, &[]);
    }
}

#[test]
fn cut_at_every_byte_into_two_and_into_single_bytes() {
    let long = vec![b'x'; 1234];
    let stream = [
        request(&[b"SET", b"key", b"value\r\n*1"]),
        b"PING \"a b\"\r\n".to_vec(),
        request(&[b"MSET", b"", b"", b"k", &long]),
        b"*0\r\n\r\n".to_vec(),
        request(&[b"GET", b"key"]),
    ]
    .concat();
    let whole = decode_in_pieces(&stream, &[]);
    assert_eq!(whole.0.len(), 4);
    for cut in 0..=stream.len() {
        assert_eq!(decode_in_pieces(&stream, &[cut]), whole, "cut at {cut}");
    }
    let everywhere: Vec<_> = (0..stream.len()).collect();
    assert_eq!(decode_in_pieces(&stream, &everywhere), whole);
}

#[test]
fn a_declared_length_is_told_before_the_bytes_come() {
    let mut decoder = Decoder::default();
    let outcome = decoder.decode(b"*2\r\n$3\r\nGET\r\n$100\r\n");
    assert_eq!(outcome, Ok(Decoded::Partial { need: 121 }));
}

#[test]
fn bounds_hold_to_the_last_number() {
    let decode = |text: &[u8]| Decoder::default().decode(text);
    assert!(matches!(
        decode(b"*1048576\r\n"),
        Ok(Decoded::Partial { .. })
    ));
    assert_eq!(decode(b"*1048577\r\n"), Err(ProtocolError::InvalidCount));
    assert!(matches!(
        decode(b"*1\r\n$536870912\r\n"),
        Ok(Decoded::Partial { .. })
    ));
    assert_eq!(
        decode(b"*1\r\n$536870913\r\n"),
        Err(ProtocolError::InvalidLength)
    );
    assert!(matches!(
        decode(&vec![b'x'; (64 << 10) - 1]),
        Ok(Decoded::Partial { .. })
    ));
    assert_eq!(
        decode(&vec![b'x'; 64 << 10]),
        Err(ProtocolError::InlineTooBig)
    );
}
