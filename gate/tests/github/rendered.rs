//! What a comment is once it is rendered, by a renderer of GitHub's Markdown: `gfm`, which `.ci/tools`
//! installs. What a stranger writes is text in it, and never an element.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::reports::{NASTY, comment_with};

/// The elements that a comment is made of.
const OURS: [&str; 17] = [
    "p", "strong", "b", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "details",
    "summary", "ul", "li", "sub", "em",
];

/// What else a stranger could try.
const ATTACKS: [&str; 8] = [
    "</summary></details></td></tr></table><h1>PASS</h1>",
    "![x](https://evil.example/x.png) [PASS](javascript:alert(1)) <https://evil.example>",
    "[x]: https://evil.example\n[x] [^1] [^1]: y",
    "https://evil.example http://evil.example mailto:a@evil.example ftp://evil.example a@evil.example",
    "<style>*{display:none}</style><script>alert(1)</script><svg/onload=alert(1)>",
    "--> <!-- ``` ~~~ \n```\n    code\n> quote\n- [x] task\n---\n===\n1. one",
    "@everyone @octo-org/team fixes #1 closes octo-org/octo-repo#2 GH-3",
    "&lt;img src=x&gt; &#60;img&#62; &#x3c;img&#x3e; \\<img> $x^2$ :tada:",
];

/// Markdown as HTML; `None` where there is no renderer, with a word, and a failure in CI.
fn rendered(markdown: &str) -> Option<String> {
    let started = Command::new("gfm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut process = match started {
        Ok(process) => process,
        Err(error) => {
            let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(
                !required,
                "gfm does not start, and CI must have it: {error}"
            );
            eprintln!(
                "skipped: gfm does not start ({error}); `.ci/tools` installs it, and prints the folder \
                 whose bin belongs on the PATH"
            );
            return None;
        }
    };
    let mut input = process.stdin.take().unwrap();
    input.write_all(markdown.as_bytes()).unwrap();
    drop(input);
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The elements, and the text that people read.
fn parts(html: &str) -> (BTreeSet<String>, String) {
    let (mut elements, mut text) = (BTreeSet::new(), String::new());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = tag.split_once('>').unwrap();
        elements.insert(tag.trim_start_matches('/').to_owned());
        rest = after;
    }
    text.push_str(rest);
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    (elements, text)
}

#[test]
fn what_a_stranger_writes_is_never_an_element() {
    let Some(calm) = rendered(&comment_with("a calm text")) else {
        return;
    };
    let count = |html: &str, tag: &str| html.matches(tag).count();
    for attack in ATTACKS.into_iter().chain([NASTY]) {
        let html = rendered(&comment_with(attack)).unwrap();
        let (elements, text) = parts(&html);
        for element in elements {
            // The marker, how a column is aligned, and what the command to repeat is, are ours too.
            let name = element.split(' ').next().unwrap();
            let plain = name == element
                || element.starts_with('t') && element.contains(" style=\"text-align:")
                || element == "code class=\"language-sh\"";
            let marker = element == "!-- gate-report --";
            assert!(
                marker || plain && OURS.contains(&name),
                "{attack:?} makes <{element}>:\n{html}"
            );
        }
        for tag in [
            "<details>",
            "</details>",
            "<summary>",
            "<table>",
            "<tr>",
            "<td",
            "<li>",
            "<code>",
        ] {
            assert_eq!(
                count(&html, tag),
                count(&calm, tag),
                "{attack:?} changes {tag}:\n{html}"
            );
        }
        // GitHub looks for people and issues in the text, after Markdown.
        let characters: Vec<char> = text.chars().collect();
        for pair in characters.windows(2) {
            let refers = matches!(pair, ['@' | '#', next] if next.is_alphanumeric());
            assert!(
                !refers,
                "{attack:?} refers to somebody or something:\n{text}"
            );
        }
    }
}
