//! What the fake GitHub answers.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};

use crate::fake::{Answer, Seen, TOKEN, World};

fn not_found() -> Answer {
    Answer::json(404, &json!({"message": "Not Found"}))
}

/// The archive store: another host, where a token must never arrive.
pub(crate) fn serve_archive(world: &mut World, seen: &Seen) -> Answer {
    assert!(
        !seen.headers.contains_key("authorization"),
        "the store was shown the token"
    );
    let id: u64 = seen.path.trim_start_matches("/archive/").parse().unwrap();
    let body = world.archives.get(&id).cloned().unwrap();
    Answer {
        status: 200,
        headers: Vec::new(),
        body,
    }
}

pub(crate) fn answer(world: &mut World, seen: &Seen) -> Answer {
    if seen
        .headers
        .get("authorization")
        .is_none_or(|value| *value != format!("Bearer {TOKEN}"))
    {
        return Answer::json(401, &json!({"message": "Bad credentials"}));
    }
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    let query: HashMap<&str, &str> = query.split('&').filter_map(|q| q.split_once('=')).collect();
    let Some(rest) = path.strip_prefix(&format!("/repos/{}/", world.repository)) else {
        return not_found();
    };
    let words: Vec<&str> = rest.split('/').collect();
    match seen.method.as_str() {
        "GET" => read(world, &words, &query, seen),
        method => write(world, method, &words, seen),
    }
}

fn read(world: &World, words: &[&str], query: &HashMap<&str, &str>, seen: &Seen) -> Answer {
    let is_raw = seen
        .headers
        .get("accept")
        .is_some_and(|form| form.contains(".raw+json"));
    match words {
        ["issues", _, "comments"] => paged(&world.comments, query, |page| page),
        ["pulls"] => {
            let head = decoded(query["head"]);
            let (owner, branch) = head.split_once(':').unwrap();
            let found: Vec<Value> = world
                .pulls
                .iter()
                .filter(|pull| pull["state"] == query["state"] && pull["head"]["ref"] == branch)
                .filter(|pull| {
                    let name = pull["head"]["repo"]["full_name"].as_str();
                    name.is_some_and(|name| name.starts_with(&format!("{owner}/")))
                })
                .cloned()
                .collect();
            paged(&found, query, |page| page)
        }
        ["pulls", number] => {
            let number: u64 = number.parse().unwrap();
            let pull = world.pulls.iter().find(|pull| pull["number"] == number);
            pull.map_or_else(not_found, |pull| Answer::json(200, pull))
        }
        ["actions", "runs", _, "artifacts"] => {
            let all = world.artifacts.len();
            paged(
                &world.artifacts,
                query,
                |page| json!({"total_count": all, "artifacts": page}),
            )
        }
        ["actions", "artifacts", id, "zip"] => {
            Answer::text(302, "").with("location", &format!("{}/archive/{id}", world.store))
        }
        ["contents", path @ ..] => {
            let key = (query["ref"].to_owned(), path.join("/"));
            match world.files.get(&key) {
                Some(text) if is_raw => Answer::text(200, text),
                Some(_) => Answer::json(200, &json!({"type": "file", "content": "aWYg"})),
                None => folder(world, &key),
            }
        }
        ["compare", _] => {
            let comparison = json!({"merge_base_commit": {"sha": world.merge_base}});
            Answer::json(200, &comparison)
        }
        _ => not_found(),
    }
}

/// What is in a folder, by commit and path.
fn folder(world: &World, (commit, path): &(String, String)) -> Answer {
    let entry = |((of, file), text): (&(String, String), &String)| {
        let name = file.strip_prefix(path)?.strip_prefix('/')?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let sha = format!("{:040x}", hasher.finish());
        let entry = json!({"name": name, "path": file, "sha": sha, "type": "file"});
        (of == commit).then_some(entry)
    };
    let entries: Vec<Value> = world.files.iter().filter_map(entry).collect();
    if entries.is_empty() {
        return not_found();
    }
    Answer::json(200, &Value::from(entries))
}

fn write(world: &mut World, method: &str, words: &[&str], seen: &Seen) -> Answer {
    match (method, words) {
        ("POST", ["issues", _, "comments"]) => {
            let body = body_of(seen);
            if body.chars().count() > 65_536 {
                let error = json!({"message": "Validation Failed",
                    "errors": [{"message": "body is too long (maximum is 65536 characters)"}]});
                return Answer::json(422, &error);
            }
            let writer = world.writer.clone();
            world.comment(&writer, &body);
            Answer::json(201, world.comments.last().unwrap())
        }
        (method @ ("PATCH" | "DELETE"), ["issues", "comments", id]) => {
            let id: u64 = id.parse().unwrap();
            let Some(index) = world
                .comments
                .iter()
                .position(|comment| comment["id"] == id)
            else {
                return not_found();
            };
            if method == "DELETE" {
                world.comments.remove(index);
                return Answer::text(204, "");
            }
            world.comments[index]["body"] = Value::from(body_of(seen));
            Answer::json(200, &world.comments[index])
        }
        ("POST", ["check-runs"]) => {
            let mut check: Value = serde_json::from_str(&seen.body).unwrap();
            check["id"] = Value::from(77);
            check["html_url"] = Value::from("https://github.com/octo-org/octo-repo/runs/77");
            world.checks.push(check.clone());
            Answer::json(201, &check)
        }
        ("PATCH", ["check-runs", "77"]) => {
            let more: Value = serde_json::from_str(&seen.body).unwrap();
            let added = more["output"]["annotations"].as_array().unwrap().clone();
            assert!(added.len() <= 50);
            let check = world.checks.last_mut().unwrap();
            check["output"]["annotations"]
                .as_array_mut()
                .unwrap()
                .extend(added);
            Answer::json(200, &world.checks[0])
        }
        _ => not_found(),
    }
}

/// Percent signs undone.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

fn body_of(seen: &Seen) -> String {
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    body["body"].as_str().unwrap().to_owned()
}

fn paged(all: &[Value], query: &HashMap<&str, &str>, wrap: impl Fn(Value) -> Value) -> Answer {
    let number = |name: &str| {
        query
            .get(name)
            .map_or(1, |text| text.parse::<usize>().unwrap())
    };
    let (len, page) = (number("per_page"), number("page"));
    assert!(len <= 100, "GitHub gives a hundred a page at most");
    let items: Vec<Value> = all
        .iter()
        .skip(len * (page - 1))
        .take(len)
        .cloned()
        .collect();
    let answer = Answer::json(200, &wrap(Value::from(items)));
    if all.len() > len * page {
        // On purpose an address elsewhere: only its number may be believed.
        let next = page + 1;
        return answer.with(
            "link",
            &format!("<https://elsewhere.example/x?page={next}>; rel=\"next\""),
        );
    }
    answer
}
