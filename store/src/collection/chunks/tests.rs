//! What stays where it is while elements come and go, and what a list takes.

use super::*;

fn of(count: usize) -> Chunks {
    let mut chunks = Chunks::default();
    (0..count).for_each(|number| chunks.push(End::Back, format!("{number:08}x").as_bytes()));
    chunks.assert_counters();
    chunks
}

fn all(chunks: &Chunks) -> Vec<Vec<u8>> {
    chunks
        .iter_from(0)
        .map(|it| it.to_bytes().into_owned())
        .collect()
}

fn addresses(chunks: &Chunks) -> Vec<*const u8> {
    let addresses = chunks.deque.iter().map(|chunk| chunk.bytes.as_ptr());
    addresses.collect()
}

#[test]
fn to_trim_a_list_touches_no_chunk_that_stays_whole() {
    let mut chunks = of(10_000);
    let before = addresses(&chunks);
    chunks.trim(&(1..9_999));
    let after = addresses(&chunks);
    assert_eq!(after.len(), before.len());
    assert_eq!(after[1..after.len() - 1], before[1..before.len() - 1]);
    chunks.trim(&(999..5_999));
    let after = addresses(&chunks);
    assert!(
        before
            .windows(after.len() - 2)
            .any(|row| *row == after[1..after.len() - 1])
    );
    chunks.assert_counters();
    assert!(all(&chunks) == all(&of(10_000))[1_000..6_000]);
}

#[test]
fn to_remove_equal_elements_touches_no_chunk_that_has_none() {
    let mut chunks = of(10_000);
    for at in [200, 5_000, 9_800] {
        chunks.set(at, b"gone");
    }
    for (end, changed) in [(End::Front, 200), (End::Back, 9_800)] {
        let there = addresses(&chunks);
        assert_eq!(chunks.remove_equal(b"gone", end, 1), 1);
        chunks.assert_counters();
        let after = addresses(&chunks);
        let differ = there.iter().zip(&after).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 1);
        let changed = changed / CHUNK_LEN as usize;
        assert_ne!(there[changed], after[changed]);
    }
    assert_eq!(chunks.remove_equal(b"gone", End::Front, usize::MAX), 1);
    assert_eq!(chunks.len(), 9_997);
    for number in 0..10_000 {
        let text = format!("{number:08}x");
        let gone = chunks.remove_equal(text.as_bytes(), End::Front, usize::MAX);
        assert_eq!(gone, usize::from(![200, 5_000, 9_800].contains(&number)));
    }
    chunks.assert_counters();
    assert_eq!((chunks.len(), chunks.heap_bytes()), (0, 0));
}

#[test]
fn a_long_element_is_not_moved_for_those_beside_it() {
    let long = vec![b'l'; 100_000];
    let mut chunks = of(1_000);
    chunks.insert(500, &long);
    chunks.assert_counters();
    let place_of = |chunks: &Chunks| {
        let mut all = chunks.deque.iter();
        let chunk = all.find(|chunk| chunk.bytes.len() > long.len()).unwrap();
        (chunk.bytes.as_ptr(), chunk.len)
    };
    let before = place_of(&chunks);
    assert_eq!(before.1, 1);
    for _ in 0..300 {
        let at = chunks
            .iter_from(0)
            .position(|it| it.len() == long.len())
            .unwrap();
        chunks.insert(at, b"before it");
        chunks.insert(at + 2, b"after it");
        chunks.assert_counters();
        assert_eq!(place_of(&chunks), before);
    }
    let few = chunks.len() / CHUNK_LEN as usize * 3;
    assert!(chunks.deque.len() <= few, "{} chunks", chunks.deque.len());
    while chunks.get(0).unwrap().len() < long.len() {
        chunks.pop(End::Front);
        assert_eq!(place_of(&chunks), before);
    }
    while chunks.len() > 1 {
        chunks.pop(End::Back);
        assert_eq!(place_of(&chunks), before);
    }
}

#[test]
fn a_trimmed_list_is_as_a_row_that_was_cut() {
    let whole = all(&of(300));
    for start in (0..320).step_by(9) {
        for end in (0..320).step_by(7) {
            let mut chunks = of(300);
            chunks.trim(&(start..end));
            chunks.assert_counters();
            let end = end.min(whole.len());
            let expected = whole.get(start..end).unwrap_or_default();
            assert!(all(&chunks) == expected, "{start}..{end}");
        }
    }
}

#[test]
fn a_chunk_has_few_elements_however_small_and_hardly_more_bytes_than_they_have() {
    for text in [&b"7"[..], b"12345678x"] {
        let mut chunks = Chunks::default();
        for number in 0..5_000 {
            let end = [End::Front, End::Back][number % 2];
            chunks.push(end, text);
            chunks.insert(number / 2, text);
        }
        chunks.assert_counters();
        let mut pushed = Chunks::default();
        (0..10_000).for_each(|_| pushed.push(End::Back, text));
        pushed.assert_counters();
        let bytes: usize = pushed.deque.iter().map(|chunk| chunk.bytes.len()).sum();
        let most = bytes + bytes / 6 + 3 * 32 * 10_000 / CHUNK_LEN as usize;
        assert!(pushed.heap_bytes() < most, "{}", pushed.heap_bytes());
    }
}
